import type { Random } from '../../agent/kit/index.ts'
import type { AddressMap, MacMap } from './address-maps.ts'
import { LINK_TYPE, PACKET_OCTETS_MAX } from './captured-packet.ts'
import type { CapturedPacket, Rewrite } from './captured-packet.ts'
import { adjustChecksum, adjustForAddresses, adjustTransport } from './checksum.ts'
import { ETHER_TYPE, ipLayer, networkLayer, PROTOCOL } from './layers.ts'
import type { IpLayer } from './layers.ts'

/** Errors quote the packet they are about behind eight octets (RFC 792; RFC 4443 section 2.4 c). */
const QUOTED_AT = 8
const ICMP_ERRORS = new Set([3, 4, 5, 11, 12])
const ICMPV6_ERRORS = new Set([1, 2, 3, 4])
/** Neighbour solicitation, advertisement and redirect name addresses behind eight octets (RFC 4861 section 4). */
const NEIGHBOUR_TARGETS = new Map([[135, 1], [136, 1], [137, 2]])
const IPV4_CHECKSUM = 10
const TTL_MAX = 255

/**
 * Other addresses, in IP headers, in what ICMP errors quote, in ARP and neighbour discovery. Checksums follow. Names and addresses in
 * payload stay, and so do headers inside tunnels.
 */
export function remapAddresses(map: AddressMap): Rewrite {
  return (packet) => changed(packet, (bytes, at, etherType) => {
    if (etherType === ETHER_TYPE.arp) remapArp(bytes, at, map)
    else remapIp(bytes, at, map)
  })
}

/** Other hardware addresses in Ethernet, Linux cooked headers and ARP; those of neighbour discovery's options stay. */
export function remapMacs(map: MacMap): Rewrite {
  return (packet) => {
    const copy = { ...packet, bytes: Buffer.from(packet.bytes) }
    for (const at of macPlaces(packet)) {
      if (at + 6 <= copy.bytes.length) map(copy.bytes.subarray(at, at + 6)).copy(copy.bytes, at)
    }
    return copy
  }
}

/** Later by this many whole seconds; earlier, where negative. */
export function shiftTime(seconds: number): Rewrite {
  const shiftNs = BigInt(seconds) * 1_000_000_000n
  return (packet) => ({ ...packet, atNs: packet.atNs + shiftNs })
}

/**
 * TTLs and hop limits moved by what `shiftOf` says of the packet's source address, around 1..255 so that no two become one; 0 stays 0.
 */
export function shiftTtl(shiftOf: (source: Buffer) => number): Rewrite {
  return (packet) => changed(packet, (bytes, at) => {
    const ip = ipLayer(bytes, at)
    if (ip === undefined) return
    const place = ip.version === 4 ? at + 8 : at + 7
    const ttl = bytes[place]!
    if (ttl === 0) return
    const before = Buffer.from(bytes.subarray(at + 8, at + 10))
    const shift = shiftOf(bytes.subarray(ip.addressesAt, ip.addressesAt + ip.addressOctets))
    bytes[place] = 1 + (((ttl - 1 + shift) % TTL_MAX) + TTL_MAX) % TTL_MAX
    if (ip.version === 4) adjustChecksum(bytes, at + IPV4_CHECKSUM, { before, after: bytes.subarray(at + 8, at + 10) })
  })
}

/** No more than `octets` of each packet, as a capture with that snap length has it; the length on the wire stays. */
export function cut(octets: number): Rewrite {
  return (packet) => ({ ...packet, bytes: packet.bytes.subarray(0, octets) })
}

/** Each packet as long as it was on the wire: random octets stand in for those that the capture left out. Checksums stay as they are. */
export function restoreLength(random: Random): Rewrite {
  return (packet) => {
    const { bytes, lengthOnWire } = packet
    const rest = Buffer.alloc(Math.min(lengthOnWire, PACKET_OCTETS_MAX) - bytes.length)
    for (let place = 0; place < rest.length; place += 1) rest[place] = Math.floor(random.uniform() * 256)
    return { ...packet, bytes: Buffer.concat([bytes, rest]) }
  }
}

/** Random octets behind the headers of TCP and UDP. Other protocols keep theirs: what follows their first octets has a meaning. */
export function randomisePayload(random: Random): Rewrite {
  return (packet) => changed(packet, (bytes, at) => {
    const ip = ipLayer(bytes, at)
    if (ip?.transportAt === undefined) return
    const start = ip.transportAt + transportHeaderOctets(bytes, ip)
    if (start >= ip.end) return
    const before = Buffer.from(bytes.subarray(start, ip.end))
    for (let place = start; place < ip.end; place += 1) bytes[place] = Math.floor(random.uniform() * 256)
    adjustTransport(bytes, ip, { before, after: bytes.subarray(start, ip.end) })
  })
}

