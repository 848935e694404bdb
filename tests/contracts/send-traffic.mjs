// A program: the two ends of some traffic.
//   node send-traffic.mjs serve PORT                      TCP and UDP echo on all addresses; says "ready"
//   node send-traffic.mjs send ADDRESS PORT               TCP both ways, UDP both ways, a refused connection, an unreachable port
//   node send-traffic.mjs tagged INTERFACE VLAN SOURCE DESTINATION   ten datagrams with a VLAN tag, which nobody answers
//   node send-traffic.mjs mark ADDRESS PORT               one datagram
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { connect, createServer } from 'node:net'
import process from 'node:process'

const UPLOAD = 300_000
const DATAGRAMS = 20
const [verb, ...words] = process.argv.slice(2)

if (verb === 'serve') await serve(Number(words[0]))
else if (verb === 'send') await send(words[0], Number(words[1]))
else if (verb === 'tagged') sendTagged()
else await mark(words[0], Number(words[1]))

async function serve(port) {
  const tcp = createServer((socket) => socket.on('error', () => {}).pipe(socket)).listen(port, '::')
  const udp = createSocket('udp6').bind(port, '::')
  udp.on('message', (bytes, from) => udp.send(bytes, from.port, from.address))
  const marks = createSocket('udp6').bind(port + 1, '::')
  await Promise.all([once(tcp, 'listening'), once(udp, 'listening'), once(marks, 'listening')])
  process.stdout.write('ready\n')
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

/** Frame by frame, because not every kernel has VLAN devices: with the binding of the package, as any program with libpcap can. */
function sendTagged() {
  const { PcapSession } = createRequire(import.meta.url)('pcap/build/Release/pcap_binding')
  const [name, vlan, source, destination] = words
  const session = new PcapSession()
  session.open_live(name, '', 1 << 20, 256, '', () => {}, false, 1, () => {}, false)
  for (let i = 0; i < 10; i++) session.inject(taggedFrame(Number(vlan), { source, destination, octets: 100 + i * 100 }))
}

function taggedFrame(vlan, { source, destination, octets }) {
  const frame = Buffer.alloc(18 + octets)
  frame.fill(0xff, 0, 6)
  frame.writeUIntBE(0x02_00_00_00_00_01, 6, 6)
  frame.writeUInt16BE(0x8100, 12)
  frame.writeUInt16BE(vlan, 14)
  frame.writeUInt16BE(0x0800, 16)
  const ip = frame.subarray(18)
  ip[0] = 0x45
  ip.writeUInt16BE(octets, 2)
  ip[8] = 64
  ip[9] = 17
  ip.set(source.split('.').map(Number), 12)
  ip.set(destination.split('.').map(Number), 16)
  ip.writeUInt16BE(5_000, 20)
  ip.writeUInt16BE(6_000, 22)
  ip.writeUInt16BE(octets - 20, 24)
  return frame
}

async function mark(address, port) {
  const udp = createSocket(address.includes(':') ? 'udp6' : 'udp4')
  await new Promise((resolve) => { udp.send('the end', port, address, resolve) })
  udp.close()
}
