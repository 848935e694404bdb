// Goal: what stands within a tunnel is metered as a flow of its own, beside the outer one, and names its tunnel; what only looks like
// a tunnel, or is cut, gives no flow that was not there (native/src/decode_tunnel.h, decode_link.h, flow_context.h).
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, test } from 'vitest'
import { createEventFields, eventField } from '../../agent/capture/index.ts'
import { openCaptureFiles } from '../../agent/capture/native-source.ts'
import { flowEvent } from '../../agent/telemetry/index.ts'
import type { FlowRecord } from '../../agent/flows/index.ts'
import { ACK, START_MS, SYN, ethernet, frames, ip, meter, pcap, tcp, udp } from '../capture/make-capture.ts'
import * as made from '../capture/make-tunnels.ts'
import { eventLayout } from '../../native/index.js'

const ENDS = { from: '192.0.2.1', to: '192.0.2.2' }
const ENDS6 = { from: '2001:db8:1::1', to: '2001:db8:1::2' }
const INNER = udp('10.0.0.1:5000', '10.0.0.2:53', 20)
const INNER6 = udp('[2001:db8::1]:5000', '[2001:db8::2]:53', 20)
const TEREDO = udp('[2001:0:102:304::1]:5000', '[2001:db8::2]:53', 20)
const FROM = '192.0.2.1:40000'
const TO = '192.0.2.2'

interface Case {
  readonly name: string
  readonly packet: Buffer
  readonly inner: Buffer
  readonly tunnel: { readonly kind: string; readonly id: number }
}

