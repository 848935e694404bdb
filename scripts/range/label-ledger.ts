import { formatAddress, parseAddress } from '../../agent/kit/index.ts'
import type { Truth } from './scene.ts'

/** One label of the manifest: one truth with one of its peers, or with none. */
export interface LedgerLabel {
  readonly truth: Truth
  readonly peer: string | undefined
  packets: number
}

/** The last packets of what a tool did may come this much after its end. */
const CLOSING_MS = 3_000

/**
 * Which labels have packets in one capture. A gateway's interfaces do not all see everything: a label that no packet of a capture bears
 * out is left out of that capture's manifest entry. Packets are network-layer octets; addresses are compared as octets.
 */
export class LabelLedger {
  readonly #labels: readonly LedgerLabel[]
  /** By the octets of the blamed address. */
  readonly #byAddress = new Map<string, Compared[]>()

  constructor(truths: readonly Truth[]) {
    this.#labels = truths.flatMap((truth) => (truth.peers ?? [undefined]).map((peer) => ({ truth, peer, packets: 0 })))
    for (const label of this.#labels) {
      const key = octetsOf(label.truth.address)
      const others = this.#byAddress.get(key) ?? []
      this.#byAddress.set(key, others)
      others.push({ label, peer: label.peer === undefined ? undefined : octetsOf(label.peer) })
    }
  }

  /** One packet of the capture. */
  see(network: Buffer, atMs: number): void {
    const version = (network[0] ?? 0) >> 4
    if (version === 4 && network.length >= 20) this.#count(network.toString('latin1', 12, 16), network.toString('latin1', 16, 20), atMs)
    else if (version === 6 && network.length >= 40) this.#count(network.toString('latin1', 8, 24), network.toString('latin1', 24, 40), atMs)
  }

  /** The labels that at least one packet bears out. */
  found(): readonly LedgerLabel[] {
    return this.#labels.filter(({ packets }) => packets > 0)
  }

  #count(source: string, destination: string, atMs: number): void {
    this.#match(this.#byAddress.get(source), destination, atMs)
    this.#match(this.#byAddress.get(destination), source, atMs)
  }

  #match(labels: readonly Compared[] | undefined, other: string, atMs: number): void {
    for (const { label, peer } of labels ?? []) {
      if (peer !== undefined && peer !== other) continue
      if (atMs >= label.truth.fromMs && atMs <= windowEndMs(label.truth)) label.packets += 1
    }
  }
}

interface Compared {
  readonly label: LedgerLabel
  readonly peer: string | undefined
}

/** When the label of a truth ends, ms since the epoch. */
export function windowEndMs({ toMs }: Truth): number {
  return toMs + CLOSING_MS
}

function octetsOf(text: string): string {
  const address = parseAddress(text)
  if (address === undefined) throw new Error(`${text} is no address`)
  return Buffer.from(address.bytes).toString('latin1', 0, address.version === 4 ? 4 : 16)
}

/** The spelling that manifests and reports use. */
export function canonical(text: string): string {
  const address = parseAddress(text)
  if (address === undefined) throw new Error(`${text} is no address`)
  return formatAddress(address.bytes, address.version)
}
