/** An IP address as 16 octets in network order. IPv4 stands in the first four and the rest is zero, as in the addon's records. */
export interface IpAddress {
  readonly version: 4 | 6
  readonly bytes: Uint8Array
}

/** A CIDR prefix; the bits of `bytes` behind `length` are zero. */
export interface IpPrefix extends IpAddress {
  readonly length: number
}

const GROUP = /^[0-9a-f]{1,4}$/i
const OCTET = /^(?:0|[1-9]\d{0,2})$/

/**
 * Reads an IPv4 or IPv6 address. Strict: no leading zeros in IPv4 (which some programs read as octal), no zone, no brackets.
 * `::ffff:192.0.2.1` stays IPv6: a packet that carries it on the wire is an IPv6 packet.
 */
export function parseAddress(text: string): IpAddress | undefined {
  return text.includes(':') ? parseVersion6(text) : parseVersion4(text)
}

/** Writes an address: dotted quad, or RFC 5952 (lower case, no leading zeros, the first longest run of two or more zero groups as `::`). */
export function formatAddress(bytes: Uint8Array, version: number): string {
  if (version === 4) return `${bytes[0]}.${bytes[1]}.${bytes[2]}.${bytes[3]}`
  const groups = Array.from({ length: 8 }, (_, index) => (bytes[2 * index]! << 8) | bytes[2 * index + 1]!)
  // RFC 5952 section 5: an IPv4-mapped address shows its last 32 bits as a dotted quad.
  if (groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff) {
    return `::ffff:${formatAddress(bytes.subarray(12, 16), 4)}`
  }
  const texts = groups.map((group) => group.toString(16))
  const { start, length } = longestZeroRun(groups)
  if (length < 2) return texts.join(':')
  return `${texts.slice(0, start).join(':')}::${texts.slice(start + length).join(':')}`
}

/** Reads `ADDRESS/LENGTH`, or an address alone as its full-length prefix. Host bits behind the length are cleared. */
export function parsePrefix(text: string): IpPrefix | undefined {
  const slash = text.indexOf('/')
  const address = parseAddress(slash < 0 ? text : text.slice(0, slash))
  if (address === undefined) return undefined
  const full = address.version === 4 ? 32 : 128
  const lengthText = slash < 0 ? String(full) : text.slice(slash + 1)
  if (!OCTET.test(lengthText) || Number(lengthText) > full) return undefined
  const length = Number(lengthText)
  return { version: address.version, bytes: address.bytes.map((octet, index) => octet & maskOctet(index, length)), length }
}

/** Writes a prefix as `ADDRESS/LENGTH`. */
export function formatPrefix(prefix: IpPrefix): string {
  return `${formatAddress(prefix.bytes, prefix.version)}/${prefix.length}`
}

/** True when the address, or every address of the narrower prefix, lies inside `prefix`. */
export function prefixContains(prefix: IpPrefix, inner: IpAddress | IpPrefix): boolean {
  if (prefix.version !== inner.version) return false
  if ('length' in inner && inner.length < prefix.length) return false
  for (let index = 0; index < 16 && index * 8 < prefix.length; index++) {
    if ((inner.bytes[index]! & maskOctet(index, prefix.length)) !== prefix.bytes[index]) return false
  }
  return true
}

function parseVersion4(text: string): IpAddress | undefined {
  const octets = text.split('.')
  if (octets.length !== 4 || !octets.every((octet) => OCTET.test(octet) && Number(octet) <= 255)) return undefined
  const bytes = new Uint8Array(16)
  bytes.set(octets.map(Number))
  return { version: 4, bytes }
}

function parseVersion6(text: string): IpAddress | undefined {
  const halves = text.split('::')
  if (halves.length > 2) return undefined
  const head = parseGroups(halves[0]!, halves.length === 1)
  const tail = halves.length === 2 ? parseGroups(halves[1]!, true) : []
  if (head === undefined || tail === undefined) return undefined
  const missing = 8 - head.length - tail.length
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined
  const bytes = new Uint8Array(16)
  const groups = [...head, ...Array.from({ length: missing }, () => 0), ...tail]
  groups.forEach((group, index) => bytes.set([group >> 8, group & 0xff], 2 * index))
  return { version: 6, bytes }
}

/** The groups of one side of `::`; the last may be a dotted quad, which stands for two (RFC 4291 section 2.2). */
function parseGroups(text: string, mayEndInVersion4: boolean): number[] | undefined {
  if (text === '') return []
  const parts = text.split(':')
  const quad = mayEndInVersion4 ? parseVersion4(parts.at(-1)!) : undefined
  const groupTexts = quad === undefined ? parts : parts.slice(0, -1)
  if (!groupTexts.every((part) => GROUP.test(part))) return undefined
  const groups = groupTexts.map((part) => Number.parseInt(part, 16))
  if (quad === undefined) return groups
  const [a, b, c, d] = quad.bytes
  return [...groups, (a! << 8) | b!, (c! << 8) | d!]
}

function longestZeroRun(groups: readonly number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 }
  let start = 0
  groups.forEach((group, index) => {
    if (group !== 0) start = index + 1
    else if (index + 1 - start > best.length) best = { start, length: index + 1 - start }
  })
  return best
}

function maskOctet(index: number, prefixLength: number): number {
  const bits = Math.min(8, Math.max(0, prefixLength - index * 8))
  return (0xff << (8 - bits)) & 0xff
}
