import { calibratedLogRatio } from '../kit/index.ts'
import type { AddressKey } from '../kit/index.ts'
import { BeliefLayout, LEARNED_SOURCES } from './belief.ts'
import type { Belief } from './belief.ts'
import { clamp, RATIO_MAX } from './evidence/evidence-test.ts'
import type { EvidenceTest } from './evidence/evidence-test.ts'
import type { FusionParameters, FusionSource } from './fusion-parameters.ts'
import type { Category, Contribution } from './posterior.ts'

/** The category of an entity that only learned scores speak about: something is unlike the benign traffic they know. */
const UNSPECIFIC: Category = 'malware'

/** Learned scores fade with this time constant, so that a bad minute in the morning is forgotten at noon. */
const LEARNED_FADE_MS = 300_000

/** However long it speaks, one learned source adds up to at most two full contributions. */
const LEARNED_SUM_CAPS = 2

/**
 * Everything learned without labels of this network, both models and the host's own habit, multiplies the odds by at most ten. They read
 * the same rows, so they repeat one another; and they find what is unlike, not what is hostile. With the prior of -6.9 this means:
 * - on their own they reach -4.6 (p = .01), which is not even reported: nobody is woken by a model alone;
 * - beside them a test must bring 4.6 nats for an alert, ln(.99 / .01): what Jung's walk asks before it decides;
 * - a beacon's regularity, at most 6.5, stays below the block threshold (log-odds 1.98 with the default costs) with all of them.
 */
const LEARNED_RATIO_MAX = Math.log(10)

/** The strongest pair of an entity counts until another is stronger; its ratio fades with this time constant. */
const PAIR_FADE_MS = 1_800_000

/** Support that was not yet reported fades with this time constant: four failures within two minutes make news, four in an hour do not. */
const SUPPORT_FADE_MS = 120_000

const PROFILE_SOURCE = 'anomaly.profile'

/** What fusion believes of an entity at a time: the likeliest category and its natural log-odds. */
export interface Weighing {
  readonly category: Category
  readonly logOdds: number
}

/** What supports a test at an event; see EvidenceTest.support. */
export interface Support {
  readonly count: number
  /** Another pair than before gives the test its ratio. */
  readonly isAnotherPair: boolean
  readonly nowMs: number
}

/**
 * Posterior log-odds = prior + sum of weight x clamped log-likelihood ratio over all sources, per entity and category (learning.md,
 * section 3). Tests over independent trials replace their former ratio; learned scores go through a CUSUM with forgetting.
 * Sums are formed in the order of the tests, so results are the same everywhere.
 */
export class HybridBayesianFusion {
  readonly layout: BeliefLayout
  readonly #parameters: FusionParameters
  readonly #tests: readonly EvidenceTest[]
  readonly #sources: readonly FusionSource[]
  readonly #learned: readonly (FusionSource | undefined)[]
  readonly #profile: FusionSource
  readonly #categories: readonly Category[]
  readonly #priors: Float64Array
  readonly #categoryOfTest: Uint8Array
  readonly #sums: Float64Array
  /** Evidence of tests counted so far, by category. */
  readonly #counted: Float64Array

  constructor(parameters: FusionParameters, tests: readonly EvidenceTest[], slots: number) {
    this.layout = new BeliefLayout(tests.length, slots)
    this.#parameters = parameters
    this.#tests = tests
    this.#sources = tests.map((test) => parameters.sources[test.name] ?? parameters.defaultTest)
    this.#learned = LEARNED_SOURCES.map((name) => parameters.sources[name])
    this.#profile = parameters.sources[PROFILE_SOURCE] ?? { weight: 1, cap: 3 }
    this.#categories = [UNSPECIFIC, ...new Set(tests.map((test) => test.category).filter((category) => category !== UNSPECIFIC))]
    this.#priors = Float64Array.from(this.#categories, (category) => this.#priorOf(category))
    this.#categoryOfTest = Uint8Array.from(tests, (test) => this.#categories.indexOf(test.category))
    this.#sums = new Float64Array(this.#categories.length)
    this.#counted = new Float64Array(this.#categories.length)
  }

  /** The share of a test's ratio that counts, after its cap. */
  weighted(test: number, ratio: number): number {
    const { weight, cap } = this.#sources[test]!
    return weight * clamp(ratio, -cap, cap)
  }

  /** The prior log-odds of a category. */
  prior(category: Category): number {
    return this.#priors[Math.max(0, this.#categories.indexOf(category))]!
  }