const CASES: readonly Case[] = [
  { name: 'IPv4 in IPv4', packet: ip({ ...ENDS, protocol: 4 }, INNER), inner: INNER, tunnel: { kind: 'ipInIp', id: 0 } },
  { name: 'IPv6 in IPv4', packet: ip({ ...ENDS, protocol: 41 }, INNER6), inner: INNER6, tunnel: { kind: 'ipInIp', id: 0 } },
  { name: 'IPv4 in IPv6', packet: ip({ ...ENDS6, protocol: 4 }, INNER), inner: INNER, tunnel: { kind: 'ipInIp', id: 0 } },
  { name: 'IPv6 in IPv6', packet: ip({ ...ENDS6, protocol: 41 }, INNER6), inner: INNER6, tunnel: { kind: 'ipInIp', id: 0 } },
  { name: 'GRE', packet: made.gre(ENDS, 0x0800, { payload: INNER }), inner: INNER, tunnel: { kind: 'gre', id: 0 } },
  {
    name: 'GRE with key and sequence', inner: INNER6, tunnel: { kind: 'gre', id: 0xdeadbeef },
    packet: made.gre(ENDS, 0x86dd, { key: 0xdeadbeef, sequence: 9, payload: INNER6 }),
  },
  {
    name: 'GRE with Ethernet', inner: INNER, tunnel: { kind: 'gre', id: 0 },
    packet: made.gre(ENDS, 0x6558, { payload: made.ipFrame(INNER) }),
  },
  {
    name: 'GRE with MPLS', inner: INNER, tunnel: { kind: 'gre', id: 0 },
    packet: made.gre(ENDS, 0x8847, { payload: made.mpls([16], INNER) }),
  },
  {
    name: 'GRE with WCCP version 2', inner: INNER, tunnel: { kind: 'gre', id: 0 },
    packet: made.gre(ENDS, 0x883e, { payload: Buffer.concat([Buffer.alloc(4), INNER]) }),
  },
  {
    name: 'PPTP', inner: INNER, tunnel: { kind: 'pptp', id: 0 },
    packet: made.pptp(ENDS, 77, Buffer.concat([Buffer.from([0xff, 3, 0, 0x21]), INNER])),
  },
  {
    name: 'ERSPAN I', inner: INNER, tunnel: { kind: 'erspan', id: 0 },
    packet: made.erspan(ENDS, 1, { session: 0, payload: made.ipFrame(INNER) }),
  },
  {
    name: 'ERSPAN II', inner: INNER, tunnel: { kind: 'erspan', id: 513 },
    packet: made.erspan(ENDS, 2, { session: 513, payload: made.ipFrame(INNER) }),
  },
  {
    name: 'ERSPAN III', inner: INNER, tunnel: { kind: 'erspan', id: 5 },
    packet: made.erspan(ENDS, 3, { session: 5, payload: made.ipFrame(INNER) }),
  },
  {
    name: 'VXLAN', inner: INNER, tunnel: { kind: 'vxlan', id: 0xabcdef },
    packet: overUdp(4789, made.vxlan(0xabcdef, made.ipFrame(INNER))),
  },
  { name: 'VXLAN on 8472', packet: overUdp(8472, made.vxlan(7, made.ipFrame(INNER6))), inner: INNER6, tunnel: { kind: 'vxlan', id: 7 } },
  { name: 'VXLAN-GPE', packet: overUdp(4790, made.vxlanGpe(7, 1, INNER)), inner: INNER, tunnel: { kind: 'vxlan', id: 7 } },
  {
    name: 'Geneve with options', inner: INNER, tunnel: { kind: 'geneve', id: 9 },
    packet: overUdp(6081, made.geneve(9, 0x6558, { options: 63, payload: made.ipFrame(INNER) })),
  },
  {
    name: 'Geneve with IPv6', inner: INNER6, tunnel: { kind: 'geneve', id: 9 },
    packet: overUdp(6081, made.geneve(9, 0x86dd, { payload: INNER6 })),
  },
  { name: 'Teredo', packet: overUdp(3544, TEREDO), inner: TEREDO, tunnel: { kind: 'teredo', id: 0 } },
  {
    name: 'Teredo with indications', inner: TEREDO, tunnel: { kind: 'teredo', id: 0 },
    packet: overUdp(3544, Buffer.concat([made.teredoIndications(3, 5), TEREDO])),
  },
  { name: 'Teredo between clients', packet: overUdp(51_000, TEREDO), inner: TEREDO, tunnel: { kind: 'teredo', id: 0 } },
  { name: 'GTP-U', packet: overUdp(2152, made.gtpU(1, INNER)), inner: INNER, tunnel: { kind: 'gtpU', id: 0 } },
  {
    name: 'GTP-U with extension headers', inner: INNER, tunnel: { kind: 'gtpU', id: 0 },
    packet: overUdp(2152, made.gtpU(1, INNER, [Buffer.from([1, 0, 9]), Buffer.from([2, 0, 9, 0, 0, 0, 0])])),
  },
  { name: 'AYIYA', packet: overUdp(5072, made.ayiya(INNER6)), inner: INNER6, tunnel: { kind: 'ayiya', id: 0 } },
  {
    name: 'CAPWAP with Ethernet', inner: INNER, tunnel: { kind: 'capwap', id: 0 },
    packet: overUdp(5247, made.capwap(false, made.ipFrame(INNER))),
  },
  {
    name: 'CAPWAP with 802.11', inner: INNER, tunnel: { kind: 'capwap', id: 0 },
    packet: overUdp(5247, made.capwap(true, made.radioFrame(INNER, { isQos: true }))),
  },
  {
    name: "CAPWAP as Cisco's access points write it", inner: INNER, tunnel: { kind: 'capwap', id: 0 },
    packet: overUdp(5247, made.capwap(true, made.radioFrame(INNER, { isSwapped: true }))),
  },
]

test.each(CASES)('$name: the outer and the inner flow, each with its octets', async ({ packet, inner, tunnel }) => {
  const { records, counters } = await meter(pcap(frames([0, packet])))
  expect(counters).toMatchObject({ packets: 1, tunnelledPackets: 1, flows: 2, octets: packet.length + inner.length, innerUndecoded: 0 })
  const [outer, within] = records.toSorted((a, b) => b.octetDeltaCount - a.octetDeltaCount)
  expect(outer).toMatchObject({ tunnel: undefined, packetDeltaCount: 1, octetDeltaCount: packet.length })
  expect(within).toMatchObject({
    sourceTransportPort: 5000, destinationTransportPort: 53, packetDeltaCount: 1, octetDeltaCount: inner.length,
    tunnel: { ...tunnel, depth: 1, addresses: tunnel.kind === 'teredo' ? [] : [outer!.sourceAddress, outer!.destinationAddress] },
  })
})