/** A copy of the packet, changed where it has a network layer. */
function changed(packet: CapturedPacket, change: (bytes: Buffer, at: number, etherType: number) => void): CapturedPacket {
  const layer = networkLayer(packet)
  if (layer === undefined) return packet
  const bytes = Buffer.from(packet.bytes)
  change(bytes, layer.at, layer.etherType)
  return { ...packet, bytes }
}

function remapIp(bytes: Buffer, at: number, map: AddressMap): void {
  const ip = ipLayer(bytes, at)
  if (ip === undefined) return
  const { addressesAt: start, addressOctets } = ip
  const end = start + 2 * addressOctets
  const before = Buffer.from(bytes.subarray(start, end))
  map(before.subarray(0, addressOctets)).copy(bytes, start)
  map(before.subarray(addressOctets)).copy(bytes, start + addressOctets)
  const change = { before, after: bytes.subarray(start, end) }
  if (ip.version === 4) adjustChecksum(bytes, at + IPV4_CHECKSUM, change)
  adjustForAddresses(bytes, ip, change)
  if (ip.protocol === PROTOCOL.icmp || ip.protocol === PROTOCOL.icmpv6) remapIcmp(bytes, ip, map)
}

/** What an ICMP message says of addresses is part of what its checksum covers. */
function remapIcmp(bytes: Buffer, ip: IpLayer, map: AddressMap): void {
  const { transportAt, end } = ip
  if (transportAt === undefined || transportAt + QUOTED_AT >= end) return
  const start = transportAt + QUOTED_AT
  const before = Buffer.from(bytes.subarray(start, end))
  const type = bytes[transportAt]!
  const errors = ip.version === 4 ? ICMP_ERRORS : ICMPV6_ERRORS
  if (errors.has(type)) remapIp(bytes.subarray(0, end), start, map)
  else if (ip.version === 6) remapTargets(bytes.subarray(0, end), start, { count: NEIGHBOUR_TARGETS.get(type) ?? 0, map })
  adjustTransport(bytes, ip, { before, after: bytes.subarray(start, end) })
}

function remapTargets(bytes: Buffer, start: number, { count, map }: { readonly count: number; readonly map: AddressMap }): void {
  for (let at = start; at < start + count * 16 && at + 16 <= bytes.length; at += 16) {
    map(Buffer.from(bytes.subarray(at, at + 16))).copy(bytes, at)
  }
}

/** ARP for IPv4 over Ethernet (RFC 826): sender and target, a hardware address before each. */
function remapArp(bytes: Buffer, at: number, map: AddressMap): void {
  if (!isArpForIpv4(bytes, at)) return
  for (const place of [at + 14, at + 24]) map(Buffer.from(bytes.subarray(place, place + 4))).copy(bytes, place)
}

function isArpForIpv4(bytes: Buffer, at: number): boolean {
  return at + 28 <= bytes.length && bytes.readUInt16BE(at + 2) === ETHER_TYPE.ipv4 && bytes[at + 4] === 6 && bytes[at + 5] === 4
}

function macPlaces(packet: CapturedPacket): number[] {
  const layer = networkLayer(packet)
  const isArp = layer?.etherType === ETHER_TYPE.arp && isArpForIpv4(packet.bytes, layer.at)
  return [...linkMacPlaces(packet), ...(isArp ? [layer.at + 8, layer.at + 18] : [])]
}

/** Cooked headers say how long their address is; of other hardware it is none of 6 octets. */
function linkMacPlaces({ linkType, bytes }: CapturedPacket): readonly number[] {
  if (linkType === LINK_TYPE.ethernet) return [0, 6]
  if (linkType === LINK_TYPE.linuxCooked) return bytes[4] === 0 && bytes[5] === 6 ? [6] : []
  return linkType === LINK_TYPE.linuxCooked2 && bytes[11] === 6 ? [12] : []
}

/** More than there can be, where the protocol has no payload that may be changed. */
function transportHeaderOctets(bytes: Buffer, { protocol, transportAt, end }: IpLayer): number {
  if (protocol === PROTOCOL.udp) return 8
  const isTcp = protocol === PROTOCOL.tcp && transportAt! + 13 <= end
  return isTcp ? Math.max(20, (bytes[transportAt! + 12]! >> 4) * 4) : Number.POSITIVE_INFINITY
}
