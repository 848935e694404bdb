import type { IpPrefix } from '../kit/index.ts'

/** The categories of attack that a label may name. */
export const CATEGORIES = [
  'scan', 'bruteforce', 'flood', 'c2', 'exfiltration', 'dns-tunnel', 'icmp-tunnel', 'exploit', 'vpn-abuse', 'malware',
] as const

/** One of CATEGORIES. */
export type LabelCategory = (typeof CATEGORIES)[number]

/** What all flows are that no label matches. `malicious` counts flows and names no entity; `unknown` counts nowhere. */
export type DefaultLabel = 'benign' | 'unknown' | 'malicious'

/** Whether behaviour gives the attack away, or only the content of its packets. */
export type Strength = 'behaviour' | 'payload'

/** One rule of ground truth: who is to blame, or who suffers where sources are spoofed or reflected. */
export interface Label {
  readonly role: 'entity' | 'victim'
  /** In the spelling of kit's formatAddress. */
  readonly address: string
  readonly peer: string | undefined
  readonly category: LabelCategory
  /** Packet time, inclusive; infinite where the manifest gives no window. */
  readonly fromMs: number
  readonly toMs: number
  /** `FILE:LINE` of the manifest. */
  readonly place: string
}

/** One capture of a manifest. */
export interface LabelledCapture {
  readonly id: string
  /** Absolute path. */
  readonly file: string
  readonly source: string
  readonly strength: Strength
  /** The protected side; empty when every host counts. */
  readonly home: readonly IpPrefix[]
  readonly default: DefaultLabel
  readonly labels: readonly Label[]
  readonly place: string
}
