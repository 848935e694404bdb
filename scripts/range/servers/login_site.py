"""The login page and the query pages of `www`, behind nginx: answers as a small shop's back end does.

POST /login     200 with a form that says no, 302 with a cookie for the one account there is
GET  /account   401 without the cookie
GET  /search?q= a page whose length depends on the question; a quote that is not closed makes it fail with 500
GET  /item?id=  a page for whole numbers up to 5000, else 404; words that are no number make it fail with 500
"""
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

ACCOUNT = ('customer', sys.argv[2])
BODY_OCTETS_MAX = 1 << 20


class Shop(BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'
    timeout = 15

    def log_message(self, *_):
        pass

    def answer(self, status, text, headers=()):
        body = ('<!doctype html><title>shop</title>' + text).encode()
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header('content-type', 'text/html')
        self.send_header('content-length', str(len(body)))
        self.end_headers()
        if self.command != 'HEAD':
            self.wfile.write(body)

    def do_HEAD(self):
        self.do_GET()

    def do_GET(self):
        parts = urlsplit(self.path)
        query = parse_qs(parts.query, errors='replace')
        if parts.path == '/login':
            self.answer(200, '<form method=post><input name=user><input name=password type=password></form>' + ' ' * 900)
        elif parts.path == '/account':
            allowed = 'session=open' in (self.headers.get('cookie') or '')
            self.answer(200 if allowed else 401, 'orders ' * 300 if allowed else 'log in first')
        elif parts.path == '/search':
            words = query.get('q', [''])[0]
            time.sleep(0.004)
            if words.count("'") % 2:
                self.answer(500, 'near "\'": syntax error')
            else:
                self.answer(200, '<li>result</li>' * (7 * len(words) % 400))
        elif parts.path == '/item':
            number = query.get('id', [''])[0]
            if number.isdecimal():
                self.answer(200 if int(number) <= 5000 else 404, 'item ' * (int(number) % 700))
            else:
                self.answer(500, 'no such column')
        else:
            self.answer(404, 'nothing here')

    def do_POST(self):
        length = min(int(self.headers.get('content-length') or 0), BODY_OCTETS_MAX)
        form = parse_qs(self.rfile.read(length).decode(errors='replace'))
        if urlsplit(self.path).path != '/login':
            self.answer(404, 'nothing here')
            return
        given = (form.get('user', [''])[0], form.get('password', [''])[0])
        if given == ACCOUNT:
            self.answer(302, '', [('location', '/account'), ('set-cookie', 'session=open; Path=/')])
        else:
            time.sleep(0.01)
            self.answer(200, '<p>User name or password is wrong.</p>' + ' ' * 1100)


ThreadingHTTPServer.request_queue_size = 128
ThreadingHTTPServer(('127.0.0.1', int(sys.argv[1])), Shop).serve_forever()
