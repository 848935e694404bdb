"""A rented server that talks over plain connections or over TLS.

stream_server.py MANNER ADDRESS PORT SEED [CERT KEY]    prints `ready`, then `got OCTETS` for what arrived

MANNER  echo   answers every message with a short one, now and then with a task
        sink   swallows everything and answers at the end
        shell  an operator who types commands in bursts into whatever shell connects
        pool   a mining pool: JSON lines, a new job every 10 to 30 s
"""
import json
import random
import socket
import socketserver
import ssl
import sys
import threading
import time

manner, address, port, seed, *tls = sys.argv[1:]
chance = random.Random(int(seed))
ANSWER = chance.randint(8, 300)
TASK_RATIO = chance.choice([0, 0.05, 0.1])
# Nothing that would show what is on the machine that plays this.
COMMANDS = ['uname -s', 'seq 1 {n}', 'ls /usr/share/common-licenses', 'head -n {n} /etc/services', 'head -c {n}0 /usr/share/dict/words',
            'echo done', 'seq {n} | sort -R', 'sleep 1; echo awake', 'head -n {n} /usr/share/common-licenses/GPL-3']


def text(length):
    return bytes(chance.choices(b'abcdefghijklmnopqrstuvwxyz0123456789', k=length - 1)) + b'\n'


def got(octets):
    print('got', octets, flush=True)


def echo(peer):
    while part := peer.recv(65_536):
        got(len(part))
        peer.sendall(text(chance.randint(2_000, 30_000) if chance.random() < TASK_RATIO else ANSWER))


def sink(peer):
    total = 0
    while part := peer.recv(262_144):
        total += len(part)
    got(total)


def shell(peer):
    def listen():
        try:
            while part := peer.recv(65_536):
                got(len(part))
        except OSError:
            pass
    threading.Thread(target=listen, daemon=True).start()
    pause = chance.uniform(8, 25)
    while True:
        for _ in range(chance.randint(1, 6)):
            command = chance.choice(COMMANDS).format(n=chance.randint(5, 400)) + '\n'
            if chance.random() < 0.5:
                peer.sendall(command.encode())
            else:
                for letter in command:
                    peer.sendall(letter.encode())
                    time.sleep(chance.uniform(0.05, 0.25))
            time.sleep(chance.uniform(0.6, 4))
        time.sleep(pause * chance.uniform(0.5, 1.5))


def pool(peer):
    lock = threading.Lock()

    def say(message):
        with lock:
            peer.sendall(json.dumps(message).encode() + b'\n')

    def jobs():
        number = 0
        try:
            while True:
                time.sleep(chance.uniform(10, 30))
                number += 1
                say({'jsonrpc': '2.0', 'method': 'job', 'params': {'blob': chance.randbytes(76).hex(), 'job_id': f'{number}', 'target': 'b88d0600'}})
        except OSError:
            pass

    threading.Thread(target=jobs, daemon=True).start()
    for line in peer.makefile('rb'):
        got(len(line))
        asked = json.loads(line)
        job = {'blob': chance.randbytes(76).hex(), 'job_id': '0', 'target': 'b88d0600', 'height': 3_000_000, 'seed_hash': chance.randbytes(32).hex()}
        is_login = asked['method'] == 'login'
        say({'id': asked['id'], 'jsonrpc': '2.0', 'error': None, 'result': {'id': 'a1', 'job': job, 'status': 'OK'} if is_login else {'status': 'OK'}})


class Handler(socketserver.BaseRequestHandler):
    def handle(self):
        peer = self.request
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            if tls:
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                context.load_cert_chain(*tls)
                peer = context.wrap_socket(peer, server_side=True)
            {'echo': echo, 'sink': sink, 'shell': shell, 'pool': pool}[manner](peer)
        except OSError:
            pass  # connections that break off belong to the traffic


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 64


server = Server((address, int(port)), Handler)
print('ready', flush=True)
server.serve_forever()
