/** The categories of architecture.md, section 6. */
export type Category =
  | 'scan' | 'bruteforce' | 'flood' | 'c2' | 'exfiltration' | 'dns-tunnel' | 'icmp-tunnel' | 'exploit' | 'vpn-abuse' | 'malware'

/** Who did it, or for spoofed and reflected floods who suffers it: the most precise name known. */
export interface Entity {
  readonly kind: 'vpn-peer' | 'inner-address' | 'outer-address' | 'victim'
  /** The VPN peer's name or the address in text. */
  readonly value: string
}

/** One reason for a posterior: an exact summand of the log-odds, in nats. */
export interface Contribution {
  /** Name of the test or model: `scan.random-walk`, `forest`, `sequence`, `prior` ... */
  readonly source: string
  readonly logLikelihoodRatio: number
  readonly weight: number
  /** For people: what was seen, with its numbers. */
  readonly detail: string
}

/** What the ensemble believes about one entity after one event. */
export interface Posterior {
  readonly entity: Entity
  readonly category: Category
  /** 0..1 */
  readonly probability: number
  /** Natural log-odds: the sum of weight * logLikelihoodRatio over all contributions. */
  readonly logOdds: number
  /** All summands, the largest by magnitude first. */
  readonly contributions: readonly Contribution[]
  /** True only after a completed TCP handshake or through an authenticated tunnel. */
  readonly sourceVerified: boolean
  /** Packet time of the event, milliseconds since the epoch. */
  readonly observedAtMs: number
  readonly modelVersion: string
  /** The index of the event in its batch. */
  readonly eventIndex: number
}

/** What one evidence test says about one event. */
export interface Finding {
  /** Name of the test: `scan.random-walk`, `flood.syn-cusum`, `bruteforce.flat-traffic`, `beacon.regularity` ... */
  readonly test: string
  readonly category: Category
  /** Which end of the flow the finding is about. */
  readonly about: 'source' | 'destination'
  /** Whether the finding names that end as the attacker's victim (spoofed or reflected floods). */
  readonly isVictim: boolean
  /** Accumulated evidence of that test for that end, natural log, within +-12. Replaces the test's former value. */
  readonly logLikelihoodRatio: number
  readonly detail: string
}