test.each([
  ['plain', (packet: Buffer) => ethernet(packet), 1],
  ['in a VLAN', (packet: Buffer) => ethernet(packet, [5]), 1],
  ['in VXLAN', (packet: Buffer) => ethernet(overUdp(4789, made.vxlan(7, made.ipFrame(packet)))), 0],
  ['in GRE', (packet: Buffer) => ethernet(made.gre(ENDS, 0x0800, { payload: packet })), 0],
])('a handshake %s: is its source proven? (who sends a tunnel writes both sides of what is in it)', async (_, wrap, proven) => {
  const [client, server] = ['10.0.0.1:40000', '10.0.0.9:443']
  const handshake = [
    tcp({ from: client, to: server, flags: SYN, sequence: 1 }),
    tcp({ from: server, to: client, flags: SYN | ACK, sequence: 9, acknowledgement: 2 }),
    tcp({ from: client, to: server, flags: ACK, sequence: 2, acknowledgement: 10 }),
  ]
  const file = pcap(handshake.map((packet, index) => ({ atMs: START_MS + index, bytes: wrap(packet) })))
  expect(await provenOf(file)).toBe(proven)
})

test('Teredo by a server one way and by a relay the other is one inner flow', async () => {
  const answer = udp('[2001:db8::2]:53', '[2001:0:102:304::1]:5000', 8)
  const { records } = await meter(pcap(frames(
    [0, made.datagram('192.0.2.1:40000', '192.0.2.2:3544', TEREDO)], [9, made.datagram('198.51.100.7:3544', '192.0.2.1:40000', answer)],
  )))
  expect(records.filter(({ tunnel }) => tunnel !== undefined)).toMatchObject([{ packetDeltaCount: 1, reversePacketDeltaCount: 1 }])
})

test.each(CASES)('$name, cut anywhere: never an inner flow with other addresses, and every packet is accounted for', async ({ packet }) => {
  const whole = { atMs: START_MS, bytes: ethernet(packet) }
  const expected = new Set((await meter(pcap([whole]))).records.map(ends))
  const header = pcap([])
  const cut = Array.from(whole.bytes, (_, length) => pcap([whole], { snapLength: length }).subarray(header.length))
  const { records, counters } = await meter(Buffer.concat([header, ...cut]))
  const undecoded = Object.values(counters.undecoded).reduce((total, each) => total + each, 0)
  const metered = records.reduce((total, each) => total + each.packetDeltaCount + each.reversePacketDeltaCount, 0)
  expect(metered).toBe(counters.packets - undecoded + counters.tunnelledPackets!)
  expect(counters.tunnelledPackets).toBeGreaterThan(0)
  expect(records.map(ends).filter((each) => !expected.has(each))).toEqual([])
})

test.each([
  ['VXLAN without its flag', overUdp(4789, Buffer.concat([Buffer.alloc(8), made.ipFrame(INNER)]))],
  ['VXLAN with reserved bits', overUdp(4789, Buffer.concat([Buffer.from([8, 0, 1, 0, 0, 0, 0, 0]), made.ipFrame(INNER)]))],
  ['Geneve of another version', overUdp(6081, Buffer.concat([Buffer.from([0x40, 0, 8, 0, 0, 0, 9, 0]), INNER]))],
  ['a GTP-U echo request', overUdp(2152, Buffer.concat([Buffer.from([0x32, 1, 0, 4]), Buffer.alloc(8), INNER]))],
  ['GTP-U that claims to be longer', overUdp(2152, Buffer.concat([Buffer.from([0x30, 255, 0xff, 0, 0, 0, 0, 1]), INNER]))],
  ['GTP-U with an extension header of no length', overUdp(2152, made.gtpU(1, INNER, [Buffer.from([0, 0, 9])]))],
  ['IPv6 without a Teredo address', overUdp(3544, INNER6)],
  ['IPv6 of another length on any port', overUdp(51_000, Buffer.concat([TEREDO, Buffer.alloc(1)]))],
  ['CAPWAP with DTLS', overUdp(5247, Buffer.concat([Buffer.from([1, 0, 0, 0]), made.ipFrame(INNER)]))],
  ['a PPTP acknowledgement', ip({ ...ENDS, protocol: 47 }, Buffer.concat([made.words16(0x2081, 0x880b, 0, 77), made.words32(1)]))],
  ['GRE with source routing', ip({ ...ENDS, protocol: 47 }, Buffer.concat([made.words16(0x4000, 0x0800), INNER]))],
  ['GRE of an unknown protocol', made.gre(ENDS, 0x1234, { payload: INNER })],
])('%s has no inner flow', async (_, packet) => {
  const { records, counters } = await meter(pcap(frames([0, packet])))
  expect(records).toMatchObject([{ octetDeltaCount: packet.length, tunnel: undefined }])
  expect(counters).toMatchObject({ tunnelledPackets: 0 })
})

