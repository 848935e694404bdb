import { PROTOCOL } from './layers.ts'
import type { IpLayer } from './layers.ts'

/** Where a transport header has its Internet checksum, and whether that covers the addresses of the IP header. */
interface ChecksumField {
  readonly offset: number
  readonly coversAddresses: boolean
}

/** DCCP (33) and UDP-Lite (136) keep theirs where UDP does; SCTP has a CRC that no rewriting of this toolkit touches. */
const FIELDS = new Map<number, ChecksumField>([
  [PROTOCOL.tcp, { offset: 16, coversAddresses: true }],
  [PROTOCOL.udp, { offset: 6, coversAddresses: true }],
  [33, { offset: 6, coversAddresses: true }],
  [136, { offset: 6, coversAddresses: true }],
  [PROTOCOL.icmpv6, { offset: 2, coversAddresses: true }],
  [PROTOCOL.icmp, { offset: 2, coversAddresses: false }],
])

/** Octets before and after a rewriting; they start at an even distance from where the checksum's sum starts. */
export interface OctetChange {
  readonly before: Uint8Array
  readonly after: Uint8Array
}

/**
 * Carries a change over into the Internet checksum at `at`, in place (RFC 1624, equation 3). What was right stays right, what was wrong
 * stays wrong by as much, and it also works on packets of which only the header was captured.
 */
export function adjustChecksum(bytes: Buffer, at: number, { before, after }: OctetChange): void {
  let sum = ~bytes.readUInt16BE(at) & 0xffff
  for (let index = 0; index < before.length; index += 2) {
    sum += (~wordAt(before, index) & 0xffff) + wordAt(after, index)
    sum = (sum & 0xffff) + (sum >>> 16)
  }
  sum = (sum & 0xffff) + (sum >>> 16)
  bytes.writeUInt16BE(~sum & 0xffff, at)
}

/** Carries a change of addresses over into the transport checksum, where there is one and it was captured. */
export function adjustForAddresses(bytes: Buffer, ip: IpLayer, change: OctetChange): void {
  if (FIELDS.get(ip.protocol)?.coversAddresses === true) adjustTransport(bytes, ip, change)
}

/** Carries a change behind the start of the transport header over into its checksum, where there is one and it was captured. */
export function adjustTransport(bytes: Buffer, ip: IpLayer, change: OctetChange): void {
  const field = FIELDS.get(ip.protocol)
  if (field === undefined || ip.transportAt === undefined) return
  const at = ip.transportAt + field.offset
  if (at + 2 > ip.end) return
  // RFC 768: 0 says that there is no checksum, and one that comes to 0 is sent as its other zero.
  const mayBeNone = ip.protocol === PROTOCOL.udp
  if (mayBeNone && bytes.readUInt16BE(at) === 0) return
  adjustChecksum(bytes, at, change)
  if (mayBeNone && bytes.readUInt16BE(at) === 0) bytes.writeUInt16BE(0xffff, at)
}

/** Odd lengths are padded with a zero octet (RFC 1071). */
function wordAt(octets: Uint8Array, index: number): number {
  return octets[index]! << 8 | (octets[index + 1] ?? 0)
}
