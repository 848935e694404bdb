import { seededRandom } from '../kit/index.ts'
import { contrastSequences } from './contrast-sequences.ts'
import { IsolationForest } from './isolation-forest.ts'
import type { SequenceModel } from './sequence-graphs.ts'
import { scoreSequences, trainSequenceModel } from './train-sequence.ts'
import type { SequenceOptions, SequenceSamples, SequenceTraining } from './train-sequence.ts'
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

/**
 * Fits forest and sequence model once a fold without that fold's captures, scores the fold, and at last fits both on everything.
 * Both learn from benign rows alone; attacks only calibrate.
 */
export async function crossFit(samples: TrainingSamples, folded: FoldedRows, options: CrossFitOptions): Promise<CrossFit> {
  const { rows, weights } = folded
  const folds = folded.folds.count
  const foldOf = (row: number): number => folded.folds.foldOf[samples.captures[row]!]!
  const benign = rows.filter((row) => samples.labels[row] === LABEL.benign)
  const hasSequence = (row: number): boolean => samples.sequences.lengths[row]! > 0
  const sequences: SequenceSamples = { ...samples.sequences, sequences: samples.sequences.values, labels: samples.labels, weights }
  const forestScores = new Float64Array(samples.labels.length).fill(Number.NaN)
  const sequenceScores = new Float64Array(samples.labels.length).fill(Number.NaN)
  const epochs: number[] = []
  const fitForest = (pool: readonly number[], offset: number): IsolationForest =>
    IsolationForest.fit(samples.features, pool, { ...options.forest, seed: options.seed + offset })
  const stages = folds + 1

  for (let fold = 0; fold < folds; fold += 1) {
    options.onProgress?.(fold, stages, `fold ${fold + 1} of ${folds}`)
    const here = rows.filter((row) => foldOf(row) === fold)
    const others = benign.filter((row) => foldOf(row) !== fold)
    const forest = fitForest(others, 1 + fold)
    for (const row of here) forestScores[row] = forest.score(samples.features, row)
    // The next fold decides when to stop, so that this one stays unseen.
    const stopping = (fold + 1) % folds
    const trained = await fitSequences(sequences, others.filter(hasSequence), { ...options, isHeldOut: (row) => foldOf(row) === stopping })
    epochs.push(trained.epochs)
    const scored = here.filter(hasSequence)
    const scores = await scoreSequences(trained.model, sequences, scored)
    for (const [index, row] of scored.entries()) sequenceScores[row] = scores[index]!
  }

  options.onProgress?.(folds, stages, 'final models on all captures')
  const epochsMax = epochs.sort((left, right) => left - right)[Math.floor(folds / 2)]!
  const ordinary = benign.filter(hasSequence)
  const final = await fitSequences(sequences, ordinary, {
    ...options, sequence: { ...options.sequence, epochsMax }, isHeldOut: () => false,
  })
  options.onProgress?.(stages, stages, 'trained')
  return {
    forest: fitForest(benign, 0), forestRows: benign.length, sequence: final.model, sequenceRows: ordinary.length,
    epochs: epochsMax, forestScores, sequenceScores,
  }
}

/** Ordinary sequences against contrasts made of them; contrasts of a held-out sequence are held out with it. */
function fitSequences(
  samples: SequenceSamples, ordinary: readonly number[], options: CrossFitOptions & { readonly isHeldOut: (row: number) => boolean },
): Promise<SequenceTraining> {
  const { seed, signal, sequence, isHeldOut } = options
  const contrasted = contrastSequences(samples, ordinary, seededRandom(seed))
  const split: { train: number[]; heldOut: number[] } = { train: [], heldOut: [] }
  for (const index of contrasted.labels.keys()) split[isHeldOut(ordinary[index % ordinary.length]!) ? 'heldOut' : 'train'].push(index)
  return trainSequenceModel(contrasted, split, { ...sequence, seed, ...(signal === undefined ? {} : { signal }) })
}