test.each([
  ['ARP in VXLAN', overUdp(4789, made.vxlan(7, made.frame(0x0806, Buffer.alloc(28))))],
  ['encrypted PPP in PPTP', made.pptp(ENDS, 77, Buffer.concat([Buffer.from([0, 0xfd]), INNER]))],
  ['an encrypted 802.11 frame in CAPWAP', overUdp(5247, made.capwap(true, made.radioFrame(INNER, { isProtected: true })))],
  ['what is no IP in IP', ip({ ...ENDS, protocol: 4 }, Buffer.alloc(40, 0xff))],
])('%s has no inner flow, and is counted', async (_, packet) => {
  const { records, counters } = await meter(pcap(frames([0, packet])))
  expect(records).toHaveLength(1)
  expect(counters).toMatchObject({ tunnelledPackets: 0, innerUndecoded: 1 })
})

test('the same inner flow in two VNIs is two flows', async () => {
  const inner = made.ipFrame(INNER)
  const { records } = await meter(pcap(frames([0, overUdp(4789, made.vxlan(1, inner))], [1, overUdp(4789, made.vxlan(2, inner))])))
  expect(new Set(records.map((each) => each.tunnel?.id))).toEqual(new Set([undefined, 1, 2]))
  expect(records).toHaveLength(3)
})

test('both directions of GTP-U, with a TEID each, are one inner flow', async () => {
  const answer = udp('10.0.0.2:53', '10.0.0.1:5000', 100)
  const back = made.datagram('192.0.2.2:2152', '192.0.2.1:2152', made.gtpU(222, answer))
  const { records } = await meter(pcap(frames([0, overUdp(2152, made.gtpU(111, INNER))], [1, back])))
  expect(records.filter((each) => each.tunnel !== undefined)).toMatchObject([
    { packetDeltaCount: 1, reversePacketDeltaCount: 1, octetDeltaCount: INNER.length, reverseOctetDeltaCount: answer.length },
  ])
})

test('a handshake through a tunnel is followed as any other', async () => {
  const client = '10.0.0.1:40000', server = '10.0.0.2:443'
  const there = (packet: Buffer) => made.gre(ENDS, 0x0800, { key: 5, payload: packet })
  const back = (packet: Buffer) => made.gre({ from: ENDS.to, to: ENDS.from }, 0x0800, { key: 5, payload: packet })
  const { records } = await meter(pcap(frames(
    [0, there(tcp({ from: client, to: server, flags: SYN, sequence: 1 }))],
    [1, back(tcp({ from: server, to: client, flags: SYN | ACK, sequence: 9, acknowledgement: 2 }))],
    [2, there(tcp({ from: client, to: server, sequence: 2, acknowledgement: 10 }))],
  )))
  expect(records.find((each) => each.protocolIdentifier === 6)).toMatchObject({ tcpState: 'established', packetDeltaCount: 2 })
})