  /** A test of host scope replaces what it said before. */
  setHostRatio(belief: Belief, test: number, ratio: number): void {
    belief.numbers[this.layout.ratio(test)] = ratio
  }

  /** A test of pair scope replaces what it said of the same pair, or a weaker pair. True when it now stands. */
  setPairRatio(belief: Belief, { test, ratio, other, nowMs }: { test: number; ratio: number; other: AddressKey; nowMs: number }): boolean {
    const held = belief.numbers[this.layout.ratio(test)]!
    if (ratio === 0 && held === 0) return false
    const faded = held * Math.exp(-Math.max(0, nowMs - belief.numbers[this.layout.heldAtMs(test)]!) / PAIR_FADE_MS)
    // A pair that falls silent in this test (0) keeps what it showed, fading: most events of a pair say nothing new.
    if (ratio < faded && (ratio === 0 || belief.holders?.[test] !== other)) return false
    belief.numbers[this.layout.ratio(test)] = ratio
    belief.numbers[this.layout.heldAtMs(test)] = nowMs
    belief.holders ??= this.#tests.map(() => undefined)
    belief.holders[test] = other
    return true
  }

  /** Adds one score of a learned source, at most one in the learned interval; true when it was taken. */
  addScore(belief: Belief, { source, score, nowMs }: { source: number; score: number; nowMs: number }): boolean {
    const parameters = this.#learned[source]
    if (parameters?.calibration === undefined || !Number.isFinite(score)) return false
    const { numbers } = belief
    const sinceMs = nowMs - numbers[this.layout.sumAtMs(source)]!
    if (sinceMs < this.#parameters.learnedIntervalMs) return false
    const ratio = clamp(calibratedLogRatio(parameters.calibration, score), -parameters.cap, parameters.cap)
    const faded = numbers[this.layout.sum(source)]! * Math.exp(-sinceMs / LEARNED_FADE_MS)
    numbers[this.layout.sum(source)] = clamp(faded + ratio, 0, LEARNED_SUM_CAPS * parameters.cap)
    numbers[this.layout.sumAtMs(source)] = nowMs
    numbers[this.layout.lastScore(source)] = score
    return true
  }

  setProfileRatio(belief: Belief, ratio: number): void {
    belief.numbers[this.layout.profileRatio] = ratio
  }

  /** Notes what supports a test now. A pair that takes another's place is new evidence, whatever its counts. */
  setSupport(belief: Belief, test: number, { count, isAnotherPair, nowMs }: Support): void {
    const { numbers } = belief
    const { layout } = this
    const growth = isAnotherPair ? 1 : count - numbers[layout.support(test)]!
    numbers[layout.support(test)] = count
    // Where it shrinks, the meter had forgotten the host and counts anew.
    if (growth <= 0) return
    const sinceMs = Math.max(0, nowMs - numbers[layout.supportedAtMs(test)]!)
    // What came before counts as one at most: the tail of an attack must not make news of a stray packet minutes later.
    numbers[layout.newSupport(test)] = Math.min(1, numbers[layout.newSupport(test)]!) * Math.exp(-sinceMs / SUPPORT_FADE_MS) + growth
    numbers[layout.supportedAtMs(test)] = nowMs
  }

  /**
   * What is new in support of a category at this very event, with what came shortly before and was not reported: 0 when this event adds
   * nothing, 1 or more when the attack is still going on.
   */
  newSupport(belief: Belief, category: Category, nowMs: number): number {
    const { numbers } = belief
    let most = 0
    for (let test = 0; test < this.#tests.length; test++) {
      const isSpeaking = this.#tests[test]!.category === category && numbers[this.layout.ratio(test)]! > 0
      if (isSpeaking && numbers[this.layout.supportedAtMs(test)] === nowMs) most = Math.max(most, numbers[this.layout.newSupport(test)]!)
    }
    return most
  }

  /** From here on only what is new counts as going on. */
  noteReported(belief: Belief): void {
    for (let test = 0; test < this.#tests.length; test++) belief.numbers[this.layout.newSupport(test)] = 0
  }

  /** The likeliest category. Ties go to the first of the tests' order; without any test speaking, to the unspecific one. */
  weigh(belief: Belief, nowMs: number): Weighing {
    this.#sums.set(this.#priors)
    this.#counted.fill(0)
    for (let test = 0; test < this.#tests.length; test++) {
      const ratio = this.#standing(belief, test, nowMs)
      if (ratio !== 0) this.#sums[this.#categoryOfTest[test]!]! += this.#count(test, ratio)
    }
    let best = 0
    for (let index = 1; index < this.#sums.length; index++) if (this.#sums[index]! > this.#sums[best]!) best = index
    return { category: this.#categories[best]!, logOdds: this.#sums[best]! + this.#unspecific(belief, nowMs) }
  }

  /** Every summand of a category's log-odds, the largest by magnitude first. */
  contributions(belief: Belief, category: Category, nowMs: number): Contribution[] {
    const all: Contribution[] = [{
      source: 'prior', logLikelihoodRatio: this.prior(category), weight: 1,
      detail: `one entity in ${Math.round(1 + Math.exp(-this.prior(category)))} is assumed hostile before anything is seen`,
    }]
    this.#counted.fill(0)
    this.#tests.forEach((test, index) => {
      const counted = test.category === category ? this.#count(index, this.#standing(belief, index, nowMs)) : 0
      if (counted === 0) return
      const { weight } = this.#sources[index]!
      const detail = belief.details?.[index] ?? 'what was seen so far speaks neither loudly for nor against it'
      all.push({ source: test.name, logLikelihoodRatio: counted / weight, weight, detail })
    })
    this.#pushLearned(all, belief, nowMs)
    return all.sort((a, b) => Math.abs(b.weight * b.logLikelihoodRatio) - Math.abs(a.weight * a.logLikelihoodRatio))
  }

  /**
   * What a test adds to its category. Tests of one category look at the same packets from several sides, so together they count no more
   * than one test over independent trials: the later one has what room the earlier ones left.
   */
  #count(test: number, ratio: number): number {
    const category = this.#categoryOfTest[test]!
    const before = this.#counted[category]!
    const after = clamp(before + this.weighted(test, ratio), -RATIO_MAX, RATIO_MAX)
    this.#counted[category] = after
    return after - before
  }

  #pushLearned(all: Contribution[], belief: Belief, nowMs: number): void {
    const share = this.#learnedShare(belief, nowMs)
    LEARNED_SOURCES.forEach((source, index) => {
      const sum = this.#learnedSum(belief, index, nowMs)
      if (sum === 0) return
      const score = belief.numbers[this.layout.lastScore(index)]!
      const detail = `model score ${score.toFixed(3)} at the last event, summed over time with forgetting`
      all.push({ source, logLikelihoodRatio: sum, weight: share * this.#learned[index]!.weight, detail })
    })
    const profile = this.#profileRatio(belief)
    if (profile === 0) return
    const detail = belief.details?.[this.#tests.length] ?? 'the last hour is unlike this host'
    all.push({ source: PROFILE_SOURCE, logLikelihoodRatio: profile, weight: share * this.#profile.weight, detail })
  }

  /** The share of learned evidence that counts, so that all of it together keeps its bound. */
  #learnedShare(belief: Belief, nowMs: number): number {
    const sum = this.#learnedTotal(belief, nowMs)
    return sum > LEARNED_RATIO_MAX ? LEARNED_RATIO_MAX / sum : 1
  }

  #unspecific(belief: Belief, nowMs: number): number {
    return Math.min(LEARNED_RATIO_MAX, this.#learnedTotal(belief, nowMs))
  }

  #learnedTotal(belief: Belief, nowMs: number): number {
    let sum = 0
    for (let source = 0; source < LEARNED_SOURCES.length; source++) {
      const learned = this.#learnedSum(belief, source, nowMs)
      if (learned !== 0) sum += this.#learned[source]!.weight * learned
    }
    return sum + this.#profile.weight * this.#profileRatio(belief)
  }

  #learnedSum(belief: Belief, source: number, nowMs: number): number {
    const sum = belief.numbers[this.layout.sum(source)]!
    if (sum === 0) return 0
    return sum * Math.exp(-Math.max(0, nowMs - belief.numbers[this.layout.sumAtMs(source)]!) / LEARNED_FADE_MS)
  }

  #profileRatio(belief: Belief): number {
    return clamp(belief.numbers[this.layout.profileRatio]!, -this.#profile.cap, this.#profile.cap)
  }

  #standing(belief: Belief, test: number, nowMs: number): number {
    const ratio = belief.numbers[this.layout.ratio(test)]!
    if (ratio === 0 || this.#tests[test]!.scope === 'host') return ratio
    return ratio * Math.exp(-Math.max(0, nowMs - belief.numbers[this.layout.heldAtMs(test)]!) / PAIR_FADE_MS)
  }

  #priorOf(category: Category): number {
    return this.#parameters.categoryPriorLogOdds[category] ?? this.#parameters.priorLogOdds
  }
}
