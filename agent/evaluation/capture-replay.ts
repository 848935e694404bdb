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
  /** Whether the destination sent anything back: what the trivial rule looks at. */
  readonly isAnswered: boolean
}

/** One verdict under the default policy: what the costs ask for, whatever the mode lets happen. */
export interface ReplayedVerdict {
  readonly entity: Entity
  readonly category: Category
  readonly action: Action
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
}

/** What the replay has to look out for. */
export interface ReplayOptions {
  readonly labels: readonly Label[]
  readonly signal?: AbortSignal
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
