// A TCP program to run inside a namespace, with what every machine has that runs the tests.
//   listen PORT                     echoes; says "ready" once
//   talk HOST PORT SOURCE           sends a line every 20 ms and says "echo" for each that comes back
//   try HOST PORT SOURCE            one connection: exit 0 when it stood within a second, else 1
import { connect, createServer } from 'node:net'
import process from 'node:process'

const [verb, ...words] = process.argv.slice(2)

if (verb === 'listen') {
  const server = createServer((socket) => {
    socket.on('error', () => {})
    socket.pipe(socket)
  })
  server.listen(Number(words[0]), '::', () => process.stdout.write('ready\n'))
}
if (verb === 'talk') {
  const socket = open()
  socket.on('data', () => process.stdout.write('echo\n'))
  socket.on('connect', () => setInterval(() => socket.write('.'), 20))
}
if (verb === 'try') {
  setTimeout(() => process.exit(1), 1_000)
  open().on('connect', () => process.exit(0))
}

function open() {
  const [host, port, localAddress] = words
  const socket = connect({ host, port: Number(port), localAddress })
  return socket.on('error', () => process.exit(1))
}
