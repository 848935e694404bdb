// Goal: any bytes give the right metadata or the right reason (native/src/decode.h).
import { expect, test } from 'vitest'
import { ACK, START_MS, ethernet, frames, icmp, ip, meter, pcap, tcp, udp } from '../capture/make-capture.ts'

const A = { from: '10.0.0.1', to: '10.0.0.2' }
const SIX = { from: '2001:db8::1', to: '2001:db8::2' }
const UDP_HEADER = Buffer.from([0x13, 0x88, 0, 53, 0, 8, 0, 0])
const VALID = udp('10.0.0.1:5000', '10.0.0.2:53')

test.each([
  ['an Ethernet header that is cut', Buffer.alloc(13), 'linkHeaderTruncated'],
  ['a VLAN tag that is cut', ethernet(VALID, [1]).subarray(0, 16), 'linkHeaderTruncated'],
  ['five VLAN tags', ethernet(VALID, [1, 2, 3, 4, 5]), 'vlanTagsTooMany'],
  ['ARP', Buffer.concat([Buffer.alloc(12), Buffer.from([8, 6]), Buffer.alloc(28)]), 'notIp'],
  ['an IPv4 header that is cut', ethernet(VALID.subarray(0, 19)), 'ipHeaderTruncated'],
  ['an IPv6 header that is cut', ethernet(ip({ ...SIX, protocol: 17 }, UDP_HEADER).subarray(0, 39)), 'ipHeaderTruncated'],
  ['another version than the EtherType says', changed(ethernet(VALID), 14, 0x65), 'ipVersionInvalid'],
  ['an IPv4 header of four words', changed(ethernet(VALID), 14, 0x44), 'ipHeaderLengthInvalid'],
  ['a total length below the header', ethernet(ip({ ...A, protocol: 17, totalLength: 19 }, UDP_HEADER)), 'ipTotalLengthInvalid'],
])('%s is no packet, and the reason is counted', async (_, bytes, reason) => {
  const { counters } = await meter(pcap([{ atMs: START_MS, bytes }]))
  expect(counters).toMatchObject({ packets: 1, flows: 0, undecoded: { [reason]: 1 } })
})

test.each([
  ['IPv4 options', ip({ ...A, protocol: 17, options: Buffer.alloc(12, 1) }, UDP_HEADER), 40],
  ['a total length of 0, as offload leaves it', ip({ ...A, protocol: 17, totalLength: 0 }, padded(72)), 100],
  ['a total length beyond what was on the wire', ip({ ...A, protocol: 17, totalLength: 65_535 }, UDP_HEADER), 28],
  ['a total length below what was on the wire (padding)', ip({ ...A, protocol: 17, totalLength: 28 }, padded(18)), 28],
  ['IPv6', ip({ ...SIX, protocol: 17 }, UDP_HEADER), 48],
  ['hop-by-hop, routing and destination options', six([0, header(43), header(60), header(17)]), 72],
  ['an authentication header', six([51, Buffer.from([17, 4, ...Array(22).fill(0)])]), 72],
  ['a fragment header of a whole packet', six([44, header(17)]), 56],
])('%s: the flow is found, with its octets', async (_, packet, octets) => {
  const { records } = await meter(pcap(frames([0, packet])))
  expect(records).toMatchObject([{ protocolIdentifier: 17, sourceTransportPort: 5000, octetDeltaCount: octets }])
})

test('a chain of extension headers without end stops at the bound', async () => {
  const { records } = await meter(pcap(frames([0, six([0, ...Array.from({ length: 20 }, () => header(0))])])))
  expect(records).toMatchObject([{ protocolIdentifier: 0, sourceTransportPort: 0, packetDeltaCount: 1 }])
})

test('ports are known as soon as four octets of the transport header were captured', async () => {
  const packet = tcp({ from: '10.0.0.1:40000', to: '10.0.0.2:443', flags: ACK })
  const { records } = await meter(pcap(frames([0, packet]), { snapLength: 14 + 20 + 4 }))
  expect(records).toMatchObject([{ sourceTransportPort: 40_000, destinationTransportPort: 443, tcpControlBits: 0, octetDeltaCount: 40 }])
})

test('LLC with SNAP carries IP', async () => {
  const bytes = Buffer.concat([Buffer.alloc(12), Buffer.from([0, 36, 0xaa, 0xaa, 3, 0, 0, 0, 8, 0]), VALID])
  expect((await meter(pcap([{ atMs: START_MS, bytes }]))).records).toMatchObject([{ destinationTransportPort: 53 }])
})

test('SCTP has ports, ESP has none', async () => {
  const { records } = await meter(pcap(frames([0, ip({ ...A, protocol: 132 }, UDP_HEADER)], [1, ip({ ...A, protocol: 50 }, UDP_HEADER)])))
  expect(records.map((each) => [each.protocolIdentifier, each.sourceTransportPort])).toEqual([[132, 5000], [50, 0]])
})

test('an ICMP error is a flow of its own', async () => {
  const error = icmp({ from: '10.0.0.2', to: '10.0.0.1', type: 3, code: 3, quoted: VALID })
  const { records } = await meter(pcap(frames([0, VALID], [1, error])))
  expect(records).toMatchObject([{ protocolIdentifier: 17 }, { protocolIdentifier: 1, icmpType: 3, icmpCode: 3 }])
})

function padded(octets: number): Buffer {
  return Buffer.concat([UDP_HEADER, Buffer.alloc(octets)])
}

function changed(bytes: Buffer, offset: number, octet: number): Buffer {
  const copy = Buffer.from(bytes)
  copy[offset] = octet
  return copy
}

/** An empty extension header of eight octets. */
function header(next: number): Buffer {
  return Buffer.from([next, 0, 0, 0, 0, 0, 0, 0])
}

/** An IPv6 packet: the first next-header value, then extension headers, then a UDP header. */
function six([first, ...headers]: readonly [number, ...Buffer[]]): Buffer {
  return ip({ ...SIX, protocol: first }, Buffer.concat([...headers, UDP_HEADER]))
}
