import { formatAddress, parseAddress, parsePrefix as readPrefix } from '../kit/index.ts'
import type { IpAddress } from '../kit/index.ts'

/** The two address families, by their IP version. */
export type Family = 4 | 6

/** Addresses first..last, both included, as numbers. What a kernel set element is, and what a prefix means. */
export interface AddressInterval {
  readonly family: Family
  readonly first: bigint
  readonly last: bigint
}

const BITS: Readonly<Record<Family, number>> = { 4: 32, 6: 128 }
/** ::ffff:0:0/96, RFC 4291 section 2.5.5.2: such a peer's packets are IPv4. */
const MAPPED_PREFIX = 0xffffn
const PREFIX_CHARACTERS_MAX = 64

/** Strict: an address or a prefix whose host bits are zero, nothing around it. IPv4-mapped IPv6 becomes IPv4. */
export function parsePrefix(text: string): AddressInterval | undefined {
  if (text.length > PREFIX_CHARACTERS_MAX) return undefined
  const prefix = readPrefix(text)
  const address = parseAddress(text.split('/')[0] ?? '')
  if (prefix === undefined || address === undefined) return undefined
  const family = prefix.version
  const first = toNumber(prefix)
  if (first !== toNumber(address)) return undefined
  return unmapped({ family, first, last: first | hostMask(BITS[family] - prefix.length) })
}

/** The one spelling of a prefix that the kernel's list uses too (RFC 5952); undefined when it is none. */
export function canonicalPrefix(text: string): string | undefined {
  const interval = parsePrefix(text)
  return interval === undefined ? undefined : toPrefixes(interval)[0]
}

/** The fewest prefixes that cover exactly this interval, in order; a single host goes without its length. */
export function toPrefixes(interval: AddressInterval): string[] {
  const prefixes: string[] = []
  for (let first = interval.first; first <= interval.last; ) {
    const bits = widestBlock(interval, first)
    prefixes.push(formatAddress(toBytes(interval.family, first), interval.family) + (bits === 0 ? '' : `/${BITS[interval.family] - bits}`))
    first += 1n << BigInt(bits)
  }
  return prefixes
}

/** The length of the prefix that starts the interval: what the width cap looks at. */
export function prefixLength(interval: AddressInterval): number {
  return BITS[interval.family] - widestBlock(interval, interval.first)
}

/** Whether both have an address in common. */
export function overlaps(one: AddressInterval, other: AddressInterval): boolean {
  return one.family === other.family && one.first <= other.last && other.first <= one.last
}

/** Sorts by family, then first address. */
export function compareIntervals(one: AddressInterval, other: AddressInterval): number {
  if (one.family !== other.family) return one.family - other.family
  if (one.first === other.first) return 0
  return one.first < other.first ? -1 : 1
}

function hostMask(bits: number): bigint {
  return (1n << BigInt(bits)) - 1n
}

function widestBlock(interval: AddressInterval, first: bigint): number {
  let bits = 0
  while (bits < BITS[interval.family]) {
    const mask = hostMask(bits + 1)
    if ((first & mask) !== 0n || first + mask > interval.last) break
    bits += 1
  }
  return bits
}

function unmapped(interval: AddressInterval): AddressInterval {
  const isMapped = interval.family === 6 && interval.first >> 32n === MAPPED_PREFIX && interval.last >> 32n === MAPPED_PREFIX
  return isMapped ? { family: 4, first: interval.first & 0xffffffffn, last: interval.last & 0xffffffffn } : interval
}

function toNumber({ version, bytes }: IpAddress): bigint {
  return bytes.subarray(0, version === 4 ? 4 : 16).reduce((number, octet) => (number << 8n) | BigInt(octet), 0n)
}

function toBytes(family: Family, address: bigint): Uint8Array {
  const count = BITS[family] / 8
  return Uint8Array.from({ length: count }, (_, i) => Number((address >> BigInt(8 * (count - 1 - i))) & 0xffn))
}
