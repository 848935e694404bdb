// Goal: no bytes, as packets or as a file, make the native code read where it must not, overflow, or lose count.
// Method: good inputs changed at random, under the sanitizers, a bounded number of times; FUZZ_RUNS and FUZZ_SEED choose others.
import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import {
  ayiya, capwap, datagram, erspan, frame, geneve, gre, gtpU, ipFrame, mpls, pppoe, pptp, radioFrame, tag, teredoIndications, vxlan,
  vxlanGpe,
} from '../capture/make-tunnels.ts'
import { NOTHING_FOUND, runFuzzer } from './native-program.ts'
import { DNS_SEEDS, LINE_SEEDS, VPN_SEEDS } from './metadata-seeds.ts'
import { ACK, SYN, ethernet, frames, gzip, icmp, ip, pcap, tcp, udp } from '../capture/make-capture.ts'

const A = { from: '10.0.0.1:40000', to: '192.0.2.9:443' }
const B = { from: A.to, to: A.from }
const SIX = { from: '2001:db8::1', to: '2001:db8::2' }
const PACKETS = [
  tcp({ ...A, flags: SYN, sequence: 1 }),
  tcp({ ...B, flags: SYN | ACK, sequence: 9, acknowledgement: 2 }),
  tcp({ ...A, acknowledgement: 10 }),
  udp('10.0.0.1:53', '10.0.0.2:53', 40), icmp({ from: '192.0.2.9', to: '10.0.0.1', type: 3, code: 3, quoted: tcp(A) }),
  icmp({ ...SIX, type: 1, quoted: tcp({ from: '[2001:db8::1]:1', to: '[2001:db8::2]:2' }) }),
  ip({ from: '10.0.0.1', to: '10.0.0.2', protocol: 17, identification: 7, fragment: 0x2000, options: Buffer.alloc(8, 1) },
    Buffer.alloc(24)),
  ip({ ...SIX, protocol: 0 },
    Buffer.from([43, 0, 0, 0, 0, 0, 0, 0, 44, 0, 0, 0, 0, 0, 0, 0, 17, 0, 0, 1, 0, 0, 0, 7, 0, 53, 0, 53, 0, 8, 0, 0])),
]

const ENDS = { from: '192.0.2.1', to: '192.0.2.2' }
const INNER = udp('10.0.0.1:5000', '10.0.0.2:53', 8)
const TEREDO = udp('[2001:0:102:304::1]:5000', '[2001:db8::2]:53', 8)
const overUdp = (port: number, payload: Buffer) => datagram('192.0.2.1:40000', `192.0.2.2:${port}`, payload)
const TUNNELS = [
  ip({ ...ENDS, protocol: 4 }, gre(ENDS, 0x0800, { key: 5, payload: ip({ ...ENDS, protocol: 41 }, TEREDO) })),
  gre(ENDS, 0x8847, { sequence: 1, payload: mpls([16, 17], INNER) }), pptp(ENDS, 7, Buffer.concat([Buffer.from([0x21]), INNER])),
  erspan(ENDS, 2, { session: 5, payload: ipFrame(INNER) }), erspan(ENDS, 3, { session: 5, payload: ipFrame(INNER) }),
  overUdp(4789, vxlan(7, frame(0x88a8, tag(7, 0x8100, tag(8, 0x0800, INNER))))), overUdp(4790, vxlanGpe(7, 1, INNER)),
  overUdp(6081, geneve(9, 0x6558, { options: 2, payload: ipFrame(INNER) })), overUdp(5072, ayiya(TEREDO)),
  overUdp(3544, Buffer.concat([teredoIndications(3, 5), TEREDO])), overUdp(2152, gtpU(1, INNER, [Buffer.from([1, 0, 9])])),
  overUdp(5247, capwap(true, radioFrame(INNER, { isQos: true }))),
]

test.each(['fuzz_packets', 'fuzz_meter'])('packets: %s', { timeout: 300_000 }, async (target) => {
  const seeds = [0, 1, 2, 3, 4].map((linkType) =>
    Buffer.concat([Buffer.from([linkType]), ...PACKETS.map((packet, index) => framed(linkType, packet, index))]))
  seeds.push(Buffer.concat([Buffer.from([0]), ...TUNNELS.map((packet, index) => framed(0, packet, index))]))
  const links = [frame(0x8864, pppoe([0, 0x21], INNER)), frame(0x8847, mpls([16], INNER))]
  seeds.push(Buffer.concat([Buffer.from([0]), ...links.map((bytes) => lengthened(bytes))]))
  seeds.push(Buffer.concat([Buffer.from([8]), lengthened(radioFrame(INNER, { isQos: true })), lengthened(radioFrame(TEREDO))]))
  expect(await runFuzzer(target, seeds)).toBe(NOTHING_FOUND)
})

test('capture files', { timeout: 300_000 }, async () => {
  const classic = pcap(frames(...PACKETS.map((packet, index) => [index, packet] as const)))
  const wrapped = pcap(PACKETS.map((packet, index) =>
    ({ atMs: index, bytes: Buffer.concat([Buffer.from([0, 0, 8, 0, 101, 0, 0, 0]), packet]) })), { linkType: 192 })
  const seeds = [classic, gzip(classic), pcapng(), wrapped]
  expect(await runFuzzer('fuzz_capture_file', seeds)).toBe(NOTHING_FOUND)
})

test.each([
  ['fuzz_dns', DNS_SEEDS], ['fuzz_lines', LINE_SEEDS], ['fuzz_vpn', VPN_SEEDS],
])('messages: %s', { timeout: 300_000 }, async (target, seeds) => {
  expect(await runFuzzer(target, seeds)).toBe(NOTHING_FOUND)
})

test('the flow table alone', { timeout: 300_000 }, async () => {
  const seeds = ['a', 'b', 'c'].map((text) => createHash('shake256', { outputLength: 12 * 60 }).update(text).digest())
  expect(await runFuzzer('fuzz_flow_table', seeds)).toBe(NOTHING_FOUND)
})

/** A packet as fuzz_packets.cc takes it: step of time, length, bytes with the link header of native/src/decode.h's LinkType. */
function framed(linkType: number, packet: Buffer, step: number): Buffer {
  const type = Buffer.from(packet[0]! >> 4 === 6 ? [0x86, 0xdd] : [0x08, 0x00])
  const bytes = [
    ethernet(packet, step % 2 === 0 ? [] : [5, 6]),
    Buffer.concat([Buffer.alloc(14), type, packet]),
    Buffer.concat([type, Buffer.alloc(18), packet]),
    packet,
    Buffer.concat([Buffer.from(type[0] === 8 ? [2, 0, 0, 0] : [10, 0, 0, 0]), packet]),
  ][linkType]!
  return lengthened(bytes, step)
}

function lengthened(bytes: Buffer, step = 1): Buffer {
  return Buffer.concat([Buffer.from([step, bytes.length >> 8, bytes.length & 0xff]), bytes])
}

/** A section, an interface with options, an enhanced and a simple packet. */
function pcapng(): Buffer {
  const words = [
    [0x0a0d0d0a, 28, 0x1a2b3c4d, 1, 0xffffffff, 0xffffffff, 28],
    [1, 32, 1, 65535, 0x00010009, 6, 0, 32],
    [6, 32 + 28, 0, 389_000, 0, 28, 28, 0, 0, 0, 0x00450008, 0, 0, 0, 60],
    [3, 28, 12, 0, 0, 0, 28],
  ]
  return Buffer.from(Uint32Array.from(words.flat()).buffer)
}
