"""An attacker's name server, authoritative for everything it is asked: dns_server.py ADDRESS SEED TXT_OCTETS_MAX.

Prints `ready`, then `got OCTETS` for each question, counting the name. TXT answers carry up to TXT_OCTETS_MAX random octets as text, A
answers a made-up address, others nothing. Every answer has a time to live of zero, so that no resolver on the way keeps it.
"""
import base64
import random
import socket
import struct
import sys

address, seed, txt_max = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
chance = random.Random(seed)


def question_of(message):
    position = 12
    while message[position] != 0:
        position += message[position] + 1
    return position + 5, struct.unpack('!H', message[position + 1:position + 3])[0]


def answer(message):
    end, kind = question_of(message)
    if kind == 1:
        data = bytes([198, 18, chance.randint(1, 254), chance.randint(1, 254)])
    elif kind == 16:
        text = base64.b64encode(chance.randbytes(chance.randint(8, txt_max)))
        parts = [text[at:at + 255] for at in range(0, len(text), 255)]
        data = b''.join(bytes([len(part)]) + part for part in parts)
    else:
        return message[:2] + b'\x85\x80' + message[4:6] + bytes(6) + message[12:end]
    record = struct.pack('!HHHIH', 0xC00C, kind, 1, 0, len(data)) + data
    return message[:2] + b'\x85\x80' + message[4:6] + b'\x00\x01' + bytes(4) + message[12:end] + record


listening = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
listening.bind((address, 53))
print('ready', flush=True)
while True:
    message, peer = listening.recvfrom(4_096)
    try:
        listening.sendto(answer(message), peer)
        print('got', question_of(message)[0] - 17, flush=True)
    except (IndexError, struct.error):
        pass  # not a question
