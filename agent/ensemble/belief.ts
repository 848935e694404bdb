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

/** Where numbers stand: ratio, time, support, what is new of it and since when by test; sum, time, last score by model; tests' slots. */
export class BeliefLayout {
  readonly size: number
  readonly #tests: number
  readonly #learned: number
  readonly #profile: number
  readonly slots: number

  constructor(tests: number, slots: number) {
    this.#tests = tests
    this.#learned = 5 * tests
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

  /** What supports a test, at its last measurement. */
  support(test: number): number {
    return 2 * this.#tests + test
  }

  /** How much of that is new since the entity was last reported, fading. */
  newSupport(test: number): number {
    return 3 * this.#tests + test
  }

  /** When support last grew. */
  supportedAtMs(test: number): number {
    return 4 * this.#tests + test
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
