import { seededRandom } from '../kit/index.ts'
import { LearningError } from './errors.ts'
import { shuffle } from './shuffle.ts'

/** What is known of a row. Unknown rows take part in nothing. */
export const LABEL = { benign: 0, attack: 1, unknown: 2 } as const

/** Labelled rows in typed arrays, one row an event that was judged. */
export interface TrainingSamples {
  readonly labels: Uint8Array
  /** Index into `captureList` of each row. */
  readonly captures: Int32Array
  readonly captureList: readonly { readonly id: string; readonly source: string }[]
  /** Feature rows, row-major; absent cells hold 0, as at run time. */
  readonly features: { readonly schemaVersion: string; readonly width: number; readonly values: Float32Array }
  /** Sequences of the entity's events up to this one, oldest first; length 0 where none is worth reading. */
  readonly sequences: {
    readonly schemaVersion: string
    readonly steps: number
    readonly width: number
    readonly values: Float32Array
    readonly lengths: Int32Array
  }
  /** Log-likelihood ratios of the evidence tests, row-major with a column a test; 0 where a test says nothing. */
  readonly evidence: { readonly tests: readonly string[]; readonly ratios: Float32Array }
}

/** Throws LearningError where an array has not the length that its siblings ask for. */
export function checkSamples({ labels, captures, features, sequences, evidence }: TrainingSamples): void {
  const rows = labels.length
  const lengths: readonly (readonly [field: string, expected: number, found: number])[] = [
    ['captures', rows, captures.length],
    ['features.values', rows * features.width, features.values.length],
    ['sequences.values', rows * sequences.steps * sequences.width, sequences.values.length],
    ['sequences.lengths', rows, sequences.lengths.length],
    ['evidence.ratios', rows * evidence.tests.length, evidence.ratios.length],
  ]
  for (const [field, expected, found] of lengths) {
    if (expected === found) continue
    throw new LearningError(
      { code: 'LEARNING_SAMPLES_MISSHAPEN', field, expected, found }, `${field}: ${found} elements where ${rows} rows ask for ${expected}`,
    )
  }
}

/** The samples of some captures alone, as if only these had been read. */
export function selectCaptures(
  samples: TrainingSamples, isWanted: (capture: TrainingSamples['captureList'][number]) => boolean,
): TrainingSamples {
  const { captureList, captures, features, sequences, evidence } = samples
  const kept = captureList.flatMap((capture, index) => (isWanted(capture) ? [index] : []))
  const place = new Map(kept.map((capture, index) => [capture, index]))
  const rows = Uint32Array.from(captures.keys()).filter((row) => place.has(captures[row]!))
  return {
    labels: Uint8Array.from(rows, (row) => samples.labels[row]!),
    captures: Int32Array.from(rows, (row) => place.get(captures[row]!)!),
    captureList: kept.map((capture) => captureList[capture]!),
    features: { ...features, values: pickRows(features.values, features.width, rows) },
    sequences: {
      ...sequences,
      values: pickRows(sequences.values, sequences.steps * sequences.width, rows),
      lengths: Int32Array.from(rows, (row) => sequences.lengths[row]!),
    },
    evidence: { ...evidence, ratios: pickRows(evidence.ratios, evidence.tests.length, rows) },
  }
}

function pickRows(values: Float32Array, width: number, rows: Uint32Array): Float32Array {
  const picked = new Float32Array(rows.length * width)
  for (const [index, row] of rows.entries()) picked.set(values.subarray(row * width, (row + 1) * width), index * width)
  return picked
}

/** The rows whose label is known, in the order of the samples. */
export function labelledRows({ labels }: TrainingSamples): number[] {
  return Array.from(labels.keys()).filter((row) => labels[row] !== LABEL.unknown)
}

/**
 * Weight of each row: 1/√n with n rows of its capture and label. A capture then counts as √n: more rows of the same capture tell more, but
 * far less than as many independent ones, and no single odd row outweighs a capture.
 */
export function rowWeights({ labels, captures, captureList }: TrainingSamples, rows: readonly number[]): Float32Array {
  const counts = new Float64Array(captureList.length * 2)
  const group = (row: number): number => captures[row]! * 2 + labels[row]!
  for (const row of rows) counts[group(row)]! += 1
  const weights = new Float32Array(labels.length)
  for (const row of rows) weights[row] = 1 / Math.sqrt(counts[group(row)]!)
  return weights
}

/** Captures in folds: all rows of a capture stand in one, for a model must not be judged on a capture that it has learned by heart. */
export interface CaptureFolds {
  readonly count: number
  /** Fold of each capture; -1 where none of its rows takes part. */
  readonly foldOf: Int32Array
}

/** Five folds leave 80 % to fit on; with two there would be none left to say when to stop. */
const FOLDS = { min: 3, max: 5 } as const

/**
 * Deals captures out to folds: those with sequences of attacks first, then other attacks, then the rest, so that every fold has some.
 * As many folds as the scarcest kind allows. Throws LearningError where that is too few.
 */
export function assignFolds(samples: TrainingSamples, rows: readonly number[], seed: number): CaptureFolds {
  const { labels, captures, captureList, sequences } = samples
  const capturesOf = (isWanted: (row: number) => boolean): Set<number> => new Set(rows.filter(isWanted).map((row) => captures[row]!))
  const used = capturesOf(() => true)
  const benign = capturesOf((row) => labels[row] === LABEL.benign)
  const attacks = capturesOf((row) => labels[row] === LABEL.attack)
  const sequenced = capturesOf((row) => labels[row] === LABEL.attack && sequences.lengths[row]! > 0)
  const count = Math.min(FOLDS.max, sequenced.size, benign.size)
  if (count < FOLDS.min) {
    throw new LearningError(
      { code: 'LEARNING_ROWS_MISSING', what: `captures for ${FOLDS.min} folds` },
      `${sequenced.size} captures with sequences of attacks and ${benign.size} with benign rows; cross-fitting needs ${FOLDS.min} of each`,
    )
  }
  const shuffled = [...used].sort((left, right) => compareText(captureList[left]!.id, captureList[right]!.id))
  shuffle(shuffled, seededRandom(seed))
  const rank = (capture: number): number => (sequenced.has(capture) ? 0 : 1) + (attacks.has(capture) ? 0 : 1)
  const foldOf = new Int32Array(captureList.length).fill(-1)
  const dealt = [0, 1, 2].flatMap((wanted) => shuffled.filter((capture) => rank(capture) === wanted))
  for (const [position, capture] of dealt.entries()) foldOf[capture] = position % count
  return { count, foldOf }
}

/** By code units, the same on every machine. */
function compareText(left: string, right: string): number {
  if (left === right) return 0
  return left < right ? -1 : 1
}