test('tunnels in tunnels are followed to the bound, each flow names the one around it', async () => {
  const nested = (depth: number): Buffer =>
    (depth === 0 ? INNER : ip({ from: `10.1.0.${depth}`, to: '10.1.1.1', protocol: 4 }, nested(depth - 1)))
  const four = await meter(pcap(frames([0, nested(4)])))
  expect(four.records).toHaveLength(5)
  expect(new Set(four.records.map((each) => each.tunnel?.depth))).toEqual(new Set([undefined, 1, 2, 3, 4]))
  expect(four.records.find((each) => each.tunnel?.depth === 4)).toMatchObject({
    destinationTransportPort: 53, tunnel: { addresses: ['10.1.0.1', '10.1.1.1'] },
  })
  const five = await meter(pcap(frames([0, nested(5)])))
  expect(five.records).toHaveLength(5)
  expect(five.counters.dropped).toMatchObject({ tunnelsTooDeep: 1 })
})

test('the fragments of an inner packet are one flow in each tunnel', async () => {
  const part = (fragment: number, payload: Buffer) =>
    ip({ from: '10.0.0.1', to: '10.0.0.2', protocol: 17, identification: 9, fragment }, payload)
  const first = part(0x2000, Buffer.concat([made.words16(5000, 53, 32, 0), Buffer.alloc(8)]))
  const last = part(2, Buffer.alloc(16))
  const within = (vni: number, packet: Buffer) => overUdp(4789, made.vxlan(vni, made.ipFrame(packet)))
  const { records } = await meter(pcap(frames([0, within(1, first)], [1, within(2, first)], [2, within(1, last)], [3, within(2, last)])))
  expect(records.filter((each) => each.tunnel !== undefined)).toMatchObject([
    { packetDeltaCount: 2, destinationTransportPort: 53 }, { packetDeltaCount: 2, destinationTransportPort: 53 },
  ])
})

test('the first fragment of an outer packet shows the inner headers, and counts no more octets than it has', async () => {
  const start = Buffer.concat([made.words16(5000, 53, 1480, 0), Buffer.alloc(8)])
  const inner = ip({ from: '10.0.0.1', to: '10.0.0.2', protocol: 17, totalLength: 1500 }, start)
  const outer = ip({ ...ENDS, protocol: 17, identification: 3, fragment: 0x2000 },
    Buffer.concat([made.words16(40_000, 2152, 1516, 0, 0x30ff, 1500, 0, 1), inner]))
  const { records } = await meter(pcap(frames([0, outer])))
  expect(records.find((each) => each.tunnel !== undefined)).toMatchObject({ destinationTransportPort: 53, octetDeltaCount: inner.length })
})

test.each([
  ['two tags', made.frame(0x88a8, made.tag(7, 0x8100, made.tag(8, 0x0800, INNER))), { vlanId: 7, innerVlanId: 8 }],
  ['two tags of old', made.frame(0x9100, made.tag(7, 0x9200, made.tag(8, 0x0800, INNER))), { vlanId: 7, innerVlanId: 8 }],
  ['PPPoE', made.frame(0x8864, made.pppoe([0, 0x21], INNER)), { vlanId: 0 }],
  ['PPPoE with a compressed protocol', made.frame(0x8864, made.pppoe([0x57], INNER6)), { ipVersion: 6 }],
  [
    'PPPoE in two tags', made.frame(0x88a8, made.tag(7, 0x8100, made.tag(8, 0x8864, made.pppoe([0, 0x21], INNER)))),
    { vlanId: 7, innerVlanId: 8 },
  ],
  ['MPLS', made.frame(0x8847, made.mpls([16, 17, 18], INNER)), { ipVersion: 4 }],
  ['an Ethernet pseudowire', made.frame(0x8847, made.mpls([16], Buffer.concat([Buffer.alloc(4), made.ipFrame(INNER6)]))), { ipVersion: 6 }],
  ['a provider backbone', made.frame(0x88e7, Buffer.concat([Buffer.alloc(4), made.ipFrame(INNER)])), { ipVersion: 4 }],
])('%s: the flow is found, with its tags and without a tunnel', async (_, bytes, fields) => {
  const { records } = await meter(pcap([{ atMs: START_MS, bytes }]))
  expect(records).toMatchObject([{ destinationTransportPort: 53, tunnel: undefined, ...fields }])
})

