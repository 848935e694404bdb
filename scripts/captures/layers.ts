import { LINK_TYPE } from './captured-packet.ts'
import type { CapturedPacket } from './captured-packet.ts'

/** EtherTypes this toolkit looks into. */
export const ETHER_TYPE = { ipv4: 0x0800, arp: 0x0806, ipv6: 0x86dd } as const

/** IP protocol numbers this toolkit looks into. */
export const PROTOCOL = { icmp: 1, tcp: 6, udp: 17, icmpv6: 58 } as const

const VLAN_TYPES = new Set([0x8100, 0x88a8, 0x9100])
/** RFC 8200 section 4.1 and later: each has its length in its second octet, but the fragment header. */
const EXTENSION_HEADERS = new Set([0, 43, 44, 51, 60, 135, 139, 140])
const [FRAGMENT, AUTHENTICATION] = [44, 51]

/** What stands behind the link header, and where. */
export interface NetworkLayer {
  readonly etherType: number
  readonly at: number
}

/** One IP header whose addresses were captured. Offsets count from the start of the packet's bytes. */
export interface IpLayer {
  readonly version: 4 | 6
  readonly at: number
  /** Source; the destination follows at once. */
  readonly addressesAt: number
  readonly addressOctets: 4 | 16
  readonly protocol: number
  /** Start of the transport header; undefined in later fragments, and where extension headers are cut. */
  readonly transportAt: number | undefined
  /** End of what was captured of the IP packet: behind it stands padding. */
  readonly end: number
}

/** Finds the network layer of Ethernet (with VLAN tags), Linux cooked, loopback and raw IP; undefined for everything else. */
export function networkLayer({ linkType, bytes }: CapturedPacket): NetworkLayer | undefined {
  switch (linkType) {
    case LINK_TYPE.ethernet:
      return behindTags(bytes, 12)
    case LINK_TYPE.linuxCooked:
      return behindTags(bytes, 14)
    case LINK_TYPE.linuxCooked2:
      return bytes.length < 20 ? undefined : behindCooked2(bytes)
    case LINK_TYPE.null:
    case LINK_TYPE.loop:
      return byVersion(bytes, 4)
    case LINK_TYPE.raw:
    case LINK_TYPE.ipv4:
    case LINK_TYPE.ipv6:
      return byVersion(bytes, 0)
    default:
      return undefined
  }
}

/** Reads the IP header at `at`; undefined where there is none or its addresses are cut. */
export function ipLayer(bytes: Buffer, at: number): IpLayer | undefined {
  if (at >= bytes.length) return undefined
  const version = bytes[at]! >> 4
  if (version === 4 && at + 20 <= bytes.length) return ipv4Layer(bytes, at)
  if (version === 6 && at + 40 <= bytes.length) return ipv6Layer(bytes, at)
  return undefined
}

function behindTags(bytes: Buffer, typeAt: number): NetworkLayer | undefined {
  for (let at = typeAt; at + 2 <= bytes.length; at += 4) {
    const etherType = bytes.readUInt16BE(at)
    if (!VLAN_TYPES.has(etherType)) return { etherType, at: at + 2 }
  }
  return undefined
}

/** The EtherType stands first, and what it names 20 octets later; a tag's own EtherType follows its number. */
function behindCooked2(bytes: Buffer): NetworkLayer | undefined {
  const etherType = bytes.readUInt16BE(0)
  return VLAN_TYPES.has(etherType) ? behindTags(bytes, 22) : { etherType, at: 20 }
}

function byVersion(bytes: Buffer, at: number): NetworkLayer | undefined {
  const version = at < bytes.length ? bytes[at]! >> 4 : 0
  if (version !== 4 && version !== 6) return undefined
  return { etherType: version === 4 ? ETHER_TYPE.ipv4 : ETHER_TYPE.ipv6, at }
}

function ipv4Layer(bytes: Buffer, at: number): IpLayer | undefined {
  const headerLength = (bytes[at]! & 15) * 4
  if (headerLength < 20) return undefined
  const isLaterFragment = (bytes.readUInt16BE(at + 6) & 0x1fff) !== 0
  return {
    version: 4, at, addressesAt: at + 12, addressOctets: 4, protocol: bytes[at + 9]!,
    transportAt: isLaterFragment ? undefined : at + headerLength,
    end: endOf(bytes, at, bytes.readUInt16BE(at + 2)),
  }
}

function ipv6Layer(bytes: Buffer, at: number): IpLayer {
  const payloadLength = bytes.readUInt16BE(at + 4)
  const end = endOf(bytes, at, payloadLength === 0 ? 0 : 40 + payloadLength)
  return { version: 6, at, addressesAt: at + 8, addressOctets: 16, ...behindExtensions(bytes.subarray(0, end), at), end }
}

function behindExtensions(bytes: Buffer, at: number): Pick<IpLayer, 'protocol' | 'transportAt'> {
  let protocol = bytes[at + 6]!
  let next = at + 40
  while (EXTENSION_HEADERS.has(protocol)) {
    if (next + 8 > bytes.length) return { protocol, transportAt: undefined }
    const isLaterFragment = protocol === FRAGMENT && (bytes.readUInt16BE(next + 2) & 0xfff8) !== 0
    if (isLaterFragment) return { protocol: bytes[next]!, transportAt: undefined }
    const length = extensionLength(protocol, bytes[next + 1]!)
    protocol = bytes[next]!
    next += length
  }
  return { protocol, transportAt: next }
}

function extensionLength(protocol: number, lengthField: number): number {
  if (protocol === FRAGMENT) return 8
  return protocol === AUTHENTICATION ? (lengthField + 2) * 4 : (lengthField + 1) * 8
}

/** A length of 0 is segmentation offload's: the packet then reaches as far as the capture. */
function endOf(bytes: Buffer, at: number, claimed: number): number {
  return claimed === 0 ? bytes.length : Math.min(bytes.length, at + claimed)
}
