import { integerBelow } from '../kit/index.ts'
import type { Random } from '../kit/index.ts'
import type { SequenceSamples } from './train-sequence.ts'

/** Contrasts of each sequence: enough that every way of making one comes up, few enough to stay quick. */
const CONTRASTS = 2

/** How a contrast is made of a sequence; each is drawn as often. */
const WAYS = ['independent', 'disturbed', 'repeated'] as const

/**
 * Ordinary sequences (label 0) and contrasts made of them (label 1), for a model that learns what is ordinary without seeing an attack:
 * Breiman's contrast with synthetic data, from unsupervised random forests (2003).
 *
 * Row i of the result belongs to `rows[i % rows.length]`; both labels weigh the same for each. The contrasts of a sequence have its
 * length and consist of cells of other ordinary sequences:
 *
 * - independent: every cell drawn for itself, so that nothing fits together in an event or over time;
 * - disturbed: every second cell, at random;
 * - repeated: one ordinary event over and over. That is what automation looks like: scans, guessed passwords, beacons, slow requests.
 *
 * Learning from labelled attacks instead did not transfer to captures of other attacks (models/README.md).
 */
export function contrastSequences(samples: SequenceSamples, rows: readonly number[], random: Random): SequenceSamples {
  const { steps, width } = samples
  const floats = steps * width
  const count = rows.length * (1 + CONTRASTS)
  const rowOf = (index: number): number => rows[index % rows.length]!
  const result = {
    steps, width, sequences: new Float32Array(count * floats),
    lengths: Int32Array.from({ length: count }, (_, index) => samples.lengths[rowOf(index)]!),
    labels: Uint8Array.from({ length: count }, (_, index) => (index < rows.length ? 0 : 1)),
    weights: Float32Array.from({ length: count }, (_, index) => samples.weights[rowOf(index)]! / (index < rows.length ? 1 : CONTRASTS)),
  }
  for (let index = 0; index < count; index += 1) {
    const row = rowOf(index)
    const original = samples.sequences.subarray(row * floats, row * floats + samples.lengths[row]! * width)
    const into = result.sequences.subarray(index * floats, (index + 1) * floats)
    if (index < rows.length) into.set(original)
    else writeContrast({ samples, rows, random }, original, into)
  }
  return result
}

interface Ordinary {
  readonly samples: SequenceSamples
  readonly rows: readonly number[]
  readonly random: Random
}

function writeContrast(ordinary: Ordinary, original: Float32Array, into: Float32Array): void {
  const { samples, random } = ordinary
  const way = WAYS[integerBelow(random, WAYS.length)]!
  const repeated = drawEvent(ordinary)
  for (const [cell, value] of original.entries()) {
    const column = cell % samples.width
    if (way === 'repeated') into[cell] = samples.sequences[repeated + column]!
    else if (way === 'disturbed' && random.uniform() < 0.5) into[cell] = value
    else into[cell] = samples.sequences[drawEvent(ordinary) + column]!
  }
}

/** Where a random event of a random ordinary sequence starts. */
function drawEvent({ samples, rows, random }: Ordinary): number {
  const row = rows[integerBelow(random, rows.length)]!
  return (row * samples.steps + integerBelow(random, samples.lengths[row]!)) * samples.width
}
