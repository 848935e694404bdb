import { CodedError } from '../kit/index.ts'
import type { EvaluationSubject } from './capture-replay.ts'
import { poissonUpper95, proportion } from './exact-bounds.ts'
import { NO_ENTITIES, flowQuality, judgeCapture, unreadableCapture } from './judge-capture.ts'
import type { JudgedCapture, TruthOutcome } from './judge-capture.ts'
import type { LabelledCapture } from './labelled-capture.ts'
import { joinScores } from './ranking.ts'
import type { ScoredFlows } from './ranking.ts'
import type { EntityCounts, EntityViews, EvaluationReport, Percentiles, Rate } from './report.ts'

const HOUR_MS = 3_600_000

/** Told before each capture. */
export type EvaluationProgress = (done: number, capture: LabelledCapture) => void

/** Replays and judges one capture after the other, each from fresh state, and sums up. */
export async function evaluateCaptures(
  captures: readonly LabelledCapture[], subject: EvaluationSubject, progress: EvaluationProgress = () => {},
): Promise<EvaluationReport> {
  const judged: JudgedCapture[] = []
  for (const [index, capture] of captures.entries()) {
    progress(index, capture)
    judged.push(await replayAndJudge(capture, subject))
  }
  return summarise(judged, subject)
}

/** Totals over captures whose behaviour tells; those of strength `payload` stand apart. */
export function summarise(judged: readonly JudgedCapture[], subject: EvaluationSubject): EvaluationReport {
  const counted = judged.filter(({ report }) => report.strength === 'behaviour')
  const apart = judged.filter(({ report }) => report.strength === 'payload')
  const flows = flowQuality(pool(counted), subject.flowThreshold)
  const entities = sumViews(counted)
  const benignFlows = flows.fp + flows.tn
  // Days are those of captures in which every host is known to be innocent or labelled; only there can a false verdict be told.
  const benign = counted.filter((each) => each.isBenignByDefault)
  const days = sum(benign, ({ activeMs }) => activeMs) / (24 * HOUR_MS)
  const falsePerMillion = rate(entities.enforce.fp, benignFlows / 1e6)
  return {
    flows,
    entities,
    hours: sum(counted, ({ activeMs }) => activeMs) / HOUR_MS,
    falseEnforcementsPerMillionFlows: falsePerMillion.value,
    falseEnforcementsPerMillionFlowsUpper95: falsePerMillion.upper95,
    timeToDetect: timeToDetect(counted.flatMap(({ truths }) => truths)),
    modelHash: subject.modelHash,
    thresholds: subject.thresholds,
    bounds: {
      flowRecall: proportion(flows.tp, flows.tp + flows.fn),
      alertRecall: proportion(entities.alert.tp, entities.alert.tp + entities.alert.fn),
      enforceRecall: proportion(entities.enforce.tp, entities.enforce.tp + entities.enforce.fn),
      falseAlertsPerDay: rate(sumViews(benign).alert.fp, days),
      falseEnforcementsPerDay: rate(sumViews(benign).enforce.fp, days),
    },
    payload: { flows: flowQuality(pool(apart), subject.flowThreshold), entities: sumViews(apart) },
    captures: judged.map(({ report }) => report),
  }
}

async function replayAndJudge(capture: LabelledCapture, subject: EvaluationSubject): Promise<JudgedCapture> {
  try {
    return judgeCapture(capture, await subject.replay(capture.file, { labels: capture.labels }), subject)
  } catch (error) {
    if (!(error instanceof CodedError)) throw error
    return unreadableCapture(capture, subject, error.message)
  }
}

function pool(judged: readonly JudgedCapture[]): ScoredFlows {
  return {
    positive: joinScores(judged.map(({ scores }) => scores.positive)), negative: joinScores(judged.map(({ scores }) => scores.negative)),
  }
}

function sumViews(judged: readonly JudgedCapture[]): EntityViews {
  return judged.reduce((total, { report }) => ({
    alert: add(total.alert, report.entities.alert),
    enforce: add(total.enforce, report.entities.enforce),
  }), NO_ENTITIES)
}

function add(a: EntityCounts, b: EntityCounts): EntityCounts {
  return { tp: a.tp + b.tp, fp: a.fp + b.fp, tn: a.tn + b.tn, fn: a.fn + b.fn, wrongCategory: a.wrongCategory + b.wrongCategory }
}

function timeToDetect(truths: readonly TruthOutcome[]): EvaluationReport['timeToDetect'] {
  return {
    packets: percentiles(truths.map(({ packets }) => packets)),
    ms: percentiles(truths.map(({ ms }) => ms)),
  }
}

function percentiles(values: readonly number[]): Percentiles {
  const sorted = [...values].sort((a, b) => a - b)
  const at = (share: number): number | null => {
    const value = sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)]
    return value === undefined || !Number.isFinite(value) ? null : value
  }
  return { p50: at(0.5), p95: at(0.95) }
}

function rate(count: number, exposure: number): Rate {
  if (exposure <= 0) return { value: null, upper95: null }
  return { value: count / exposure, upper95: poissonUpper95(count) / exposure }
}

function sum(judged: readonly JudgedCapture[], of: (each: JudgedCapture) => number): number {
  return judged.reduce((total, each) => total + of(each), 0)
}
