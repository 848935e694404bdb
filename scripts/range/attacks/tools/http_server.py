"""A rented web server: answers check-ins shortly, now and then with a task, and swallows whatever is uploaded.

http_server.py ADDRESS PORT SEED [CERT KEY]    prints `ready`, then `got OCTETS` for every request
"""
import random
import ssl
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

address, port, seed, *tls = sys.argv[1:]
chance = random.Random(int(seed))
CHECK_IN = chance.randint(16, 900)
TASK_RATIO = chance.choice([0, 0.05, 0.1])


class Handler(BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'
    server_version = 'nginx'
    sys_version = ''
    timeout = 120

    def answer(self, length):
        self.send_response(200)
        self.send_header('Content-Type', 'application/octet-stream')
        self.send_header('Content-Length', str(length))
        self.end_headers()
        self.wfile.write(chance.randbytes(length))

    def do_GET(self):
        print('got', len(self.path), flush=True)
        self.answer(chance.randint(4_000, 90_000) if chance.random() < TASK_RATIO else CHECK_IN)

    def do_POST(self):
        if self.headers.get('Expect', '').lower() == '100-continue':
            pass  # BaseHTTPRequestHandler has answered it already
        if self.headers.get('Transfer-Encoding', '') == 'chunked':
            total = self.swallow_chunks()
        else:
            total = self.swallow(int(self.headers.get('Content-Length', 0)))
        print('got', total, flush=True)
        self.answer(chance.randint(2_000, 40_000) if chance.random() < TASK_RATIO else min(CHECK_IN, 120))

    do_PUT = do_POST

    def swallow(self, length):
        left = length
        while left > 0:
            part = self.rfile.read(min(left, 65_536))
            if not part:
                break
            left -= len(part)
        return length - left

    def swallow_chunks(self):
        total = 0
        while True:
            length = int(self.rfile.readline().split(b';')[0] or b'0', 16)
            total += self.swallow(length)
            self.rfile.readline()
            if length == 0:
                return total

    def log_message(self, *words):
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request, client_address):
        pass  # clients that break off belong to the traffic


server = Server((address, int(port)), Handler)
if tls:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*tls)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
print('ready', flush=True)
server.serve_forever()
