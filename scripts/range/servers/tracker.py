"""A BitTorrent tracker over HTTP (BEP 3, compact peers as in BEP 23). Beside who announced itself it names the swarm's regular
members from the command line, `address:port`; many of those left without saying so, as in real swarms."""
import random
import socket
import struct
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote_to_bytes, urlsplit

PEERS_MAX = 60
MEMBERS = [tuple(each.rsplit(':', 1)) for each in sys.argv[3:]]
seen = {}


def compact(address, port):
    return socket.inet_aton(address) + struct.pack('>H', int(port))


class Tracker(BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_GET(self):
        pairs = [each.partition('=') for each in urlsplit(self.path).query.split('&')]
        given = {name: unquote_to_bytes(value) for name, _, value in pairs}
        port = int(given.get('port', b'0') or 0)
        if port and len(seen) < 1000:
            seen[(self.client_address[0], port)] = time.time()
        current = [each for each, when in seen.items() if time.time() - when < 900]
        peers = b''.join(compact(*each) for each in random.sample(MEMBERS, min(len(MEMBERS), PEERS_MAX - 20)) + current[:20])
        body = b'd8:intervali90e12:min intervali60e5:peers' + str(len(peers)).encode() + b':' + peers + b'e'
        self.send_response(200)
        self.send_header('content-length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)


ThreadingHTTPServer((sys.argv[1], int(sys.argv[2])), Tracker).serve_forever()
