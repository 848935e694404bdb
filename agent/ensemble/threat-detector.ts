import type { EventBatch, EventLayout } from '../capture/index.ts'
import type { FeatureRows, SequenceBatch } from '../features/index.ts'
import { ExpiringMap } from '../kit/index.ts'
import type { AddressKey } from '../kit/index.ts'
import { AnomalyDetector } from './anomaly-detector.ts'
import type { Belief } from './belief.ts'
import { nameSource, nameVictim, UNKNOWN_SURROUNDINGS } from './entity-naming.ts'
import type { Surroundings } from './entity-naming.ts'
import { EvidenceEvent } from './evidence/evidence-event.ts'
import { contactRatio } from './evidence/pair-contacts.ts'
import type { FusionParameters } from './fusion-parameters.ts'
import { HybridBayesianFusion } from './hybrid-bayesian-fusion.ts'
import type { Weighing } from './hybrid-bayesian-fusion.ts'
import { PatternRecognizer } from './pattern-recognizer.ts'
import type { Category, Entity, Posterior } from './posterior.ts'

/** What a ThreatDetector needs to know; limits have defaults. */
export interface ThreatDetectorOptions {
  readonly layout: EventLayout
  readonly parameters: FusionParameters
  /** Named by every posterior. */
  readonly modelVersion: string
  readonly surroundings?: Surroundings
  /** Entities remembered in each role (source, victim); past it the least recently seen is forgotten and counted. About .8 kB each. */
  readonly entitiesMax?: number
}

/** One batch with everything that was computed from it. Score arrays are indexed by row and by sequence; NaN means not scored. */
export interface JudgeInput {
  readonly batch: EventBatch
  readonly rows: FeatureRows
  readonly forestScores?: ArrayLike<number> | undefined
  readonly sequences?: SequenceBatch | undefined
  readonly sequenceScores?: ArrayLike<number> | undefined
}

const ENTITIES_MAX = 50_000
/** A day: the profile of a host that sleeps at night survives. */
const IDLE_MS = 86_400_000

/** Posteriors below 5 % interest nobody. */
const REPORT_LOG_ODDS_MIN = -3
/** A change of belief by less than this (a factor of 1.6 in odds) is not worth a decision. */
const REPORT_STEP = 0.5
/** An attack that goes on is reported again after this, so that what was decided about it is renewed in time; see EvidenceTest.support. */
const REPORT_AGAIN_MS = 10_000

/** A test's words are kept from this ratio on. */
const DETAIL_RATIO_MIN = 1
const PROFILE_INTERVAL_MS = 60_000
const HOUR_MS = 3_600_000

const FOREST = 0
const SEQUENCE = 1

interface Role {
  readonly beliefs: ExpiringMap<AddressKey, Belief>
  readonly tests: readonly number[]
}

/**
 * Scores and events in, posteriors out: explicit tests, learned scores and the host's own habit, fused per entity over time.
 * Pure: the same batches give the same posteriors. An entity is returned only when the belief about it changed enough to matter.
 */
export class ThreatDetector {
  readonly #modelVersion: string
  readonly #surroundings: Surroundings
  readonly #recognizer = new PatternRecognizer()
  readonly #anomalies = new AnomalyDetector()
  readonly #event: EvidenceEvent
  readonly #fusion: HybridBayesianFusion
  readonly #sources: Role
  readonly #destinations: Role
  readonly #memory: { slots: Float64Array; start: number }
  /** Column of each category in the evidence of a flow. */
  readonly #categories: readonly Category[]
  readonly #flowSums: Float64Array
  #flowLogOdds = new Float32Array(0)
  #segment = -1

  constructor(options: ThreatDetectorOptions) {
    const { layout, parameters, modelVersion, surroundings = UNKNOWN_SURROUNDINGS, entitiesMax = ENTITIES_MAX } = options
    this.#modelVersion = modelVersion
    this.#surroundings = surroundings
    this.#event = new EvidenceEvent(layout)
    const { tests, slots } = this.#recognizer
    this.#fusion = new HybridBayesianFusion(parameters, tests, slots)
    this.#sources = createRole(tests.flatMap((test, index) => (test.about === 'source' ? [index] : [])), entitiesMax)
    this.#destinations = createRole(tests.flatMap((test, index) => (test.about === 'destination' ? [index] : [])), entitiesMax)
    this.#memory = { slots: new Float64Array(0), start: 0 }
    this.#categories = [...new Set(tests.map((test) => test.category))]
    this.#flowSums = new Float64Array(this.#categories.length)
  }

