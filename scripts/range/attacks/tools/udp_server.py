"""A rented server that answers datagrams: udp_server.py ADDRESS PORT SEED. Prints `ready`, then `got OCTETS` for each."""
import random
import socket
import sys

address, port, seed = sys.argv[1:]
chance = random.Random(int(seed))
ANSWER = chance.randint(8, 200)
TASK_RATIO = chance.choice([0, 0.05, 0.1])
listening = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
listening.bind((address, int(port)))
print('ready', flush=True)
while True:
    message, peer = listening.recvfrom(65_535)
    print('got', len(message), flush=True)
    for _ in range(chance.randint(3, 12) if chance.random() < TASK_RATIO else 1):
        listening.sendto(chance.randbytes(ANSWER), peer)
