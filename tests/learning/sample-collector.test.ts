import { expect, test } from 'vitest'
import { LABEL, SampleCollector } from '../../agent/learning/index.ts'
import type { SampleRow } from '../../agent/learning/index.ts'
import { checkSamples } from '../../agent/learning/training-samples.ts'

const SHAPE = { features: { schemaVersion: '1', width: 2 }, sequences: { schemaVersion: '1', steps: 2, width: 1 }, tests: ['t'] }

test('rows come out with what belongs to them, and reused arrays do not change what was kept', () => {
  const collector = new SampleCollector(SHAPE)
  collector.startCapture('a', 'x')
  const features = Float32Array.of(1, 2)
  collector.add({ label: LABEL.benign, features, ratios: Float32Array.of(0.5) })
  features.fill(9)
  collector.startCapture('b', 'y')
  collector.add({ label: LABEL.attack, features, ratios: Float32Array.of(4), sequence: { values: Float32Array.of(7, 0), length: 1 } })
  const samples = collector.finish()
  checkSamples(samples)
  expect([...samples.labels]).toEqual([LABEL.benign, LABEL.attack])
  expect([...samples.captures]).toEqual([0, 1])
  expect([...samples.features.values]).toEqual([1, 2, 9, 9])
  expect([...samples.sequences.lengths]).toEqual([0, 1])
  expect([...samples.sequences.values]).toEqual([0, 0, 7, 0])
  expect([...samples.evidence.ratios]).toEqual([0.5, 4])
})

test('rows of unknown label are dropped', () => {
  const collector = new SampleCollector(SHAPE)
  collector.startCapture('a', 'x')
  collector.add(numbered(1, LABEL.unknown))
  expect(collector.finish().labels).toHaveLength(0)
})

test('past its limit a group keeps a uniform sample, the same for the same seed', () => {
  const kept = (seed: number): number[] => {
    const collector = new SampleCollector(SHAPE, { rowsPerGroupMax: 100, seed })
    collector.startCapture('a', 'x')
    for (let row = 0; row < 10_000; row += 1) collector.add(numbered(row, LABEL.benign))
    return Array.from(collector.finish().features.values).filter((_, index) => index % 2 === 0)
  }
  const rows = kept(1)
  expect(rows).toHaveLength(100)
  expect(kept(1)).toEqual(rows)
  expect(kept(2)).not.toEqual(rows)
  const mean = rows.reduce((sum, row) => sum + row, 0) / rows.length
  expect(Math.abs(mean - 5_000)).toBeLessThan(900) // three standard errors of 100 uniform draws
})

test('rare kinds are not crowded out: labels and rows with sequences have room of their own', () => {
  const collector = new SampleCollector(SHAPE, { rowsPerGroupMax: 5, seed: 1 })
  collector.startCapture('a', 'x')
  for (let row = 0; row < 1_000; row += 1) collector.add(numbered(row, LABEL.benign))
  for (let row = 0; row < 3; row += 1) collector.add(numbered(row, LABEL.attack))
  const sequence = { values: new Float32Array(2), length: 2 }
  for (let row = 0; row < 3; row += 1) collector.add({ ...numbered(row, LABEL.benign), sequence })
  const { labels, sequences } = collector.finish()
  expect([...labels].filter((label) => label === LABEL.attack)).toHaveLength(3)
  expect([...sequences.lengths].filter((length) => length > 0)).toHaveLength(3)
  expect(labels).toHaveLength(11)
})

function numbered(number: number, label: number): SampleRow {
  return { label, features: Float32Array.of(number, 0), ratios: Float32Array.of(0) }
}
