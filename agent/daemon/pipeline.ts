import type { EventBatch } from '../capture/index.ts'
import type { Decider, Verdict } from '../decision/index.ts'
import type { InferenceClient, Posterior, ThreatDetector } from '../ensemble/index.ts'
import type { FeatureExtractor, FeatureRows, SequenceBatch, SequenceMemory } from '../features/index.ts'

/** The rooms that one batch passes through, in their order. */
export interface PipelineParts {
  readonly extractor: Pick<FeatureExtractor, 'extractEvents' | 'extractVectors'>
  readonly sequences: Pick<SequenceMemory, 'select'>
  /** Undefined where no models are used: then explicit evidence alone decides. */
  readonly inference: Pick<InferenceClient, 'has' | 'scoreForest' | 'scoreSequences'> | undefined
  readonly detector: Pick<ThreatDetector, 'judge' | 'flowLogOdds'>
  readonly decider: Pick<Decider, 'judge'>
  /** The time at which a verdict on an event of this packet time falls: the wall clock live, packet time in a replay. */
  readonly decisionTimeMs: (observedAtMs: number) => number
  /** A batch that could not be scored is still judged by its evidence. */
  readonly onScoringFailure: (error: unknown) => void
}

type Scores = Float32Array | undefined

/** What one step found. Arrays belong to the rooms and are valid until the next step. */
export interface Step {
  readonly batch: EventBatch
  /** The events admitted to scoring, as event vectors. */
  readonly rows: FeatureRows
  readonly sequences: SequenceBatch
  /** For each row the log-odds of its flow or pair alone. */
  readonly flowLogOdds: Float32Array
  /** By row, NaN where the forest was not due; and by sequence. Undefined where there is no model or nothing to score. */
  readonly forestScores: Float32Array | undefined
  readonly sequenceScores: Float32Array | undefined
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

    const vectors = extractor.extractVectors(batch)
    const sequences = memory.select(batch, vectors)
    const [forestScores, sequenceScores] = await this.#score(batch, vectors, sequences)
    const posteriors = detector.judge({ batch, rows: vectors, forestScores, sequences, sequenceScores })
    const verdicts = posteriors.flatMap((posterior) => decider.judge(posterior, decisionTimeMs(posterior.observedAtMs)) ?? [])

    return { batch, rows: vectors, sequences, flowLogOdds: detector.flowLogOdds, forestScores, sequenceScores, posteriors, verdicts }
  }

  /** Both models at once; the worker reads while this thread goes on or waits. Nothing is scored where there is no model. */
  async #score(batch: EventBatch, vectors: FeatureRows, sequences: SequenceBatch): Promise<readonly [Scores, Scores]> {
    const { extractor, inference, onScoringFailure } = this.#parts
    if (inference === undefined || vectors.length === 0) return [undefined, undefined]
    const sequence = inference.has('sequence') && sequences.length > 0
      ? inference.scoreSequences(sequences.values, sequences.stepCounts, sequences.length)
      : undefined
    const due = inference.has('forest') ? extractor.extractEvents(batch, sequences.dueEvents) : undefined
    const forest = due && inference.scoreForest(due.values, due.length, due.width)
    const [forestScores, sequenceScores] = await Promise.allSettled([forest, sequence])
    return [
      spread(settled(forestScores, onScoringFailure), due, vectors),
      settled(sequenceScores, onScoringFailure),
    ]
  }
}

/** Scores of the rows `of`, in the order of all rows; NaN where an event was not due. */
function spread(scores: Scores, of: FeatureRows | undefined, all: FeatureRows): Scores {
  if (scores === undefined || of === undefined) return undefined
  const result = new Float32Array(all.length).fill(Number.NaN)
  for (let row = 0, next = 0; next < of.length; row++) {
    if (all.eventIndexes[row] === of.eventIndexes[next]) result[row] = scores[next++]!
  }
  return result
}

function settled(result: PromiseSettledResult<Scores>, onFailure: (error: unknown) => void): Scores {
  if (result.status === 'fulfilled') return result.value
  onFailure(result.reason)
  return undefined
}
