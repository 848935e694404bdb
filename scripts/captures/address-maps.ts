import { formatAddress, parseAddress, parsePrefix, prefixContains } from '../../agent/kit/index.ts'
import type { IpAddress, IpPrefix } from '../../agent/kit/index.ts'
import type { CapturedPacket } from './captured-packet.ts'
import { ETHER_TYPE, ipLayer, networkLayer } from './layers.ts'

/** One address (4 or 16 octets) for another of the same length. One-to-one; the argument is left as it is. */
export type AddressMap = (address: Buffer) => Buffer

/** One hardware address of 6 octets for another, likewise. */
export type MacMap = (address: Buffer) => Buffer

/** Keys of `flipAddresses`. */
export interface AddressKeys {
  /** Exclusive-or for IPv4 addresses, 4 octets. */
  readonly ipv4: Buffer
  /** Exclusive-or for IPv6 addresses, 16 octets. */
  readonly ipv6: Buffer
}

/** Addresses that no host has, or that mean something by themselves (IANA special-purpose registries): no map changes them. */
const NO_HOST = [
  '0.0.0.0/8', '127.0.0.0/8', '169.254.0.0/16', '224.0.0.0/3', '::/8', '64:ff9b::/96', 'fe80::/10', 'ff00::/8',
].map((text) => parsePrefix(text)!)

/**
 * Flips the bits of a key in every address, so that networks stay networks. Addresses of no host stay, x.x.x.255 stays a broadcast
 * address, and with `sides` an address stays on its side: inside the same prefixes as before. Whatever would leave keeps its
 * address. Twice the map is no map.
 */
export function flipAddresses(keys: AddressKeys, sides: readonly IpPrefix[] = []): AddressMap {
  return (address) => {
    const key = address.length === 4 ? keys.ipv4 : keys.ipv6
    const image = Buffer.from(address.map((octet, index) => octet ^ key[index]!))
    const side = sideOf(address, sides)
    return side !== FIXED && side === sideOf(image, sides) ? image : address
  }
}

/** A prefix after `flipAddresses` with these keys and no sides. */
export function flipPrefix({ ipv4, ipv6 }: AddressKeys, prefix: IpPrefix): IpPrefix {
  const key = prefix.version === 4 ? ipv4 : ipv6
  const flipped = { ...prefix, bytes: prefix.bytes.map((octet, index) => octet ^ (key[index] ?? 0)) }
  return parsePrefix(`${formatAddress(flipped.bytes, flipped.version)}/${flipped.length}`)!
}

/**
 * The smallest address becomes the largest of its side and so on: whatever is decided by the order of addresses comes out the other way.
 * Sides as in `flipAddresses`. Twice the map is no map.
 */
export function reverseAddresses(addresses: readonly Buffer[], sides: readonly IpPrefix[] = []): AddressMap {
  const bySide = Map.groupBy(addresses, (address) => `${address.length} ${sideOf(address, sides)}`)
  const images = new Map<string, Buffer>()
  for (const [side, members] of bySide) {
    if (side.endsWith(FIXED)) continue
    const sorted = [...members].sort((left, right) => left.compare(right))
    sorted.forEach((address, index) => images.set(keyOf(address), sorted[sorted.length - 1 - index]!))
  }
  return (address) => images.get(keyOf(address)) ?? address
}

/** Exchanges two addresses, given in text, and leaves all others. Throws RangeError for two that are not of one version. */
export function swapAddresses(one: string, other: string): AddressMap {
  const [first, second] = [octetsOf(one), octetsOf(other)]
  if (first.length !== second.length) throw new RangeError(`${one} and ${other} are not of one version`)
  return (address) => {
    if (address.equals(first)) return second
    return address.equals(second) ? first : address
  }
}

/** Flips the bits of a key of 6 octets; group addresses and zeros stay. Twice the map is no map. */
export function flipMacs(key: Buffer): MacMap {
  const isFixed = (mac: Buffer): boolean => (mac[0]! & 1) !== 0 || mac.every((octet) => octet === 0)
  return (mac) => {
    const image = Buffer.from(mac.map((octet, index) => octet ^ key[index]!))
    return isFixed(mac) || isFixed(image) ? mac : image
  }
}

/** The address that the map gives for one in text. Throws RangeError for what is no address. */
export function mapText(map: AddressMap, text: string): string {
  const octets = map(octetsOf(text))
  return formatAddress(octets, octets.length === 4 ? 4 : 6)
}

/** Source and destination of an IP packet, in text; undefined for anything else. */
export function endsOf(packet: CapturedPacket): readonly [source: string, destination: string] | undefined {
  const octets = addressesIn(packet)
  if (octets === undefined) return undefined
  const version = octets.length === 8 ? 4 : 6
  const middle = octets.length / 2
  return [formatAddress(octets.subarray(0, middle), version), formatAddress(octets.subarray(middle), version)]
}

/** Every address that sends or is sent to, once each, in the order of their first packets. */
export function addressesOf(packets: Iterable<CapturedPacket>): Buffer[] {
  const found = new Map<string, Buffer>()
  for (const packet of packets) {
    const octets = addressesIn(packet)
    if (octets === undefined) continue
    const middle = octets.length / 2
    for (const address of [octets.subarray(0, middle), octets.subarray(middle)]) found.set(keyOf(address), address)
  }
  return [...found.values()]
}

const FIXED = 'fixed'

/** Who may take whose place: addresses of one side, and among them broadcast addresses only each other. */
function sideOf(address: Buffer, sides: readonly IpPrefix[]): string {
  const ip = toIpAddress(address)
  if (NO_HOST.some((prefix) => prefixContains(prefix, ip))) return FIXED
  const isBroadcast = address.length === 4 && address[3] === 255
  return `${sides.findIndex((prefix) => prefixContains(prefix, ip))}${isBroadcast ? ' broadcast' : ''}`
}

function toIpAddress(octets: Buffer): IpAddress {
  const bytes = new Uint8Array(16)
  bytes.set(octets)
  return { version: octets.length === 4 ? 4 : 6, bytes }
}

/** 4 or 16 octets of an address in text. Throws RangeError for what is no address. */
export function octetsOf(text: string): Buffer {
  const parsed = parseAddress(text)
  if (parsed === undefined) throw new RangeError(`${text} is no address`)
  return Buffer.from(parsed.bytes.subarray(0, parsed.version === 4 ? 4 : 16))
}

function addressesIn(packet: CapturedPacket): Buffer | undefined {
  const layer = networkLayer(packet)
  if (layer === undefined || layer.etherType === ETHER_TYPE.arp) return undefined
  const ip = ipLayer(packet.bytes, layer.at)
  return ip && packet.bytes.subarray(ip.addressesAt, ip.addressesAt + 2 * ip.addressOctets)
}

function keyOf(octets: Buffer): string {
  return octets.toString('latin1')
}
