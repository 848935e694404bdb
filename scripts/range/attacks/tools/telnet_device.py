"""A device with a telnet login: telnet_device.py ADDRESS PORT SEED. Prints `ready`, then `got 1` for each guess; takes one in twelve."""
import random
import socketserver
import sys

address, port, seed = sys.argv[1:]
chance = random.Random(int(seed))


class Handler(socketserver.StreamRequestHandler):
    timeout = 30

    def handle(self):
        try:
            for _ in range(3):
                self.wfile.write(b'\r\ndvr login: ')
                if not self.rfile.readline(256):
                    return
                self.wfile.write(b'Password: ')
                if not self.rfile.readline(256):
                    return
                print('got 1', flush=True)
                if chance.random() < 1 / 12:
                    self.wfile.write(b'\r\nBusyBox v1.19.4 built-in shell (ash)\r\n# ')
                    while self.rfile.readline(1_024):
                        self.wfile.write(b'\r\n' + bytes(chance.choices(b'abcdefgh \n', k=chance.randint(20, 600))) + b'\r\n# ')
                    return
                self.wfile.write(b'\r\nLogin incorrect\r\n')
        except OSError:
            pass  # connections that break off belong to the traffic


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 64


server = Server((address, int(port)), Handler)
print('ready', flush=True)
server.serve_forever()
