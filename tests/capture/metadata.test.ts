// Goal: what packets show of their protocol reaches the flow record, and nothing is read where there is nothing.
// Method: conversations made octet by octet through the addon, as EVE and as records.
import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { flowEvent } from '../../agent/telemetry/eve-events.ts'
import type { FlowRecord } from '../../agent/flows/index.ts'
import { ACK, SYN, ethernet, frames, icmp, meter, pcap, tcp, udp } from './make-capture.ts'
import { datagram, vxlan } from './make-tunnels.ts'

const CLIENT = '10.0.0.1'
const SERVER = '192.0.2.9'

test('DNS: questions, answers, what the names are like', async () => {
  const question = (name: string, id: number) => Buffer.concat([
    Buffer.from([0, id, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0]),
    ...name.split('.').map((label) => Buffer.from(`${String.fromCharCode(label.length)}${label}`)),
    Buffer.from([0, 0, 1, 0, 1]),
  ])
  const missing = question('b.example.org', 2)
  missing[2] = 0x81
  missing[3] = 0x83
  const [flow] = await flowsOf(
    udp(`${CLIENT}:5000`, `${SERVER}:53`, question('www.example.org', 1)),
    udp(`${CLIENT}:5000`, `${SERVER}:53`, question('b.example.org', 2)),
    udp(`${SERVER}:53`, `${CLIENT}:5000`, missing),
  )
  expect(flow!.metadata).toMatchObject({
    application: 'dns',
    dns: { queries: 2, responses: 1, nameErrors: 1, nameOctetsMean: 14, nameOctetsMax: 15, labelsMean: 3, queryType: 1, responseCode: 3 },
  })
  expect(flow!.metadata!.dns!.distinctNames).toBeCloseTo(2, 1)
  expect(flow!.metadata!.dns!.nameEntropyMean).toBeCloseTo((entropy('www.example.org') + entropy('b.example.org')) / 2, 4)
})

test('TLS: a ClientHello in two segments, and the ServerHello that answers', async () => {
  const hello = clientHello()
  const connection = { from: `${CLIENT}:5000`, to: `${SERVER}:8443` }
  const [flow] = await flowsOf(
    tcp({ ...connection, flags: SYN, sequence: 99 }),
    tcp({ ...connection, sequence: 100, payload: hello.subarray(0, 70) }),
    tcp({ ...connection, sequence: 170, payload: hello.subarray(70) }),
    tcp({ from: connection.to, to: connection.from, sequence: 1, payload: serverHello() }),
  )
  expect(flow!.metadata).toEqual({
    application: 'tls',
    tls: {
      offeredVersion: 0x0304, chosenVersion: 0x0304, cipherSuite: 0x1302, hasServerName: true, serverNameOctets: 11, alpn: 'http/1.1',
      // FoxIO's JA4.md: two ciphers, five extensions of which SNI and ALPN are not hashed, sorted; then the signature algorithms.
      ja4: `t13d0205h1_${hashed('1301,1302')}_${hashed('000a,000d,002b_0403,0804')}`,
    },
  })
  expect(flowEvent(flow!)).toMatchObject({
    app_proto: 'tls', tls: { version: 'TLS 1.3', ja4: flow!.metadata!.tls!.ja4 }, phantommesh: { tls: { server_name_octets: 11 } },
  })
})

test('hellos of two tunnels that carry the same addresses are not put together', async () => {
  const connection = { from: `${CLIENT}:5000`, to: `${SERVER}:443` }
  const hellos = [clientHello(), clientHello(0x1303)]
  const halves = hellos.map((hello) => [
    tcp({ ...connection, sequence: 100, payload: hello.subarray(0, 70) }),
    tcp({ ...connection, sequence: 170, payload: hello.subarray(70) }),
  ])
  const within = (vni: number, packet: Buffer) => datagram('192.0.2.1:40000', '192.0.2.2:4789', vxlan(vni, ethernet(packet)))
  const flows = await flowsOf(
    within(1, halves[0]![0]!), within(2, halves[1]![0]!), within(1, halves[0]![1]!), within(2, halves[1]![1]!),
  )
  const fingerprints = flows.filter(({ tunnel }) => tunnel !== undefined).map(({ metadata }) => metadata!.tls!.ja4.slice(11, 23))
  expect(fingerprints).toEqual([hashed('1301,1302'), hashed('1302,1303')])
})

