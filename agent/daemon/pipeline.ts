import type { EventBatch } from '../capture/index.ts'
import type { Decider, Verdict } from '../decision/index.ts'
import type { InferenceClient, Posterior, ThreatDetector } from '../ensemble/index.ts'
import type { FeatureExtractor, FeatureRows, SequenceBatch, SequenceMemory } from '../features/index.ts'

/** The rooms that one batch passes through, in their order. */
export interface PipelineParts {
  readonly extractor: FeatureExtractor
  readonly sequences: SequenceMemory
  /** Undefined where no models are used: then explicit evidence alone decides. */
  readonly inference: InferenceClient | undefined
  readonly detector: ThreatDetector
  readonly decider: Decider
  /** The time at which a verdict on an event of this packet time falls: the wall clock live, packet time in a replay. */
  readonly decisionTimeMs: (observedAtMs: number) => number
  /** A batch that could not be scored is still judged by its evidence. */
  readonly onScoringFailure: (error: unknown) => void
}

/** What one step found. Arrays belong to the rooms and are valid until the next step. */
export interface Step {
  readonly batch: EventBatch
  readonly rows: FeatureRows
  readonly sequences: SequenceBatch
  /** For each row the log-odds of its flow or pair alone. */
  readonly flowLogOdds: Float32Array
  readonly posteriors: readonly Posterior[]
  readonly verdicts: readonly Verdict[]
}

/** Where rooms meet: events in, verdicts out. One step at a time, in the order of the events. */
export class Pipeline {
  readonly #parts: PipelineParts

  constructor(parts: PipelineParts) {
    this.#parts = parts
  }

  async step(batch: EventBatch): Promise<Step> {
    const { extractor, sequences: memory, detector, decider, decisionTimeMs } = this.#parts

    const rows = extractor.extract(batch)
    const sequences = memory.select(batch, extractor.extractVectors(batch))
    const [forestScores, sequenceScores] = await this.#score(rows, sequences)
    const posteriors = detector.judge({ batch, rows, forestScores, sequences, sequenceScores })
    const verdicts = posteriors.flatMap((posterior) => decider.judge(posterior, decisionTimeMs(posterior.observedAtMs)) ?? [])

    return { batch, rows, sequences, flowLogOdds: detector.flowLogOdds, posteriors, verdicts }
  }

  /** Both models at once; the worker reads rows while this thread waits. Nothing is scored where there is no model. */
  async #score(rows: FeatureRows, sequences: SequenceBatch): Promise<readonly [Float32Array | undefined, Float32Array | undefined]> {
    const { inference, onScoringFailure } = this.#parts
    if (inference === undefined || rows.length === 0) return [undefined, undefined]
    const forest = inference.has('forest') ? inference.scoreForest(rows.values, rows.length, rows.width) : undefined
    const sequence = inference.has('sequence') && sequences.length > 0
      ? inference.scoreSequences(sequences.values, Int32Array.from(sequences.stepCounts.subarray(0, sequences.length)), sequences.length)
      : undefined
    const [forestScores, sequenceScores] = await Promise.allSettled([forest, sequence])
    return [settled(forestScores, onScoringFailure), settled(sequenceScores, onScoringFailure)]
  }
}

function settled(
  result: PromiseSettledResult<Float32Array | undefined>, onFailure: (error: unknown) => void,
): Float32Array | undefined {
  if (result.status === 'fulfilled') return result.value
  onFailure(result.reason)
  return undefined
}