test.each([
  ['MPLS without a bottom', made.frame(0x8847, Buffer.alloc(64)), 'mplsLabelsTooMany'],
  ['headers without end', made.frame(0x8847, nestedPseudowires(14)), 'linkHeadersTooMany'],
  ['PPPoE with LCP', made.frame(0x8864, made.pppoe([0xc0, 0x21], INNER)), 'notIp'],
  ['PPPoE that is cut', made.frame(0x8864, Buffer.from([0x11, 0, 0])), 'linkHeaderTruncated'],
])('%s is no packet, and the reason is counted', async (_, bytes, reason) => {
  const { counters } = await meter(pcap([{ atMs: START_MS, bytes }]))
  expect(counters).toMatchObject({ flows: 0, undecoded: { [reason]: 1 } })
})

test.each([
  ['PPP', 9, Buffer.concat([Buffer.from([0xff, 3, 0, 0x21]), INNER])],
  ['PPP without address and control', 50, Buffer.concat([Buffer.from([0x21]), INNER])],
  ['PPPoE', 51, made.pppoe([0, 0x21], INNER)],
  ['Cisco HDLC', 104, Buffer.concat([Buffer.from([0x0f, 0, 8, 0]), INNER])],
  ['802.11', 105, made.radioFrame(INNER)],
  ['radiotap', 127, Buffer.concat([Buffer.from([0, 0, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0]), made.radioFrame(INNER, { isQos: true })])],
])('captures of link type %s are read', async (_, linkType, bytes) => {
  const { records } = await meter(pcap([{ atMs: START_MS, bytes }], { linkType }))
  expect(records).toMatchObject([{ destinationTransportPort: 53, octetDeltaCount: INNER.length }])
})

test('an inner frame without tags is shown with those around it', async () => {
  const bytes = ethernet(overUdp(4789, made.vxlan(7, made.ipFrame(INNER))), [11, 12])
  const own = ethernet(overUdp(4789, made.vxlan(7, made.frame(0x8100, made.tag(13, 0x0800, INNER)))), [11, 12])
  const { records } = await meter(pcap([{ atMs: START_MS, bytes }, { atMs: START_MS + 1, bytes: own }]))
  const inner = records.filter((each) => each.tunnel !== undefined).map((each) => `${each.vlanId} ${each.innerVlanId}`)
  expect(new Set(inner)).toEqual(new Set(['11 12', '13 0']))
})

test('an event names the tags and the tunnel', async () => {
  const bytes = ethernet(made.gre(ENDS, 0x0800, { key: 5, payload: INNER }), [11, 12])
  const { records } = await meter(pcap([{ atMs: START_MS, bytes }]))
  expect(flowEvent(records.find((each) => each.tunnel !== undefined)!)).toMatchObject({
    vlan: [11, 12], phantommesh: { tunnel: { kind: 'gre', id: 5, depth: 1, ends: ['192.0.2.1', '192.0.2.2'] } },
  })
})

/** The packet over UDP to a tunnel's port. */
function overUdp(port: number, payload: Buffer): Buffer {
  return made.datagram(FROM, `${TO}:${port}`, payload)
}

function nestedPseudowires(depth: number): Buffer {
  return depth === 0 ? INNER : made.mpls([16], Buffer.concat([Buffer.alloc(4), made.frame(0x8847, nestedPseudowires(depth - 1))]))
}

function ends(record: FlowRecord): string {
  return `${record.sourceAddress} ${record.destinationAddress} ${record.protocolIdentifier}`
}

/** `returnPathProven` of the one TCP flow in a capture; the record has it for the ensemble, flow records do not show it. */
async function provenOf(file: Buffer): Promise<number> {
  const folder = mkdtempSync(path.join(tmpdir(), 'phantommesh-'))
  writeFileSync(path.join(folder, 'handshake.pcap'), file)
  const source = openCaptureFiles([path.join(folder, 'handshake.pcap')], { behaviour: false })
  const fields = createEventFields(eventLayout)
  let proven = -1
  for (let batch = await source.next(); batch !== undefined; batch = await source.next()) {
    for (let index = 0; index < batch.length; index++) {
      const at = (name: string) => batch.u8[index * batch.layout.strideBytes + eventField(fields, name).offset]!
      if (at('protocolIdentifier') === 6) proven = at('returnPathProven')
    }
  }
  await source.close()
  rmSync(folder, { recursive: true })
  return proven
}