test('a hello that the capture cut has no JA4', async () => {
  const packet = tcp({ from: `${CLIENT}:5000`, to: `${SERVER}:443`, payload: clientHello() })
  const { records: [flow] } = await meter(pcap(frames([0, packet]), { snapLength: 120 }))
  expect(flow!.metadata!.tls).toMatchObject({ offeredVersion: expect.any(Number), ja4: '' })
})

test('HTTP: method, target and classes of status', async () => {
  const connection = { from: `${CLIENT}:5000`, to: `${SERVER}:8080` }
  const answer = { from: connection.to, to: connection.from }
  const [flow] = await flowsOf(
    tcp({ ...connection, payload: Buffer.from('POST /form?a=1 HTTP/1.1\r\nHost: x\r\n\r\n') }),
    tcp({ ...answer, payload: Buffer.from('HTTP/1.1 404 Not Found\r\n\r\n') }),
    tcp({ ...connection, payload: Buffer.from('GET / HTTP/1.1\r\n\r\n') }),
    tcp({ ...answer, payload: Buffer.from('HTTP/1.1 200 OK\r\n\r\n') }),
  )
  expect(flow!.metadata).toMatchObject({
    application: 'http', http: { method: 'POST', requests: 2, statusClasses: [0, 1, 0, 1, 0], targetOctetsMax: 9 },
  })
})

test('FTP: logins, and the data connection that the server announced', async () => {
  const control = { from: `${CLIENT}:5000`, to: `${SERVER}:21` }
  const server = { from: control.to, to: control.from }
  const flows = await flowsOf(
    tcp({ ...server, payload: Buffer.from('220 ready\r\n') }),
    tcp({ ...control, payload: Buffer.from('USER x\r\n') }),
    tcp({ ...control, payload: Buffer.from('PASS y\r\n') }),
    tcp({ ...server, payload: Buffer.from('530 no\r\n') }),
    tcp({ ...server, payload: Buffer.from('227 Entering Passive Mode (192,0,2,9,195,80)\r\n') }),
    tcp({ from: `${CLIENT}:5001`, to: `${SERVER}:50000`, flags: SYN }),
  )
  const [ftp, data] = ['ftp', 'ftp-data'].map((name) => flows.find((each) => each.metadata?.application === name)!)
  expect(ftp!.metadata!.login).toEqual({ attempts: 2, failures: 1 })
  expect(data!.metadata!.parentFlowId).toBe(ftp!.flowId)
})

test('WireGuard: asked and not answered; asked and answered', async () => {
  const message = (type: number, octets: number) => Buffer.concat([Buffer.from([type, 0, 0, 0]), Buffer.alloc(octets - 4, 7)])
  const flows = await flowsOf(
    udp(`${CLIENT}:5000`, `${SERVER}:51820`, message(1, 148)),
    udp(`${CLIENT}:5001`, `${SERVER}:51820`, message(1, 148)),
    udp(`${SERVER}:51820`, `${CLIENT}:5001`, message(2, 92)),
  )
  expect(flows.map(({ metadata }) => [metadata?.application, metadata?.vpn?.handshake])).toEqual([
    ['wireguard', 'unanswered'], ['wireguard', 'answered'],
  ])
})

test('ICMP echo: a reply that brings something else back', async () => {
  const echo = (type: number, sequence: number, text: string) => {
    const packet = icmp({ from: type === 8 ? CLIENT : SERVER, to: type === 8 ? SERVER : CLIENT, type, quoted: Buffer.from(text) })
    packet.writeUInt16BE(77, 24)
    packet.writeUInt16BE(sequence, 26)
    return packet
  }
  const [flow] = await flowsOf(echo(8, 1, 'abcdefgh'), echo(0, 1, 'abcdefgh'), echo(8, 2, 'abcdefgh'), echo(0, 2, 'shell$ '))
  expect(flow!.metadata).toEqual({
    application: 'icmp-echo', echo: { identifier: 77, sequence: 2, requests: 2, replies: 2, mismatches: 1, octetsMax: 8 },
  })
})

