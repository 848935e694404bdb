import type { Category } from '../posterior.ts'
import type { EvidenceEvent } from './evidence-event.ts'

/** Numbers that a test keeps of one entity between events: the slots from `start` on in the entity's own array; all 0 at first. */
export interface TestMemory {
  readonly slots: Float64Array
  readonly start: number
}

/**
 * One explicit test: what it looks for, with its source, as a log-likelihood ratio. Deterministic and without state of its own.
 *
 * A test of `host` scope accumulates evidence about one end over all it does. A test of `pair` scope judges the pair of the event:
 * fusion keeps the strongest pair of the entity, and the pair's own ratio is evidence about its flows.
 */
export interface EvidenceTest {
  readonly name: string
  readonly category: Category
  readonly scope: 'host' | 'pair'
  readonly about: 'source' | 'destination'
  /** True where the end it is about suffers: sources of floods may be spoofed. */
  readonly isVictim: boolean
  /** Slots of memory an entity; 0 for tests without memory. */
  readonly slots: number
  /** Natural log of P(seen | attack) / P(seen | benign), in nats, within +-12; 0 says nothing. */
  measure(event: EvidenceEvent, memory: TestMemory): number
  /**
   * What supports the test so far, in units of which one more means that it is still going on: while it stands still, what the test says
   * is old. It grows with time or with a count of the meter.
   */
  support(event: EvidenceEvent): number
  /** What was seen, with its numbers and units, in one sentence. Called only for events that matter. */
  explain(event: EvidenceEvent): string
}

/** Independent trials enter as one ratio of at most this much (learning.md, section 3). */
export const RATIO_MAX = 12

/** The value, kept within [min, max]. */
export function clamp(value: number, min: number, max: number): number {
  if (value > max) return max
  return value > min ? value : min
}
