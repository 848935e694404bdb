import type { Action } from '../decision/index.ts'
import type { Category, Entity } from '../ensemble/index.ts'
import type { Label } from './labelled-capture.ts'

/** One finished flow. Addresses in the spelling of kit's formatAddress. */
export interface ReplayedFlow {
  readonly source: string
  readonly destination: string
  /** Packet time of the first and last packet, ms since the epoch. */
  readonly startMs: number
  readonly endMs: number
  /** Evidence of this flow or its pair up to its end, without the entity's other behaviour; 0 when it was never scored. */
  readonly score: number
  /** Highest score that each model gave a row of this flow, in (0, 1); 0 when it never scored one. */
  readonly forestScore: number
  readonly sequenceScore: number
  /** What trivial rules look at: whether the destination sent anything back, and where the flow went. */
  readonly isAnswered: boolean
  /** A TCP flow whose source asked for a connection. */
  readonly hasSyn: boolean
  readonly destinationPort: number
}

/** One verdict under the default policy: what the costs ask for, whatever the mode lets happen. */
export interface ReplayedVerdict {
  readonly entity: Entity
  readonly category: Category
  readonly action: Action
  /** Posterior probability that it rests on. */
  readonly probability: number
  /** Packet time of the last packet of the evidence, ms since the epoch. */
  readonly atMs: number
}

/** `packets` packets of a label's traffic came up to `atMs`, since the step before. */
export interface ActivityStep {
  readonly atMs: number
  readonly packets: number
}

/** A capture after the pipeline: plain data. */
export interface ReplayedCapture {
  readonly packets: number
  /** Σ min(gap, 60 s) over packets in order of time; `ActiveTime` computes it. */
  readonly activeMs: number
  /** Every address that sent a packet, once each. */
  readonly hosts: readonly string[]
  readonly flows: readonly ReplayedFlow[]
  readonly verdicts: readonly ReplayedVerdict[]
  /** For each of `labels`, in their order: its packets within its window; `ActivityRecorder` computes it. */
  readonly activity: readonly (readonly ActivityStep[])[]
  /** Only where the options ask for it. */
  readonly comparison?: ReplayedComparison
}

/** A model alone names the source of a row that it scores strictly above this. */
export interface ScoreAlarm {
  readonly model: 'forest' | 'sequence'
  readonly above: number
}

/** A source that a rule or a model alone names, at packet time; it knows no category. */
export interface Alarm {
  readonly address: string
  readonly atMs: number
}

/** What parts of the ensemble would have done alone on the same events. */
export interface ReplayedComparison {
  /** Verdicts of the evidence tests without either model. */
  readonly testsAlone: readonly ReplayedVerdict[]
  /** For each alarm of the options whom it named. */
  readonly alarms: readonly (readonly Alarm[])[]
}

/** What the replay has to look out for. */
export interface ReplayOptions {
  readonly labels: readonly Label[]
  readonly signal?: AbortSignal
  /** Judge the same events also by the tests alone and by each model alone: for the yardstick's comparisons. */
  readonly alarms?: readonly ScoreAlarm[]
}

/** The whole pipeline on one capture file from fresh state. Rejects with a CodedError when the file cannot be read to its end. */
export type CaptureReplay = (file: string, options: ReplayOptions) => Promise<ReplayedCapture>

/** What is evaluated: models, thresholds and the pipeline that uses them. */
export interface EvaluationSubject {
  readonly modelHash: string
  /** Every threshold of the default policy, by name. */
  readonly thresholds: Readonly<Record<string, number>>
  /** A flow is called an attack at this score or above. */
  readonly flowThreshold: number
  /** The captures that took part in training, from the models' manifest. */
  readonly trainedOn: readonly { readonly capture: string; readonly source: string }[]
  readonly replay: CaptureReplay
}
