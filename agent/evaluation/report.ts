import type { Proportion } from './exact-bounds.ts'
import type { ReplayedVerdict } from './capture-replay.ts'
import type { Strength } from './labelled-capture.ts'

/** Flows by what they were and what they were called. */
export interface FlowCounts {
  readonly tp: number
  readonly fp: number
  readonly tn: number
  readonly fn: number
}

/** Flow counts with what does not depend on the threshold; null where one class is missing. */
export interface FlowQuality extends FlowCounts {
  readonly auc: number | null
  readonly 'tpr_at_fpr_0.001': number | null
}

/** Entities of one view; `wrongCategory` are those of `fn` that were named for something else. */
export interface EntityCounts extends FlowCounts {
  readonly wrongCategory: number
}

/** Both views of one run: what was reported, and what would have been acted on. */
export interface EntityViews {
  readonly alert: EntityCounts
  readonly enforce: EntityCounts
}

/** Percentiles by nearest rank; null without attacks, or where the percentile falls on a miss. */
export interface Percentiles {
  readonly p50: number | null
  readonly p95: number | null
}

/** A rate of events with its exact one-sided 95 % upper bound; null where nothing was watched. */
export interface Rate {
  readonly value: number | null
  readonly upper95: number | null
}

/** One verdict, as the report lists it. */
export interface ListedVerdict {
  readonly entity: string
  readonly kind: ReplayedVerdict['entity']['kind']
  readonly category: string
  readonly action: string
  readonly atMs: number
}

/** One capture of the report. With `error`, its counts are those of what could be judged, if anything. */
export interface CaptureReport {
  readonly id: string
  readonly source: string
  readonly strength: Strength
  readonly packets: number
  readonly activeSeconds: number
  readonly labelsMatched: number
  /** Packet time of the first right verdict, ms since the epoch. */
  readonly detectedAtMs: number | null
  readonly inSample: boolean
  readonly flows: FlowQuality
  readonly entities: EntityViews
  readonly verdicts: readonly ListedVerdict[]
  /** Verdicts beyond the listed ones. */
  readonly verdictsLeftOut: number
  readonly error?: string
}

/** The yardstick: `phantomd evaluate --json`. Captures of strength `payload` stand apart and enter no other count. */
export interface EvaluationReport {
  readonly flows: FlowQuality
  readonly entities: EntityViews
  readonly hours: number
  readonly falseEnforcementsPerMillionFlows: number | null
  readonly falseEnforcementsPerMillionFlowsUpper95: number | null
  readonly timeToDetect: { readonly packets: Percentiles; readonly ms: Percentiles }
  readonly modelHash: string
  readonly thresholds: Readonly<Record<string, number>>
  /** Exact bounds beside the counts above. */
  readonly bounds: {
    readonly flowRecall: Proportion
    readonly alertRecall: Proportion
    readonly enforceRecall: Proportion
    readonly falseAlertsPerDay: Rate
    readonly falseEnforcementsPerDay: Rate
  }
  readonly payload: { readonly flows: FlowQuality; readonly entities: EntityViews }
  readonly captures: readonly CaptureReport[]
}
