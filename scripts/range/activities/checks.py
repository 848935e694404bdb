"""Connects to every `address:port` of the command line, one after the other, every PERIOD seconds:
what a monitor's TCP checks do."""
import socket
import sys
import time

period = float(sys.argv[1])
targets = [tuple(each.rsplit(':', 1)) for each in sys.argv[2:]]
while True:
    began = time.monotonic()
    for address, port in targets:
        try:
            with socket.create_connection((address, int(port)), timeout=2) as connection:
                if port in ('22', '25', '143', '587'):
                    connection.settimeout(2)
                    connection.recv(200)
        except OSError:
            pass
        time.sleep(0.05)
    time.sleep(max(0, began + period - time.monotonic()))
