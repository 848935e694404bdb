// A program: the two ends of some traffic.
//   node send-traffic.mjs serve PORT                      TCP and UDP echo on all addresses; says "ready"
//   node send-traffic.mjs send ADDRESS PORT               TCP both ways, UDP both ways, a refused connection, an unreachable port
//   node send-traffic.mjs mark ADDRESS PORT               one datagram
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import process from 'node:process'

const UPLOAD = 300_000
const DATAGRAMS = 20
const [verb, ...words] = process.argv.slice(2)

if (verb === 'serve') await serve(Number(words[0]))
else if (verb === 'send') await send(words[0], Number(words[1]))
else await mark(words[0], Number(words[1]))

async function serve(port) {
  const tcp = createServer((socket) => socket.on('error', () => {}).pipe(socket)).listen(port, '::')
  const udp = createSocket('udp6').bind(port, '::')
  udp.on('message', (bytes, from) => udp.send(bytes, from.port, from.address))
  const marks = createSocket('udp6').bind(port + 1, '::')
  await Promise.all([once(tcp, 'listening'), once(udp, 'listening'), once(marks, 'listening')])
  console.log('ready')
}

async function send(address, port) {
  const socket = connect(port, address)
  let echoed = 0
  socket.on('data', (bytes) => { echoed += bytes.length })
  socket.end(Buffer.alloc(UPLOAD, 7))
  await once(socket, 'close')
  if (echoed !== UPLOAD) throw new Error(`${echoed} octets came back`)

  const udp = createSocket(address.includes(':') ? 'udp6' : 'udp4')
  for (let i = 0; i < DATAGRAMS; i++) {
    udp.send(Buffer.alloc(1 + i * 60, i), port, address)
    await once(udp, 'message')
  }
  udp.close()

  const refused = connect(port + 2, address)
  await once(refused, 'error')
  const unreachable = createSocket(address.includes(':') ? 'udp6' : 'udp4')
  unreachable.connect(port + 3, address)
  await once(unreachable, 'connect')
  unreachable.send('anyone?')
  await once(unreachable, 'error')
  unreachable.close()
}

async function mark(address, port) {
  const udp = createSocket(address.includes(':') ? 'udp6' : 'udp4')
  await new Promise((resolve) => { udp.send('the end', port, address, resolve) })
  udp.close()
}
