// Packets with right checksums, drawn by fast-check, and a recomputation of every checksum that shares no code with the toolkit.
import fc from 'fast-check'
import { ethernet, icmp, ip, tcp, udp } from '../capture/make-capture.ts'
import type { CapturedPacket } from '../../scripts/captures/index.ts'

/** A network and transport header in one packet, with all checksums right. */
export interface WholePacket {
  readonly packet: CapturedPacket
  /** Start of the IP header. */
  readonly ipAt: number
}

const octet = fc.integer({ min: 1, max: 223 })
const ipv4 = fc.tuple(octet, octet, octet, octet).map((octets) => octets.join('.'))
const group = fc.integer({ min: 1, max: 0xffff }).map((value) => value.toString(16))
const ipv6 = fc.tuple(group, group, group).map(([a, b, c]) => `2001:db8:${a}::${b}:${c}`)
const port = fc.integer({ min: 1, max: 65_535 })
const payload = fc.uint8Array({ maxLength: 80 })

const transport = fc.record({ kind: fc.constantFrom('tcp', 'udp', 'icmp', 'error'), source: port, destination: port, payload })

const ends = fc.oneof(
  fc.record({ from: ipv4, to: ipv4, isVersion6: fc.constant(false) }),
  fc.record({ from: ipv6, to: ipv6, isVersion6: fc.constant(true) }),
)

const linkHeader = fc.constantFrom('ethernet', 'vlan', 'qinq', 'cooked', 'cooked2', 'raw')

/** TCP, UDP, echo and errors that quote a datagram, over IPv4 and IPv6, behind every link header. */
export const wholePackets: fc.Arbitrary<WholePacket> = fc
  .record({ ends, transport, linkHeader, atNs: fc.bigInt(0n, 4_000_000_000_999_999_999n) })
  .map(({ ends: { from, to, isVersion6 }, transport: { kind, source, destination, payload }, linkHeader: link, atNs }) => {
    const bracket = (address: string): string => (isVersion6 ? `[${address}]` : address)
    const [here, there] = [`${bracket(from)}:${source}`, `${bracket(to)}:${destination}`]
    const quoted = (): Buffer => sealed(Buffer.from(udp(there, here, 9)))
    const made = {
      tcp: () => tcp({ from: here, to: there, payload: payload.length }),
      udp: () => udp(here, there, payload.length),
      icmp: () => icmp({ from, to, type: isVersion6 ? 128 : 8, quoted: Buffer.from(payload) }),
      error: () => icmp({ from, to, type: isVersion6 ? 1 : 3, code: 3, quoted: quoted() }),
    }[kind]()
    const network = sealed(made)
    const wrapped = wrap(network, link)
    return {
      ipAt: wrapped.bytes.length - network.length,
      packet: { atNs, linkType: wrapped.linkType, bytes: wrapped.bytes, lengthOnWire: wrapped.bytes.length },
    }
  })

/** Header and transport checksum as they ought to be, or what they say instead; empty when all is right. */
export function wrongChecksums(bytes: Buffer, ipAt: number): string[] {
  const packet = bytes.subarray(ipAt)
  const parts = partsOf(packet)
  const trouble: string[] = []
  if (parts.isVersion4 && onesSum(packet.subarray(0, parts.headerOctets)) !== 0xffff) trouble.push('IP header')
  const covered = parts.protocol === 1 ? parts.body : Buffer.concat([parts.pseudoHeader, parts.body])
  if (onesSum(covered) !== 0xffff) trouble.push(`protocol ${parts.protocol}`)
  const isError = (parts.protocol === 1 && parts.body[0] === 3) || (parts.protocol === 58 && parts.body[0] === 1)
  return isError ? [...trouble, ...wrongChecksums(parts.body, 8).map((each) => `quoted ${each}`)] : trouble
}

