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
  const [address = '', length, ...rest] = text.split('/')
  const family: Family = address.includes(':') ? 6 : 4
  const first = family === 4 ? parseV4(address) : parseV6(address)
  const bits = length === undefined ? BITS[family] : parseLength(length, BITS[family])
  if (first === undefined || bits === undefined || rest.length > 0) return undefined
  const mask = hostMask(BITS[family] - bits)
  return (first & mask) === 0n ? unmapped({ family, first, last: first | mask }) : undefined
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
    prefixes.push(formatAddress(interval.family, first) + (bits === 0 ? '' : `/${BITS[interval.family] - bits}`))
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

function parseLength(text: string, max: number): number | undefined {
  return /^(0|[1-9]\d{0,2})$/.test(text) && Number(text) <= max ? Number(text) : undefined
}

function parseV4(text: string): bigint | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text)
  const parts = match?.slice(1) ?? []
  const isSound = match !== null && parts.every((part) => Number(part) <= 255 && String(Number(part)) === part)
  return isSound ? parts.reduce((address, part) => (address << 8n) | BigInt(part), 0n) : undefined
}

function parseV6(text: string): bigint | undefined {
  const halves = text.split('::').map((half) => (half === '' ? [] : parseGroups(half)))
  if (halves.length > 2 || halves.some((half) => half === undefined)) return undefined
  const [head = [], tail = []] = halves
  const missing = 8 - head.length - tail.length
  const isSound = halves.length === 2 ? missing >= 1 : missing === 0
  if (!isSound) return undefined
  const groups = [...head, ...Array<bigint>(missing).fill(0n), ...tail]
  return groups.reduce((address, group) => (address << 16n) | group, 0n)
}

/** Groups between colons; the last may be a dotted IPv4 address, which counts as two. */
function parseGroups(text: string): bigint[] | undefined {
  const groups: bigint[] = []
  for (const [index, part] of text.split(':').entries()) {
    const isLast = index === text.split(':').length - 1
    const dotted = isLast && part.includes('.') ? parseV4(part) : undefined
    if (dotted !== undefined) {
      groups.push(dotted >> 16n, dotted & 0xffffn)
      continue
    }
    if (!/^[0-9a-f]{1,4}$/i.test(part)) return undefined
    groups.push(BigInt(`0x${part}`))
  }
  return groups
}

function formatAddress(family: Family, address: bigint): string {
  const width = family === 4 ? 8n : 16n
  const count = family === 4 ? 4 : 8
  const groups = Array.from({ length: count }, (_, i) => (address >> (width * BigInt(count - 1 - i))) & ((1n << width) - 1n))
  return family === 4 ? groups.join('.') : compressZeros(groups.map((group) => group.toString(16)))
}

/** RFC 5952 section 4.2: the longest run of at least two zero groups, the first of equals, becomes `::`. */
function compressZeros(groups: readonly string[]): string {
  const text = groups.join(':')
  const runs = [...text.matchAll(/\b0(?::0)+\b/g)].sort((one, other) => other[0].length - one[0].length)
  const longest = runs[0]
  if (longest === undefined) return text
  const before = text.slice(0, longest.index).replace(/:$/, '')
  const after = text.slice(longest.index + longest[0].length).replace(/^:/, '')
  return `${before}::${after}`
}
