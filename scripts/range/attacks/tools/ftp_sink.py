"""An FTP server that takes everything: ftp_sink.py ADDRESS PORT. Prints `ready`, then `got OCTETS` for each file."""
import socket
import socketserver
import sys

address = sys.argv[1]
PLAIN = {'USER': '331 password', 'PASS': '230 welcome', 'SYST': '215 UNIX Type: L8', 'TYPE': '200 ok', 'CWD': '250 ok', 'PWD': '257 "/"',
         'MKD': '257 made', 'OPTS': '200 ok', 'NOOP': '200 ok', 'ALLO': '200 ok', 'SITE': '200 ok', 'MFMT': '213 ok', 'QUIT': '221 bye'}


class Handler(socketserver.StreamRequestHandler):
    data = None

    def say(self, text):
        self.wfile.write(text.encode() + b'\r\n')

    def handle(self):
        try:
            self.say('220 ready')
            while line := self.rfile.readline(4_096):
                word = line.decode('latin1').split(' ')[0].strip().upper()
                self.obey(word)
                if word == 'QUIT':
                    return
        except OSError:
            pass  # clients that break off belong to the traffic

    def obey(self, word):
        if word in PLAIN:
            self.say(PLAIN[word])
        elif word in ('PASV', 'EPSV'):
            self.listen(word)
        elif word == 'FEAT':
            self.say('211-features\r\n EPSV\r\n211 end')
        elif word == 'STOR':
            self.store()
        elif word in ('LIST', 'NLST', 'MLSD'):
            self.say('150 here')
            self.data.accept()[0].close()
            self.say('226 done')
        else:
            self.say('502 no')

    def listen(self, word):
        self.data = socket.create_server((address, 0))
        self.data.settimeout(30)
        port = self.data.getsockname()[1]
        if word == 'EPSV':
            self.say(f'229 here (|||{port}|)')
        else:
            self.say(f'227 here ({address.replace(".", ",")},{port >> 8},{port & 255})')

    def store(self):
        self.say('150 send')
        connection, _ = self.data.accept()
        total = 0
        while part := connection.recv(262_144):
            total += len(part)
        connection.close()
        self.data.close()
        print('got', total, flush=True)
        self.say('226 stored')


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


server = Server((address, int(sys.argv[2])), Handler)
print('ready', flush=True)
server.serve_forever()