/** The packet with the checksums that it ought to have, in place. */
export function sealed(packet: Buffer): Buffer {
  const { isVersion4, headerOctets, protocol, pseudoHeader, body } = partsOf(packet)
  if (isVersion4) {
    packet.writeUInt16BE(0, 10)
    packet.writeUInt16BE(0xffff - onesSum(packet.subarray(0, headerOctets)), 10)
  }
  const at = { 1: 2, 6: 16, 17: 6, 58: 2 }[protocol]!
  body.writeUInt16BE(0, at)
  const sum = 0xffff - onesSum(protocol === 1 ? body : Buffer.concat([pseudoHeader, body]))
  body.writeUInt16BE(protocol === 17 && sum === 0 ? 0xffff : sum, at)
  return packet
}

function partsOf(packet: Buffer) {
  const isVersion4 = packet[0]! >> 4 === 4
  const headerOctets = isVersion4 ? (packet[0]! & 15) * 4 : 40
  const protocol = packet[isVersion4 ? 9 : 6]!
  const body = packet.subarray(headerOctets)
  const lengths = Buffer.alloc(8)
  lengths.writeUInt32BE(body.length, 0)
  lengths[7] = protocol
  const pseudoHeader = Buffer.concat([isVersion4 ? packet.subarray(12, 20) : packet.subarray(8, 40), lengths])
  return { isVersion4, headerOctets, protocol, body, pseudoHeader }
}

/** RFC 1071, the plain way: all words, carries added at the end. */
function onesSum(octets: Buffer): number {
  const padded = octets.length % 2 === 0 ? octets : Buffer.concat([octets, Buffer.alloc(1)])
  let sum = 0
  for (let at = 0; at < padded.length; at += 2) sum += padded.readUInt16BE(at)
  while (sum > 0xffff) sum = Math.floor(sum / 0x1_0000) + (sum % 0x1_0000)
  return sum
}

function wrap(network: Buffer, link: string): { readonly linkType: number; readonly bytes: Buffer } {
  const frame = ethernet(network, { vlan: [7], qinq: [7, 8] }[link] ?? [])
  frame.set([2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2], 0)
  const etherType = network[0]! >> 4 === 6 ? 0x86dd : 0x0800
  const cooked = Buffer.alloc(16)
  cooked.set([0, 0, 0, 1, 0, 6, 2, 0, 0, 0, 0, 3], 0)
  cooked.writeUInt16BE(etherType, 14)
  const cooked2 = Buffer.alloc(20)
  cooked2.writeUInt16BE(etherType, 0)
  cooked2.set([0, 6, 2, 0, 0, 0, 0, 3], 10)
  switch (link) {
    case 'cooked': return { linkType: 113, bytes: Buffer.concat([cooked, network]) }
    case 'cooked2': return { linkType: 276, bytes: Buffer.concat([cooked2, network]) }
    case 'raw': return { linkType: 101, bytes: Buffer.from(network) }
    default: return { linkType: 1, bytes: frame }
  }
}

/** An ARP request over Ethernet. */
export function arpRequest(senderAddress: readonly number[], targetAddress: readonly number[]): CapturedPacket {
  const bytes = Buffer.from([
    255, 255, 255, 255, 255, 255, 2, 0, 0, 0, 0, 1, 8, 6, 0, 1, 8, 0, 6, 4, 0, 1,
    2, 0, 0, 0, 0, 1, ...senderAddress, 0, 0, 0, 0, 0, 0, ...targetAddress,
  ])
  return { atNs: 0n, linkType: 1, bytes, lengthOnWire: 60 }
}

/** A neighbour solicitation with a right checksum, raw IPv6. */
export function neighbourSolicitation(from: string, to: string, target: Buffer): CapturedPacket {
  const bytes = sealed(icmp({ from, to, type: 135, quoted: target }))
  return { atNs: 0n, linkType: 101, bytes, lengthOnWire: bytes.length }
}

/** The first fragment of a larger UDP datagram: its checksum covers octets that come later. */
export function firstFragment(): CapturedPacket {
  const whole = sealed(udp('192.0.2.1:5', '192.0.2.2:53', 40))
  const bytes = ip({ from: '192.0.2.1', to: '192.0.2.2', protocol: 17, fragment: 0x2000 }, whole.subarray(20, 44))
  return { atNs: 0n, linkType: 101, bytes, lengthOnWire: bytes.length }
}
