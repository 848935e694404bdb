import { LearningError } from './errors.ts'
import { IsolationForest } from './isolation-forest.ts'
import type { FeatureMatrix } from './isolation-forest.ts'
import type { SequenceModel } from './sequence-graphs.ts'
import { scoreSequences, trainSequenceModel } from './train-sequence.ts'
import type { SequenceOptions, SequenceSamples, SplitRows } from './train-sequence.ts'
import { LABEL } from './training-samples.ts'
import type { CaptureFolds, TrainingSamples } from './training-samples.ts'

/** How the models of each fold, and the final ones, are fitted. */
export interface CrossFitOptions {
  readonly seed: number
  readonly forest: { readonly trees: number; readonly subsample: number }
  readonly sequence: Omit<SequenceOptions, 'seed' | 'signal'>
  readonly onProgress?: (done: number, total: number, what: string) => void
  readonly signal?: AbortSignal
}

/** Which rows take part, and in which fold each capture stands. */
export interface FoldedRows {
  readonly rows: readonly number[]
  readonly folds: CaptureFolds
  readonly weights: Float32Array
}

/** Final models, and for every row the score of a model that has not seen its capture. */
export interface CrossFit {
  readonly forest: IsolationForest
  readonly forestRows: number
  readonly sequence: SequenceModel
  readonly sequenceRows: number
  /** Epochs of the final sequence model: the median of what the folds stopped at. */
  readonly epochs: number
  /** NaN where no score was made. */
  readonly forestScores: Float64Array
  readonly sequenceScores: Float64Array
}

/** Fits forest and sequence model once a fold without that fold's captures, scores the fold, and at last fits both on everything. */
export async function crossFit(samples: TrainingSamples, folded: FoldedRows, options: CrossFitOptions): Promise<CrossFit> {
  const { rows } = folded
  const folds = folded.folds.count
  const foldOf = (row: number): number => folded.folds.foldOf[samples.captures[row]!]!
  const isBenign = (row: number): boolean => samples.labels[row] === LABEL.benign
  const hasSequence = (row: number): boolean => samples.sequences.lengths[row]! > 0
  const matrix: FeatureMatrix = samples.features
  const sequenceSamples = toSequenceSamples(samples, folded.weights)
  const forestScores = new Float64Array(samples.labels.length).fill(Number.NaN)
  const sequenceScores = new Float64Array(samples.labels.length).fill(Number.NaN)
  const epochs: number[] = []
  const training = { ...options.sequence, seed: options.seed, ...(options.signal === undefined ? {} : { signal: options.signal }) }
  const stages = folds + 1

  for (let fold = 0; fold < folds; fold += 1) {
    options.onProgress?.(fold, stages, `fold ${fold + 1} of ${folds}`)
    const here = rows.filter((row) => foldOf(row) === fold)
    const others = rows.filter((row) => foldOf(row) !== fold)
    const forest = IsolationForest.fit(matrix, others.filter(isBenign), { ...options.forest, seed: options.seed + fold })
    for (const row of here) forestScores[row] = forest.score(matrix, row)
    // The next fold decides when to stop, so that this one stays unseen.
    const stopping = (fold + 1) % folds
    const trained = await trainSequenceModel(sequenceSamples, withBothClasses(samples, {
      train: others.filter((row) => hasSequence(row) && foldOf(row) !== stopping),
      heldOut: others.filter((row) => hasSequence(row) && foldOf(row) === stopping),
    }), training)
    epochs.push(trained.epochs)
    const scored = here.filter(hasSequence)
    const scores = await scoreSequences(trained.model, sequenceSamples, scored)
    for (const [index, row] of scored.entries()) sequenceScores[row] = scores[index]!
  }

  options.onProgress?.(folds, stages, 'final models on all captures')
  const sequenceRows = rows.filter(hasSequence)
  const benignRows = rows.filter(isBenign)
  const epochsMax = epochs.sort((left, right) => left - right)[Math.floor(folds / 2)]!
  const final = await trainSequenceModel(sequenceSamples, { train: sequenceRows, heldOut: [] }, { ...training, epochsMax })
  options.onProgress?.(stages, stages, 'trained')
  return {
    forest: IsolationForest.fit(matrix, benignRows, { ...options.forest, seed: options.seed }), forestRows: benignRows.length,
    sequence: final.model, sequenceRows: sequenceRows.length, epochs: epochsMax, forestScores, sequenceScores,
  }
}

/** Classes weigh the same in all; within a class, rows as `weights` says. */
function toSequenceSamples({ sequences, labels }: TrainingSamples, weights: Float32Array): SequenceSamples {
  const totals = [0, 0, 0]
  for (const [row, label] of labels.entries()) totals[label]! += sequences.lengths[row]! > 0 ? weights[row]! : 0
  return {
    steps: sequences.steps, width: sequences.width, sequences: sequences.values, lengths: sequences.lengths, labels,
    weights: weights.map((weight, row) => weight / totals[labels[row]!]!),
  }
}

function withBothClasses({ labels }: TrainingSamples, split: SplitRows): SplitRows {
  for (const [name, rows] of [['training', split.train], ['held out', split.heldOut]] as const) {
    for (const [what, label] of [['benign', LABEL.benign], ['attack', LABEL.attack]] as const) {
      if (rows.some((row) => labels[row] === label)) continue
      throw new LearningError(
        { code: 'LEARNING_ROWS_MISSING', what: `${what} sequences` },
        `no ${what} sequences among the rows of a fold (${name}): more captures with sequences are needed`,
      )
    }
  }
  return split
}
