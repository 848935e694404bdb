import type { ActivityStep, EvaluationSubject, ReplayedCapture, ReplayedFlow, ReplayedVerdict } from './capture-replay.ts'
import { entityGround, judgeView } from './entity-view.ts'
import type { EntityGround, EntityView, Truth } from './entity-view.ts'
import { classifyFlow } from './label-matching.ts'
import type { LabelledCapture } from './labelled-capture.ts'
import { rank } from './ranking.ts'
import type { ScoredFlows } from './ranking.ts'
import type { CaptureReport, EntityCounts, EntityViews, FlowQuality } from './report.ts'

/** What became of one truth. */
export interface TruthOutcome extends Pick<Truth, 'role' | 'address' | 'category'> {
  readonly alerted: boolean
  readonly enforced: boolean
  /** How long it took to be alerted on; both infinite when it never was. */
  readonly packets: number
  readonly ms: number
  /** What it was first named for, where that was never the right thing. */
  readonly wrongCategory: string | undefined
}

/** What one detector made of the entities of a capture. */
export interface EntityOutcome {
  readonly alert: EntityView
  readonly enforce: EntityView
  readonly truths: readonly TruthOutcome[]
}

/** What one capture adds to the totals. */
export interface JudgedCapture {
  readonly report: CaptureReport
  readonly scores: ScoredFlows
  readonly truths: readonly TruthOutcome[]
  readonly activeMs: number
  readonly isBenignByDefault: boolean
}

/** Verdicts that a report lists of one capture. */
const VERDICTS_LISTED_MAX = 1_000
const REPORTED: ReadonlySet<string> = new Set(['alert', 'rate-limit', 'block'])
const ENFORCED: ReadonlySet<string> = new Set(['rate-limit', 'block'])

/** Holds what the pipeline did on one capture against what its labels say. */
export function judgeCapture(capture: LabelledCapture, replayed: ReplayedCapture, subject: EvaluationSubject): JudgedCapture {
  const scores = scoresByClass(capture, replayed.flows)
  const ground = entityGround(capture, replayed)
  const verdicts = reported(replayed.verdicts)
  const { alert, enforce, truths } = judgeEntities(ground, verdicts, replayed.activity)
  const unmatched = capture.labels.filter((_, index) => (replayed.activity[index] ?? []).length === 0)
  const report: CaptureReport = {
    ...header(capture, subject),
    packets: replayed.packets,
    activeSeconds: replayed.activeMs / 1_000,
    labelsMatched: capture.labels.length - unmatched.length,
    detectedAtMs: firstMoment(alert.hits),
    flows: flowQuality(scores, subject.flowThreshold),
    entities: { alert: alert.counts, enforce: enforce.counts },
    verdicts: verdicts.slice(0, VERDICTS_LISTED_MAX).map(({ entity, category, action, atMs }) =>
      ({ entity: entity.value, kind: entity.kind, category, action, atMs })),
    verdictsLeftOut: Math.max(0, verdicts.length - VERDICTS_LISTED_MAX),
    ...(unmatched.length === 0 ? {} : { error: `no packet matches the label at ${unmatched.map((label) => label.place).join(', ')}` }),
  }
  return { report, scores, truths, activeMs: replayed.activeMs, isBenignByDefault: capture.default === 'benign' }
}

/** Both views of one detector's verdicts, and what they make of each truth. */
export function judgeEntities(
  ground: EntityGround, verdicts: readonly ReplayedVerdict[], activity: ReplayedCapture['activity'],
): EntityOutcome {
  const shown = reported(verdicts)
  const alert = judgeView(ground, shown)
  const enforce = judgeView(ground, shown.filter((verdict) => ENFORCED.has(verdict.action)))
  const truths = ground.truths.map(({ role, address, category, labels }, index): TruthOutcome => ({
    role, address, category,
    alerted: alert.hits[index] !== undefined,
    enforced: enforce.hits[index] !== undefined,
    ...timeToDetect(labels.map((label) => activity[label] ?? []), alert.hits[index]),
    wrongCategory: alert.wrong[index]?.category,
  }))
  return { alert, enforce, truths }
}

