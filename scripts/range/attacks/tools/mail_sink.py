"""A mail server that takes everything: mail_sink.py ADDRESS PORT. Prints `ready`, then `got OCTETS` for each message."""
import socketserver
import sys


class Handler(socketserver.StreamRequestHandler):
    def say(self, text):
        self.wfile.write(text.encode() + b'\r\n')

    def handle(self):
        try:
            self.say('220 mx.example ESMTP')
            while line := self.rfile.readline(65_536):
                word = line.split()[0].upper() if line.split() else b''
                if word == b'QUIT':
                    self.say('221 bye')
                    return
                self.obey(word)
        except OSError:
            pass  # clients that break off belong to the traffic

    def obey(self, word):
        if word == b'EHLO':
            self.say('250-mx.example\r\n250-8BITMIME\r\n250 SIZE 104857600')
        elif word == b'DATA':
            self.say('354 go on')
            total = 0
            while (line := self.rfile.readline(65_536)) and line.rstrip(b'\r\n') != b'.':
                total += len(line)
            print('got', total, flush=True)
            self.say('250 taken')
        else:
            self.say('250 ok')


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 64


server = Server((sys.argv[1], int(sys.argv[2])), Handler)
print('ready', flush=True)
server.serve_forever()
