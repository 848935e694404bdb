import type { AddressKey } from '../kit/index.ts'
import type { HostProfile } from './anomaly-detector.ts'
import type { Category } from './posterior.ts'

/** What fusion keeps of one entity. One array holds all numbers: entities come by the ten thousand in a flood. */
export interface Belief {
  /** See BeliefLayout for what stands where. */
  readonly numbers: Float64Array
  /** The other end of the pair that gave each pair test its ratio. */
  holders: (AddressKey | undefined)[] | undefined
  /** What each test saw when it last rose, for people; only of tests worth a word. */
  details: (string | undefined)[] | undefined
  profile: HostProfile | undefined
  profileDueMs: number
  reportedLogOdds: number
  reportedCategory: Category | undefined
  reportedAtMs: number
}

/** Learned sources: what a model says of an event, calibrated. */
export const LEARNED_SOURCES = ['forest', 'sequence'] as const

/** Where an entity's numbers stand: ratios and their times by test, sums, times and last scores by learned source, slots of the tests. */
export class BeliefLayout {
  readonly size: number
  readonly #tests: number
  readonly #learned: number
  readonly #profile: number
  readonly slots: number

  constructor(tests: number, slots: number) {
    this.#tests = tests
    this.#learned = 2 * tests
    this.#profile = this.#learned + 3 * LEARNED_SOURCES.length
    this.slots = this.#profile + 1
    this.size = this.slots + slots
  }

  ratio(test: number): number {
    return test
  }

  heldAtMs(test: number): number {
    return this.#tests + test
  }

  /** CUSUM of a learned source. */
  sum(source: number): number {
    return this.#learned + 3 * source
  }

  sumAtMs(source: number): number {
    return this.#learned + 3 * source + 1
  }

  lastScore(source: number): number {
    return this.#learned + 3 * source + 2
  }

  get profileRatio(): number {
    return this.#profile
  }

  create(): Belief {
    return {
      numbers: new Float64Array(this.size),
      holders: undefined,
      details: undefined,
      profile: undefined,
      profileDueMs: 0,
      reportedLogOdds: -Infinity,
      reportedCategory: undefined,
      reportedAtMs: 0,
    }
  }
}
