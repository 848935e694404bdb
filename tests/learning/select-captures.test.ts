// Goal: samples of some captures are what those captures alone would have given.
// Method: four rows of three captures, picked by hand.
import { expect, test } from 'vitest'
import { selectCaptures } from '../../agent/learning/index.ts'
import type { TrainingSamples } from '../../agent/learning/index.ts'
import { checkSamples } from '../../agent/learning/training-samples.ts'

const SAMPLES: TrainingSamples = {
  labels: Uint8Array.of(0, 1, 0, 1),
  captures: Int32Array.of(0, 1, 2, 2),
  captureList: [{ id: 'one', source: 'a' }, { id: 'two', source: 'b' }, { id: 'three', source: 'a' }],
  features: { schemaVersion: 'f', width: 2, values: Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8) },
  sequences: { schemaVersion: 's', steps: 1, width: 1, values: Float32Array.of(10, 20, 30, 40), lengths: Int32Array.of(1, 0, 1, 1) },
  evidence: { tests: ['t'], ratios: Float32Array.of(0.1, 0.2, 0.3, 0.4) },
}

test('rows of wanted captures stay in their order and are numbered anew', () => {
  const picked = selectCaptures(SAMPLES, ({ source }) => source === 'a')
  checkSamples(picked)
  expect(picked.captureList.map(({ id }) => id)).toEqual(['one', 'three'])
  expect([...picked.captures]).toEqual([0, 1, 1])
  expect([...picked.labels]).toEqual([0, 0, 1])
  expect([...picked.features.values]).toEqual([1, 2, 5, 6, 7, 8])
  expect([...picked.sequences.values]).toEqual([10, 30, 40])
  expect([...picked.sequences.lengths]).toEqual([1, 1, 1])
  expect([...picked.evidence.ratios]).toEqual([...Float32Array.of(0.1, 0.3, 0.4)])
})

test('all captures are the same samples, none are empty ones', () => {
  expect(selectCaptures(SAMPLES, () => true)).toEqual(SAMPLES)
  expect(selectCaptures(SAMPLES, () => false).labels).toHaveLength(0)
})
