"""One end of a call or a game over UDP, in real time: `udp_talk.py call|game ADDRESS PORT SECONDS SEED [SOURCE_PORT]`.

call   RTP (RFC 3550) with 20 ms of speech a packet, 160 octets of G.711, silence suppressed now and then; RTCP every five seconds
game   inputs of 24 to 70 octets, 30 to 60 a second
"""
import os
import random
import socket
import struct
import sys
import time

kind, address, port, seconds = sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4])
chance = random.Random(int(sys.argv[5]))
talk = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
control = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for each in (talk, control):
    each.setblocking(False)


def drain(sock):
    try:
        while True:
            sock.recv(2048)
    except OSError:
        return


def rtp(number):
    return struct.pack('>BBHII', 0x80, 0, number & 0xffff, (number * 160) & 0xffffffff, 0x1234) + os.urandom(160)


def report(number):
    return struct.pack('>BBHIIIIII', 0x80, 200, 6, 0x1234, number, number, number, number, number * 160)


def send(sock, data, to):
    try:
        sock.sendto(data, to)
    except OSError:
        pass


step = 0.02 if kind == 'call' else 1 / chance.randint(30, 60)
start = time.monotonic()
number = 0
quiet_until = 0
while time.monotonic() - start < seconds:
    drain(talk)
    drain(control)
    if kind == 'game':
        send(talk, os.urandom(chance.randint(24, 70)), (address, port))
    elif number >= quiet_until:
        send(talk, rtp(number), (address, port))
        if chance.random() < 0.004:
            quiet_until = number + chance.randint(20, 150)
    if kind == 'call' and number % 250 == 0:
        send(control, report(number), (address, port + 1))
    number += 1
    time.sleep(max(0, start + number * step - time.monotonic()))
