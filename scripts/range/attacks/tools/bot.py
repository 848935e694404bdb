"""Bots written in Python: bot.py MANNER SEED SECONDS RATE WORD...    prints `sent` for everything it did

MANNER  telnet   WORDs are ADDRESS:PORT; knocks at RATE a second, guesses where somebody answers
        smb      WORDs are ADDRESS:PORT; knocks at RATE a second, says a first SMB message where somebody answers
        dga      WORDs are RESOLVER SERVER PORT; bursts of questions for made-up names, then a check-in with the server
        spam     WORDs are ADDRESS; a message to the mail server there, RATE a second
        miner    WORDs are ADDRESS PORT; a share about every 1/RATE s
"""
import json
import os
import random
import selectors
import smtplib
import socket
import struct
import sys
import time

manner, seed, seconds, rate, *words = sys.argv[1:]
chance = random.Random(int(seed))
rate = float(rate)
end = time.monotonic() + float(seconds)
PAIRS = [b'root:xc3511', b'admin:admin', b'root:vizxv', b'support:support', b'root:default']
SMB_HELLO = bytes.fromhex('00000054ff534d4272000000001801280000000000000000000000000000002f4b0000c55e003100024c414e4d414e312e3000'
                          '024c4d312e325830303200024e54204c414e4d414e20312e3000024e54204c4d20302e313200')


def converse(peer, said, state):
    """One step of a conversation with whoever answered; None ends it."""
    if manner == 'smb':
        return None if state else SMB_HELLO
    if b'login' not in said and b'assword' not in said:
        return b''
    pair = PAIRS[min(state // 2, len(PAIRS) - 1)].split(b':')
    return None if state >= 8 else pair[state % 2] + b'\r\n'


def knock():
    selector = selectors.DefaultSelector()
    open_until = {}
    due = time.monotonic()
    while time.monotonic() < end:
        while due <= time.monotonic() and len(open_until) < 400:
            address, port = words[chance.randrange(len(words))].split(':')
            peer = socket.socket()
            peer.setblocking(False)
            peer.connect_ex((address, int(port)))
            # Those who listen first are waited for, the others are spoken to.
            selector.register(peer, selectors.EVENT_WRITE if manner == 'smb' else selectors.EVENT_READ, [0])
            open_until[peer] = time.monotonic() + chance.uniform(2, 6)
            print('sent', flush=True)
            due += chance.expovariate(rate)
        for key, _ in selector.select(0.02):
            advance(selector, key, open_until)
        for peer in [each for each, until in open_until.items() if until < time.monotonic()]:
            close(selector, peer, open_until)


def advance(selector, key, open_until):
    peer, state = key.fileobj, key.data
    try:
        said = b'' if manner == 'smb' and state[0] == 0 else peer.recv(4_096)
        if not said and not (manner == 'smb' and state[0] == 0):
            raise OSError
        answer = converse(peer, said, state[0])
        if answer is None:
            raise OSError
        if answer:
            peer.send(answer)
            state[0] += 1
            selector.modify(peer, selectors.EVENT_READ, state)
            open_until[peer] = time.monotonic() + 5
    except OSError:
        close(selector, peer, open_until)


def close(selector, peer, open_until):
    selector.unregister(peer)
    peer.close()
    del open_until[peer]


def dga():
    resolver, server, port = words
    asking = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    asking.settimeout(0.8)
    while time.monotonic() < end:
        for _ in range(chance.randint(15, 90)):
            name = ''.join(chance.choices('abcdefghijklmnopqrstuvwxyz', k=chance.randint(11, 22)))
            wire = b''.join(bytes([len(part)]) + part.encode() for part in [name, chance.choice(['example', 'test', 'invalid'])])
            asking.sendto(struct.pack('!HHHHHH', chance.randint(0, 65_535), 0x0100, 1, 0, 0, 0) + wire + b'\0\0\1\0\1', (resolver, 53))
            try:
                asking.recv(1_024)
                print('sent', flush=True)
            except OSError:
                pass
            time.sleep(chance.expovariate(rate))
        with socket.create_connection((server, int(port)), 10) as peer:
            peer.sendall(f'POST /in HTTP/1.1\r\nHost: {server}\r\nContent-Length: 90\r\nConnection: close\r\n\r\n'.encode() + os.urandom(90))
            while peer.recv(65_536):
                pass
        time.sleep(min(max(0, end - time.monotonic()), chance.uniform(8, 35)))


def spam():
    while time.monotonic() < end:
        body = ''.join(chance.choices('abcdefghij klmnopqr\n', k=chance.randint(600, 9_000)))
        try:
            with smtplib.SMTP(chance.choice(words), 25, f'pc{chance.randint(1, 99)}.example', timeout=8) as mail:
                mail.sendmail(f'win{chance.randint(1, 9_999)}@lucky.example', [f'u{chance.randint(1, 999)}@site{chance.randint(0, 99)}.example'],
                              f'Subject: you won\n\n{body}')
                print('sent', flush=True)
        except OSError:  # smtplib's own errors are of this kind
            pass
        time.sleep(min(max(0, end - time.monotonic()), chance.expovariate(rate)))


def miner():
    with socket.create_connection((words[0], int(words[1])), 10) as pool:
        pool.sendall(json.dumps({'id': 1, 'jsonrpc': '2.0', 'method': 'login', 'params': {'login': os.urandom(47).hex(), 'pass': 'x', 'agent': 'xmr/6'}}).encode() + b'\n')
        number = 1
        while time.monotonic() < end:
            wait = time.monotonic() + chance.expovariate(rate)
            while time.monotonic() < min(wait, end):
                pool.settimeout(max(0.05, min(wait, end) - time.monotonic()))
                try:
                    pool.recv(65_536)
                except TimeoutError:
                    pass
            number += 1
            share = {'id': 'a1', 'job_id': '0', 'nonce': os.urandom(4).hex(), 'result': os.urandom(32).hex()}
            pool.sendall(json.dumps({'id': number, 'jsonrpc': '2.0', 'method': 'submit', 'params': share}).encode() + b'\n')
            print('sent', flush=True)


{'telnet': knock, 'smb': knock, 'dga': dga, 'spam': spam, 'miner': miner}[manner]()
