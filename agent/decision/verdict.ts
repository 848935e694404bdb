import type { Category, Posterior } from '../ensemble/index.ts'

/** Operating mode: nothing is judged; judged and reported; judged, reported and enforced. */
export type Mode = 'off' | 'observe' | 'enforce'

/** What may be done about an entity, from nothing to a timed block of its address. */
export type Action = 'none' | 'log' | 'alert' | 'rate-limit' | 'block'

/** What is to be done and why. `action` is what the costs ask for; `isSimulated` says that the mode keeps it from happening. */
export interface Verdict {
  /** Whole number, unique and growing over the life of the store. */
  readonly id: number
  readonly posterior: Posterior
  readonly category: Category
  readonly action: Action
  /** The address to act on, in text, with prefix length where it is not a single host. Empty for `none`, `log` and `alert`. */
  readonly target: string
  readonly durationMs: number
  readonly decidedAtMs: number
  readonly isSimulated: boolean
  /** Why a stronger action was not taken, in the words of `decide`; empty when nothing held it back. */
  readonly heldBackBy: readonly string[]
  /** Expected cost of each action considered, in the units of the cost table. */
  readonly expectedCosts: Readonly<Partial<Record<Action, number>>>
}