  /** Entities remembered now in both roles, and those that had to go for want of room since the start. */
  get counts(): { readonly entities: number; readonly evicted: number } {
    const { beliefs: sources } = this.#sources
    const { beliefs: victims } = this.#destinations
    return { entities: sources.size + victims.size, evicted: sources.evicted + victims.evicted }
  }

  /**
   * Log-odds of each row of the last `judge`: the evidence of that flow or its pair up to this event, without the entity's other
   * behaviour (architecture.md, section 6). Valid until the next call.
   */
  get flowLogOdds(): Float32Array {
    return this.#flowLogOdds
  }

  /** Judges every row in order; what is returned refers to events by their index in the batch. */
  judge(input: JudgeInput): Posterior[] {
    const { batch, rows } = input
    if (this.#flowLogOdds.length < rows.length) this.#flowLogOdds = new Float32Array(rows.length)
    const posteriors: Posterior[] = []
    let nextSequence = 0
    for (let row = 0; row < rows.length; row++) {
      const eventIndex = rows.eventIndexes[row]!
      this.#event.select(batch, eventIndex)
      this.#startSegment(this.#event.segment)
      const { sequences } = input
      const isSequenceEnd = sequences !== undefined && nextSequence < sequences.length && sequences.rows[nextSequence] === row
      const sequenceScore = isSequenceEnd ? input.sequenceScores?.[nextSequence++] : undefined
      const source = this.#judgeSource({ eventIndex, row, forestScore: input.forestScores?.[row], sequenceScore })
      const victim = this.#judgeDestination(eventIndex)
      if (source !== undefined) posteriors.push(source)
      if (victim !== undefined) posteriors.push(victim)
    }
    return posteriors
  }

  #judgeSource({ eventIndex, row, forestScore, sequenceScore }: SourceScores): Posterior | undefined {
    const nowMs = this.#event.observedAtMs
    const belief = this.#believe(this.#sources, this.#event.sourceKey, nowMs)
    this.#runTests(belief, this.#sources)
    this.#flowLogOdds[row] = this.#flowEvidence()
    if (forestScore !== undefined) this.#fusion.addScore(belief, { source: FOREST, score: forestScore, nowMs })
    if (sequenceScore !== undefined) this.#fusion.addScore(belief, { source: SEQUENCE, score: sequenceScore, nowMs })
    if (nowMs >= belief.profileDueMs) this.#compareWithHabit(belief, nowMs)
    const weighing = this.#weigh(belief, nowMs)
    if (!isNews(belief, weighing, nowMs)) return undefined
    const entity = nameSource(this.#event.sourceAddress(), this.#event.ipVersion, {
      ...this.#surroundings, interfaceIndex: this.#event.interfaceIndex,
    })
    return this.#report({ belief, weighing, entity, eventIndex, sourceVerified: this.#event.isReturnPathProven })
  }

  #judgeDestination(eventIndex: number): Posterior | undefined {
    const nowMs = this.#event.observedAtMs
    const belief = this.#believe(this.#destinations, this.#event.destinationKey, nowMs)
    this.#runTests(belief, this.#destinations)
    const weighing = this.#weigh(belief, nowMs)
    if (!isNews(belief, weighing, nowMs)) return undefined
    const entity = nameVictim(this.#event.destinationAddress(), this.#event.ipVersion)
    return this.#report({ belief, weighing, entity, eventIndex, sourceVerified: false })
  }

  #weigh(belief: Belief, nowMs: number): Weighed {
    const weighing = this.#fusion.weigh(belief, nowMs)
    const isLikely = weighing.logOdds >= REPORT_LOG_ODDS_MIN
    return { ...weighing, newSupport: isLikely ? this.#fusion.newSupport(belief, weighing.category, nowMs) : 0 }
  }

  #believe({ beliefs }: Role, key: AddressKey, nowMs: number): Belief {
    const known = beliefs.get(key, nowMs)
    if (known !== undefined) return known
    const belief = this.#fusion.layout.create()
    belief.profileDueMs = nowMs + HOUR_MS
    beliefs.set(key, belief, nowMs)
    return belief
  }

  #runTests(belief: Belief, role: Role): void {
    this.#memory.slots = belief.numbers
    this.#flowSums.fill(0)
    for (const index of role.tests) {
      const test = this.#recognizer.tests[index]!
      this.#memory.start = this.#fusion.layout.slots + this.#recognizer.slotsStart(index)
      const ratio = test.measure(this.#event, this.#memory)
      const before = belief.numbers[index]!
      if (ratio === 0 && before === 0) continue
      if (test.scope === 'pair') this.#flowSums[this.#categories.indexOf(test.category)]! += this.#fusion.weighted(index, ratio)
      if (!this.#take(belief, index, ratio)) continue
      if (ratio >= DETAIL_RATIO_MIN && (ratio > before || belief.details === undefined)) this.#describe(belief, index)
    }
  }

  /** Enters a test's ratio into the belief, with what supports it; false where a stronger pair stands. */
  #take(belief: Belief, index: number, ratio: number): boolean {
    const test = this.#recognizer.tests[index]!
    const nowMs = this.#event.observedAtMs
    const other = this.#event.destinationKey
    const isAnotherPair = test.scope === 'pair' && belief.holders?.[index] !== other
    if (test.scope === 'host') this.#fusion.setHostRatio(belief, index, ratio)
    else if (!this.#fusion.setPairRatio(belief, { test: index, ratio, other, nowMs })) return false
    this.#fusion.setSupport(belief, index, { count: test.support(this.#event), isAnotherPair, nowMs })
    return true
  }

  #describe(belief: Belief, index: number): void {
    belief.details ??= []
    belief.details[index] = this.#recognizer.tests[index]!.explain(this.#event)
  }

  #flowEvidence(): number {
    const scan = this.#categories.indexOf('scan')
    this.#flowSums[scan]! += contactRatio(this.#event)
    let most = this.#flowSums[0]!
    for (let index = 1; index < this.#flowSums.length; index++) most = Math.max(most, this.#flowSums[index]!)
    return this.#fusion.prior('scan') + most
  }

  #compareWithHabit(belief: Belief, nowMs: number): void {
    belief.profile ??= this.#anomalies.createProfile(nowMs - HOUR_MS)
    const ratio = this.#anomalies.measure(this.#event, belief.profile)
    this.#fusion.setProfileRatio(belief, ratio)
    belief.profileDueMs = nowMs + PROFILE_INTERVAL_MS
    if (ratio === 0) return
    belief.details ??= []
    belief.details[this.#recognizer.tests.length] = this.#anomalies.explain()
  }

  #report({ belief, weighing, entity, eventIndex, sourceVerified }: Report): Posterior {
    const nowMs = this.#event.observedAtMs
    const contributions = this.#fusion.contributions(belief, weighing.category, nowMs)
    const logOdds = contributions.reduce((sum, { weight, logLikelihoodRatio }) => sum + weight * logLikelihoodRatio, 0)
    belief.reportedLogOdds = weighing.logOdds
    belief.reportedCategory = weighing.category
    belief.reportedAtMs = nowMs
    this.#fusion.noteReported(belief)
    return {
      entity, category: weighing.category, probability: 1 / (1 + Math.exp(-logOdds)), logOdds, contributions, sourceVerified,
      observedAtMs: nowMs, modelVersion: this.#modelVersion, eventIndex,
    }
  }

  /** Packet time jumped in a file: what came before belongs to another time. */
  #startSegment(segment: number): void {
    if (segment === this.#segment) return
    this.#segment = segment
    this.#sources.beliefs.clear()
    this.#destinations.beliefs.clear()
  }
}