test('ciphertext on well-known ports shows nothing', async () => {
  const octets = createHash('sha256').update('x').digest()
  const flows = await flowsOf(
    tcp({ from: `${CLIENT}:5000`, to: `${SERVER}:443`, payload: octets }),
    tcp({ from: `${CLIENT}:5000`, to: `${SERVER}:21`, payload: octets }),
    udp(`${CLIENT}:5000`, `${SERVER}:53`, octets),
    udp(`${CLIENT}:5000`, `${SERVER}:51820`, octets),
  )
  expect(flows.map(({ metadata }) => metadata)).toEqual([undefined, undefined, undefined, undefined])
})

test('without readsMetadata nothing is read', async () => {
  const packet = tcp({ from: `${CLIENT}:5000`, to: `${SERVER}:80`, payload: Buffer.from('GET / HTTP/1.1\r\n\r\n') })
  const { records } = await meter(pcap(frames([0, packet])), { readsMetadata: false })
  expect(records[0]!.metadata).toBeUndefined()
})

async function flowsOf(...packets: readonly Buffer[]): Promise<readonly FlowRecord[]> {
  const { records } = await meter(pcap(frames(...packets.map((packet, index) => [index * 10, packet] as const))))
  return records.toSorted((a, b) => a.flowId - b.flowId)
}

/** RFC 8446 section 4.1.2, in one record. */
function clientHello(secondSuite = 0x1301): Buffer {
  const serverName = extension(0, Buffer.concat([Buffer.from([0, 14, 0, 0, 11]), Buffer.from('example.org')]))
  const alpn = extension(16, Buffer.concat([Buffer.from([0, 9, 8]), Buffer.from('http/1.1')]))
  const versions = extension(43, Buffer.from([4, 3, 4, 3, 3]))
  const signatures = extension(13, Buffer.from([0, 4, 4, 3, 8, 4]))
  const groups = extension(10, Buffer.from([0, 2, 0, 29]))
  const extensions = Buffer.concat([serverName, groups, alpn, signatures, versions])
  return record(1, Buffer.concat([
    Buffer.from([3, 3]), Buffer.alloc(32, 1),
    Buffer.from([0, 0, 4, 0x13, 0x02, secondSuite >> 8, secondSuite & 0xff, 1, 0]), sized(extensions),
  ]))
}

function serverHello(): Buffer {
  return record(2, Buffer.concat([
    Buffer.from([3, 3]), Buffer.alloc(32, 2), Buffer.from([0, 0x13, 0x02, 0]), sized(extension(43, Buffer.from([3, 4]))),
  ]))
}

function record(type: number, body: Buffer): Buffer {
  const message = Buffer.concat([Buffer.from([type, 0]), sized(body)])
  return Buffer.concat([Buffer.from([22, 3, 1]), sized(message)])
}

function extension(type: number, body: Buffer): Buffer {
  return Buffer.concat([Buffer.from([0, type]), sized(body)])
}

/** Two octets of length before it. */
function sized(body: Buffer): Buffer {
  return Buffer.concat([Buffer.from([body.length >> 8, body.length & 0xff]), body])
}

function hashed(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 12)
}

/** Shannon, bits an octet. */
function entropy(text: string): number {
  return [...new Set(text)].reduce((sum, letter) => {
    const share = text.split(letter).length - 1
    return sum - (share / text.length) * Math.log2(share / text.length)
  }, 0)
}

test('ACK alone carries nothing to read', async () => {
  const [flow] = await flowsOf(tcp({ from: `${CLIENT}:5000`, to: `${SERVER}:443`, flags: ACK }))
  expect(flow!.metadata).toBeUndefined()
})
