"""An implant written in Python, one process for its whole life.

beacon.py MANNER URL-OR-ADDRESS PORT    reads a line per beat from its input, prints `got OCTETS` for each answer

MANNER  https    a new TLS connection with urllib for each beat
        udp      one datagram for each beat
        stream   one TCP connection, a message with a length in front for each beat
"""
import os
import socket
import ssl
import sys
import urllib.request

manner, target, port = sys.argv[1:]
trusting = ssl._create_unverified_context()


def https(size):
    request = urllib.request.Request(f'{target}/api/v1/{os.urandom(6).hex()}', data=os.urandom(size), headers={'User-Agent': 'Mozilla/5.0'})
    with urllib.request.urlopen(request, timeout=8, context=trusting) as answer:
        return len(answer.read())


datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
datagrams.settimeout(1.5)


def udp(size):
    datagrams.sendto(os.urandom(size), (target, int(port)))
    return len(datagrams.recv(65_535))


stream_socket = None


def stream(size):
    global stream_socket
    if stream_socket is None:
        stream_socket = socket.create_connection((target, int(port)), 8)
    stream_socket.sendall(size.to_bytes(4, 'big') + os.urandom(size))
    return len(stream_socket.recv(65_535))


beat = {'https': https, 'udp': udp, 'stream': stream}[manner]
for line in sys.stdin:
    try:
        print('got', beat(int(line)), flush=True)
    except OSError as trouble:
        print('lost', trouble, flush=True)