interface Weighed extends Weighing {
  readonly newSupport: number
}

interface SourceScores {
  readonly eventIndex: number
  readonly row: number
  readonly forestScore: number | undefined
  readonly sequenceScore: number | undefined
}

interface Report {
  readonly belief: Belief
  readonly weighing: Weighing
  readonly entity: Entity
  readonly eventIndex: number
  readonly sourceVerified: boolean
}

function createRole(tests: readonly number[], capacity: number): Role {
  return { beliefs: new ExpiringMap({ capacity, idleTimeoutMs: IDLE_MS }), tests }
}

/**
 * Worth a decision: likely enough, and either clearly more likely than ever reported, by what this event adds; or still going on, or now
 * of another category. Old evidence is not reported again because a model likes the entity less than before: only what never was likely
 * may rise so. Nor because it fell and rises: what is renewed must be going on.
 */
function isNews(belief: Belief, { category, logOdds, newSupport }: Weighed, nowMs: number): boolean {
  if (logOdds < REPORT_LOG_ODDS_MIN) {
    belief.reportedLogOdds = -Infinity
    belief.reportedCategory = undefined
    return false
  }
  const { reportedLogOdds } = belief
  if (logOdds >= reportedLogOdds + REPORT_STEP && (newSupport > 0 || reportedLogOdds < 0)) return true
  // Belief that was never likely and fell may rise again, and is news then.
  if (reportedLogOdds < 0) belief.reportedLogOdds = Math.min(reportedLogOdds, logOdds + REPORT_STEP)
  const isDue = logOdds >= 0 && nowMs - belief.reportedAtMs >= REPORT_AGAIN_MS
  return newSupport >= 1 && (isDue || category !== belief.reportedCategory)
}
