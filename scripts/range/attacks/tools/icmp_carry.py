"""Carries data in ICMP echo requests: icmp_carry.py ADDRESS SEED OCTETS PERIOD_S JITTER SECONDS. Prints `got OCTETS` for each reply."""
import random
import socket
import struct
import sys
import time

address, seed, octets, period, jitter, seconds = sys.argv[1:]
chance = random.Random(int(seed))
raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
raw.settimeout(1)
raw.connect((address, 0))
identifier = chance.randint(1, 65_535)
end = time.monotonic() + float(seconds)


def checksum(message):
    total = sum(struct.unpack(f'!{len(message) // 2}H', message))
    total = (total & 0xFFFF) + (total >> 16)
    return ~((total & 0xFFFF) + (total >> 16)) & 0xFFFF


sequence = 0
while time.monotonic() < end:
    # An empty check-in now and then, data otherwise.
    length = 16 if chance.random() < 0.3 else 2 * (chance.randint(int(octets) // 2, int(octets)) // 2)
    sequence = (sequence + 1) & 0xFFFF
    body = chance.randbytes(length)
    head = struct.pack('!BBHHH', 8, 0, 0, identifier, sequence)
    raw.send(head[:2] + struct.pack('!H', checksum(head + body)) + head[4:] + body)
    try:
        print('got', len(raw.recv(65_535)) - 28, flush=True)
    except OSError:
        print('lost', flush=True)
    time.sleep(float(period) * (1 + float(jitter) * chance.uniform(-1, 1)))
