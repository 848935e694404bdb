import { parsePrefix, prefixContains } from '../kit/index.ts'
import type { IpPrefix } from '../kit/index.ts'

/** One address or prefix never to act on, and why. */
export interface ProtectedPrefix {
  /** Address or prefix in text. */
  readonly prefix: string
  /** `own-address`, `gateway`, `name-server`, `ssh-peer`, `configured`, `peer`, or a kind of address that is no host's. */
  readonly reason: string
}

/**
 * Addresses that are no single remote host's: acting on them would cut off the node itself or its whole link.
 * IANA special-purpose registries (RFC 6890), RFC 5771 and RFC 4291 for multicast.
 */
export const NO_HOST: readonly ProtectedPrefix[] = [
  { prefix: '0.0.0.0/8', reason: 'unspecified' },
  { prefix: '127.0.0.0/8', reason: 'loopback' },
  { prefix: '169.254.0.0/16', reason: 'link-local' },
  { prefix: '224.0.0.0/4', reason: 'multicast' },
  { prefix: '255.255.255.255/32', reason: 'broadcast' },
  { prefix: '::/128', reason: 'unspecified' },
  { prefix: '::1/128', reason: 'loopback' },
  { prefix: '::ffff:0:0/96', reason: 'ipv4-mapped' },
  { prefix: 'fe80::/10', reason: 'link-local' },
  { prefix: 'ff00::/8', reason: 'multicast' },
]

const ANSWERS_MAX = 4_096

/**
 * The effective never-block list. A target is protected when it *overlaps* an entry: inside it, or wide enough to swallow it.
 *
 * Entries are compared one by one, and answers remembered: a protected host that looks guilty asks again with every packet.
 */
export class NeverBlockList {
  readonly entries: readonly ProtectedPrefix[]
  /** Entries that are no address or prefix; they protect nothing, so the caller must complain about them. */
  readonly invalid: readonly string[]
  readonly #prefixes: readonly { readonly prefix: IpPrefix; readonly reason: string }[]
  readonly #answers = new Map<string, string | undefined>()

  constructor(entries: readonly ProtectedPrefix[]) {
    this.entries = [...NO_HOST, ...entries]
    const parsed = [
      ...NO_HOST.map(({ prefix: text, reason }) => ({ text, prefix: parsePrefix(text), reason })),
      ...entries.map(({ prefix: text, reason }) => ({ text, prefix: unmapped(parsePrefix(text)), reason })),
    ]
    this.invalid = parsed.filter((entry) => entry.prefix === undefined).map((entry) => entry.text)
    this.#prefixes = parsed.flatMap(({ prefix, reason }) => (prefix === undefined ? [] : [{ prefix, reason }]))
  }

  /** Why `target` (address or prefix) must not be acted on, or undefined. What cannot be read is protected too: `invalid-target`. */
  neverBlockReason(target: string): string | undefined {
    if (this.#answers.has(target)) return this.#answers.get(target)
    if (this.#answers.size >= ANSWERS_MAX) this.#answers.clear()
    const reason = this.#lookUp(target)
    this.#answers.set(target, reason)
    return reason
  }

  #lookUp(target: string): string | undefined {
    const wanted = parsePrefix(target)
    if (wanted === undefined) return 'invalid-target'
    return this.#prefixes.find(({ prefix }) => prefixContains(prefix, wanted) || prefixContains(wanted, prefix))?.reason
  }
}

const MAPPED = parsePrefix('::ffff:0:0/96')!

/** Who is named by an IPv4-mapped address (RFC 4291 section 2.5.5.2) sends IPv4 packets, and is spared as such. */
function unmapped(prefix: IpPrefix | undefined): IpPrefix | undefined {
  if (prefix === undefined || !prefixContains(MAPPED, prefix)) return prefix
  const bytes = new Uint8Array(16)
  bytes.set(prefix.bytes.subarray(12))
  return { version: 4, bytes, length: prefix.length - MAPPED.length }
}
