// A busy background and attacks to put into it: both made by the range.
import {
  addressesOf, endsOf, merge, octetsOf, readCapture, remapAddresses, rewriteAll, shiftTime, swapAddresses,
} from '../../scripts/captures/index.ts'
import type { AddressMap, CapturedPacket } from '../../scripts/captures/index.ts'
import { formatAddress, prefixContains } from '../../agent/kit/index.ts'
import type { IpPrefix } from '../../agent/kit/index.ts'
import type { Label } from '../../agent/evaluation/index.ts'
import { background, clips } from './bench-captures.ts'

/** One attack by itself. The first label names who is implanted under another address; further ones keep their addresses. */
export interface Clip {
  readonly id: string
  readonly labels: readonly [Label, ...Label[]]
  readonly packets: readonly CapturedPacket[]
}

/** What attacks are put into. */
export interface Ground {
  readonly packets: readonly CapturedPacket[]
  /** The protected side. */
  readonly home: readonly IpPrefix[]
  readonly clips: readonly Clip[]
}

/** The fixture of the range, read whole. */
export function readGround(): Ground {
  const read = clips.flatMap(({ id, file, labels: [first, ...others] }): Clip[] => (
    first === undefined ? [] : [{ id, labels: [first, ...others], packets: [...readCapture(file)] }]
  ))
  return { packets: [...readCapture(background.file)], home: background.home, clips: read }
}

/**
 * Home hosts that open conversations, those with the most partners first. Who speaks first opens it, as far as the capture shows. The
 * addresses of one machine in IPv4 and IPv6 are two.
 */
export function clientsOf({ packets, home }: Ground): string[] {
  const partners = new Map<string, number>()
  const seen = new Set<string>()
  for (const packet of packets) {
    const ends = endsOf(packet)
    const pair = ends?.toSorted().join()
    if (ends === undefined || seen.has(pair!)) continue
    seen.add(pair!)
    partners.set(ends[0], (partners.get(ends[0]) ?? 0) + 1)
  }
  const isHome = (octets: Buffer): boolean => home.some((prefix) => prefixContains(prefix, ipOf(octets)))
  return [...partners].filter(([address]) => isHome(octetsOf(address)))
    .sort(([one, first], [other, second]) => second - first || (one < other ? -1 : 1)).map(([address]) => address)
}

/** The address next to the given ones that nobody in the background or the clip uses. Throws where the network is full. */
export function freshAddress({ packets }: Ground, clip: Clip, near: string): string {
  const used = new Set([...addressesOf(packets), ...addressesOf(clip.packets)].map(textOf))
  const separator = near.includes(':') ? ':' : '.'
  const network = near.slice(0, near.lastIndexOf(separator) + 1)
  for (let host = 200; host > 1; host -= 1) {
    const address = `${network}${host}`
    if (!used.has(address)) return address
  }
  throw new RangeError(`no address is free in ${network}`)
}

/** The background with the clip in its middle, whoever the clip's label names under this address. */
export function implant({ packets }: Ground, clip: Clip, address: string): Iterable<CapturedPacket> {
  const middle = (of: readonly CapturedPacket[]): bigint => (of[0]!.atNs + of.at(-1)!.atNs) / 2n
  const seconds = Number((middle(packets) - middle(clip.packets)) / 1_000_000_000n)
  const rename: AddressMap = swapAddresses(clip.labels[0].address, address)
  return merge(packets, rewriteAll(clip.packets, remapAddresses(rename), shiftTime(seconds)))
}

function ipOf(octets: Buffer): { readonly version: 4 | 6; readonly bytes: Uint8Array } {
  const bytes = new Uint8Array(16)
  bytes.set(octets)
  return { version: octets.length === 4 ? 4 : 6, bytes }
}

function textOf(octets: Buffer): string {
  return formatAddress(octets, octets.length === 4 ? 4 : 6)
}
