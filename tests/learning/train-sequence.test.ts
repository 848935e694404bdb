// Goal: the sequence model learns an order that no single event shows, stops in time, and ships as it was trained.
import { expect, test } from 'vitest'
import { InferenceSession, Tensor } from 'onnxruntime-node'
import { areaUnderRoc } from '../../agent/learning/auc.ts'
import { inferenceGraph } from '../../agent/learning/sequence-graphs.ts'
import { scoreSequences, trainSequenceModel } from '../../agent/learning/train-sequence.ts'
import type { SequenceOptions, SequenceSamples } from '../../agent/learning/train-sequence.ts'
import { seededRandom } from '../../agent/kit/index.ts'
import { referenceScore } from './reference-lstm.ts'

const [STEPS, WIDTH] = [8, 4]
const OPTIONS: SequenceOptions = { seed: 5, hidden: 8, batch: 64, learningRate: 1e-2, epochsMax: 25, patience: 5 }
const SAMPLES = alternatingSequences(1_500, 17)
const ROWS = { train: range(0, 900), heldOut: range(900, 1_200) }

test('sequences that differ only in their order are told apart on rows never seen', async () => {
  const { model, epochs, heldOutLoss } = await trainSequenceModel(SAMPLES, ROWS, OPTIONS)
  const unseen = range(1_200, 1_500)
  const scores = await scoreSequences(model, SAMPLES, unseen)
  expect(areaUnderRoc(scores, unseen.map((row) => SAMPLES.labels[row]!))).toBeGreaterThan(0.97)
  expect(heldOutLoss[epochs - 1]).toBe(Math.min(...heldOutLoss))
})

test('training stops when the held-out loss has not fallen for as long as patience allows', async () => {
  const noise = { ...SAMPLES, labels: SAMPLES.labels.map((_, row) => (row * 7 + (row >> 3)) % 2) }
  const { epochs, heldOutLoss } = await trainSequenceModel(noise, ROWS, { ...OPTIONS, epochsMax: 60, patience: 3 })
  expect(heldOutLoss.length).toBe(epochs + 3)
})

test('the same seed gives the same bytes, another seed others', async () => {
  const short = { ...OPTIONS, epochsMax: 2 }
  const bytes = async (seed: number): Promise<Uint8Array> => {
    const { model } = await trainSequenceModel(SAMPLES, ROWS, { ...short, seed })
    return inferenceGraph(model)
  }
  const first = await bytes(1)
  expect(await bytes(1)).toEqual(first)
  expect(await bytes(2)).not.toEqual(first)
})

test('the file that ships agrees with the float64 equations to 1e-5 at every length, whatever stands behind the end', async () => {
  const { model } = await trainSequenceModel(SAMPLES, ROWS, { ...OPTIONS, epochsMax: 4 })
  const count = 64
  const sequences = SAMPLES.sequences.slice(0, count * STEPS * WIDTH)
  const lengths = Int32Array.from({ length: count }, (_, row) => 1 + (row % STEPS))
  for (let row = 0; row < count; row += 1) sequences.fill(99, (row * STEPS + lengths[row]!) * WIDTH, (row + 1) * STEPS * WIDTH)
  const session = await InferenceSession.create(inferenceGraph(model), { intraOpNumThreads: 1 })
  const { score } = await session.run({
    sequences: new Tensor('float32', sequences, [count, STEPS, WIDTH]), lengths: new Tensor('int32', lengths, [count]),
  })
  await session.release()
  const differences = range(0, count).map((row) => {
    const start = row * STEPS * WIDTH
    const events = range(0, lengths[row]!).map((step) => Array.from(sequences.subarray(start + step * WIDTH, start + (step + 1) * WIDTH)))
    return Math.abs(referenceScore(model, events) - Number(score!.data[row]))
  })
  expect(Math.max(...differences)).toBeLessThan(1e-5)
})

test('an aborted training ends with the reason of the abort', async () => {
  const signal = AbortSignal.abort(new Error('enough'))
  await expect(trainSequenceModel(SAMPLES, ROWS, { ...OPTIONS, signal })).rejects.toThrow('enough')
})

test('without rows there is nothing to train on', async () => {
  await expect(trainSequenceModel(SAMPLES, { train: [], heldOut: [] }, OPTIONS)).rejects.toMatchObject({ code: 'LEARNING_ROWS_MISSING' })
})

/** Attacks alternate 1, 0, 1, 0 in the first column; benign rows hold as many ones in random order. Lengths vary; the tail is noise. */
function alternatingSequences(rows: number, seed: number): SequenceSamples {
  const random = seededRandom(seed)
  const labels = Uint8Array.from({ length: rows }, () => Math.round(random.uniform()))
  const lengths = Int32Array.from({ length: rows }, () => 5 + Math.floor(random.uniform() * (STEPS - 4)))
  const sequences = Float32Array.from({ length: rows * STEPS * WIDTH }, () => random.uniform() - 0.5)
  for (const [row, label] of labels.entries()) {
    for (let step = 0; step < lengths[row]!; step += 1) {
      sequences[(row * STEPS + step) * WIDTH] = label === 1 ? step % 2 : Math.round(random.uniform())
    }
  }
  return { steps: STEPS, width: WIDTH, sequences, lengths, labels, weights: new Float32Array(rows).fill(1) }
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, index) => from + index)
}
