// Goal: what the worker answers is what the models say, whatever the size, order or fate of the requests.
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { openInferenceClient } from '../../agent/ensemble/index.ts'
import type { InferenceClient } from '../../agent/ensemble/index.ts'
import { seededRandom } from '../../agent/kit/index.ts'
import { referenceScore } from '../learning/reference-lstm.ts'
import { FOREST_WIDTH, smallFiles, smallForest, smallModels, smallSequenceModel } from './small-models.ts'

const { steps: STEPS, width: WIDTH } = smallSequenceModel
const random = seededRandom(97)
const uniform = (length: number): Float32Array => Float32Array.from({ length }, () => random.uniform() * 2 - 1)

let client: InferenceClient
beforeAll(async () => { client = await openInferenceClient(smallModels()) })
afterAll(() => client.close())

test.each([0, 1, 63, 64, 65, 1_024, 2_500])('%i forest rows are scored as the trees in memory score them', async (count) => {
  const values = uniform(count * FOREST_WIDTH)
  const scores = await client.scoreForest(values, count, FOREST_WIDTH)
  expect(scores.length).toBe(count)
  for (const [row, score] of scores.entries()) expect(score).toBeCloseTo(smallForest.score({ values, width: FOREST_WIDTH }, row), 6)
})

test('sequences of every length are scored as the equations say', async () => {
  const count = 100
  const sequences = uniform(count * STEPS * WIDTH)
  const lengths = Int32Array.from({ length: count }, (_, row) => 1 + (row % STEPS))
  const scores = await client.scoreSequences(sequences, lengths, count)
  for (const [row, score] of scores.entries()) {
    const start = row * STEPS * WIDTH
    const events = Array.from({ length: lengths[row]! }, (_, step) => (
      Array.from(sequences.subarray(start + step * WIDTH, start + (step + 1) * WIDTH))
    ))
    expect(Math.abs(score - referenceScore(smallSequenceModel, events)), `row ${row}`).toBeLessThan(1e-5)
  }
})

test('twenty requests of both kinds in flight at once each get their own answer', async () => {
  const requests = Array.from({ length: 20 }, () => ({ rows: uniform(90 * FOREST_WIDTH), sequences: uniform(STEPS * WIDTH) }))
  const length = Int32Array.of(STEPS)
  const answers = await Promise.all(requests.map(async ({ rows, sequences }) => ({
    forest: await client.scoreForest(rows, 90, FOREST_WIDTH), sequence: await client.scoreSequences(sequences, length, 1),
  })))
  for (const [index, { forest, sequence }] of answers.entries()) {
    const values = requests[index]!.rows
    expect(forest[89]).toBeCloseTo(smallForest.score({ values, width: FOREST_WIDTH }, 89), 6)
    expect(sequence).toEqual(await client.scoreSequences(requests[index]!.sequences, length, 1))
  }
})

test.each([Number.NaN, Infinity, -Infinity])('a row with %d is refused and counted; its neighbours are scored', async (bad) => {
  const before = client.counters()
  const values = uniform(70 * FOREST_WIDTH)
  values[3 * FOREST_WIDTH + 1] = bad
  const scores = await client.scoreForest(values, 70, FOREST_WIDTH)
  expect(scores[3]).toBeNaN()
  for (const row of [0, 2, 4, 69]) expect(scores[row]).toBeCloseTo(smallForest.score({ values, width: FOREST_WIDTH }, row), 6)
  expect(client.counters().refusedRows - before.refusedRows).toBe(1)
  expect(client.counters().rows - before.rows).toBe(70)
})

test('a sequence of impossible length is refused; one that is not finite only behind its end is not', async () => {
  const sequences = uniform(4 * STEPS * WIDTH)
  sequences[(3 * STEPS + 2) * WIDTH] = Number.NaN
  const scores = await client.scoreSequences(sequences, Int32Array.of(0, STEPS + 1, STEPS, 2), 4)
  expect([...scores].map((score) => Number.isNaN(score))).toEqual([true, true, false, false])
})

test('a request that does not fit what was given is a bug of the caller', async () => {
  expect(() => client.scoreForest(uniform(10), 2, FOREST_WIDTH + 1)).toThrow('the forest reads 5')
  await expect(client.scoreForest(uniform(9), 2, FOREST_WIDTH)).rejects.toThrow('2 rows of 5 floats do not fit')
})

test('a file that is no model is named before anything is scored', async () => {
  const opening = openInferenceClient(smallModels({ 'forest.onnx': new TextEncoder().encode('not a model') }))
  await expect(opening).rejects.toMatchObject({ problem: { code: 'ENSEMBLE_MODEL_UNUSABLE', file: 'memory/forest.onnx' } })
})

test('a graph that reads something else than its manifest says is refused', async () => {
  const opening = openInferenceClient(smallModels({ 'forest.onnx': smallFiles['sequence.onnx'] }))
  await expect(opening).rejects.toThrow(
    'forest.onnx: the graph is sequences[*,6,3] lengths[*] -> score[*,1], expected rows[*,5] -> score[*,1]',
  )
})

test('a crash rejects what was in flight and is counted; the next request starts a new worker, up to a limit', async () => {
  const mortal = await openInferenceClient(smallModels(), { workerUrl: new URL('mortal-worker.mjs', import.meta.url) })
  onTestFinished(() => mortal.close())
  const requests = [mortal.scoreForest(uniform(5), 1, FOREST_WIDTH), mortal.scoreForest(uniform(5), 1, FOREST_WIDTH)]
  const outcomes = await Promise.allSettled(requests)
  expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  expect(mortal.counters().crashes).toBe(1)
  for (let crash = 2; crash <= 6; crash += 1) {
    await expect(mortal.scoreForest(uniform(5), 1, FOREST_WIDTH)).rejects.toMatchObject({ code: 'ENSEMBLE_WORKER_CRASHED' })
    expect(mortal.counters().crashes).toBe(crash)
  }
  await expect(mortal.scoreForest(uniform(5), 1, FOREST_WIDTH)).rejects.toThrow('it is not started again')
  expect(mortal.counters().crashes).toBe(6)
})

test('closing lets what is in flight finish and refuses what comes later', async () => {
  const brief = await openInferenceClient(smallModels())
  const inFlight = brief.scoreForest(uniform(200 * FOREST_WIDTH), 200, FOREST_WIDTH)
  await Promise.all([inFlight, brief.close()])
  expect((await inFlight).length).toBe(200)
  await expect(brief.scoreForest(uniform(5), 1, FOREST_WIDTH)).rejects.toMatchObject({ code: 'ENSEMBLE_CLOSED' })
  await brief.close()
})