/** A capture that could not be replayed: it counts nowhere, and says why. */
export function unreadableCapture(capture: LabelledCapture, subject: EvaluationSubject, error: string): JudgedCapture {
  const scores = { positive: [], negative: [] }
  const report: CaptureReport = {
    ...header(capture, subject), packets: 0, activeSeconds: 0, labelsMatched: 0, detectedAtMs: null,
    flows: flowQuality(scores, subject.flowThreshold), entities: NO_ENTITIES, verdicts: [], verdictsLeftOut: 0, error,
  }
  return { report, scores, truths: [], activeMs: 0, isBenignByDefault: capture.default === 'benign' }
}

/** Counts at the threshold and ranking at all of them. */
export function flowQuality(scores: ScoredFlows, threshold: number): FlowQuality {
  const tp = countFrom(scores.positive, threshold)
  const fp = countFrom(scores.negative, threshold)
  const { auc, truePositiveRate } = rank(scores, 0.001)
  return { tp, fp, tn: scores.negative.length - fp, fn: scores.positive.length - tp, auc, 'tpr_at_fpr_0.001': truePositiveRate }
}

const NOTHING: EntityCounts = { tp: 0, fp: 0, tn: 0, fn: 0, wrongCategory: 0 }
/** The views of no captures at all. */
export const NO_ENTITIES: EntityViews = { alert: NOTHING, enforce: NOTHING }

type Header = Pick<CaptureReport, 'id' | 'source' | 'strength' | 'inSample'>

function header({ id, source, strength }: LabelledCapture, { trainedOn }: EvaluationSubject): Header {
  return { id, source, strength, inSample: trainedOn.some((each) => each.capture === id && each.source === source) }
}

function firstMoment(hits: readonly (ReplayedVerdict | undefined)[]): number | null {
  const moments = hits.flatMap((hit) => (hit === undefined ? [] : [hit.atMs]))
  return moments.length === 0 ? null : Math.min(...moments)
}

function scoresByClass(capture: LabelledCapture, flows: readonly ReplayedFlow[]): ScoredFlows {
  const positive: number[] = []
  const negative: number[] = []
  for (const flow of flows) {
    if (!Number.isFinite(flow.score)) throw new Error(`flow score ${flow.score} is not finite`)
    const found = classifyFlow(flow, capture)
    if (found === 'attack') positive.push(flow.score)
    else if (found === 'benign') negative.push(flow.score)
  }
  return { positive, negative }
}

function countFrom(scores: ArrayLike<number>, threshold: number): number {
  let count = 0
  for (let index = 0; index < scores.length; index += 1) if (scores[index]! >= threshold) count += 1
  return count
}

/** Verdicts that somebody hears of, in order of time. */
function reported(verdicts: readonly ReplayedVerdict[]): ReplayedVerdict[] {
  return verdicts.filter((verdict) => REPORTED.has(verdict.action)).sort((a, b) => a.atMs - b.atMs)
}

/** From the first packet of the truth's first window on; later windows of the same truth do not start the clock anew. */
function timeToDetect(
  activity: readonly (readonly ActivityStep[])[], hit: ReplayedVerdict | undefined,
): Pick<TruthOutcome, 'packets' | 'ms'> {
  if (hit === undefined) return { packets: Number.POSITIVE_INFINITY, ms: Number.POSITIVE_INFINITY }
  const steps = activity.flat()
  const firstAtMs = steps.reduce((first, step) => Math.min(first, step.atMs), hit.atMs)
  const packets = steps.reduce((sum, step) => (step.atMs <= hit.atMs ? sum + step.packets : sum), 0)
  return { packets, ms: hit.atMs - firstAtMs }
}
