import { expect, test } from 'vitest'
import { contrastSequences } from '../../agent/learning/contrast-sequences.ts'
import type { SequenceSamples } from '../../agent/learning/train-sequence.ts'
import { seededRandom } from '../../agent/kit/index.ts'

const [STEPS, WIDTH, COUNT] = [4, 2, 60]
/** Every cell is its own number, so that its origin shows: row · 100 + step · 10 + column. Row 0 takes no part. */
const SAMPLES: SequenceSamples = {
  steps: STEPS, width: WIDTH, lengths: Int32Array.from({ length: COUNT }, (_, row) => 2 + (row % 3)), labels: new Uint8Array(COUNT),
  weights: Float32Array.from({ length: COUNT }, (_, row) => 1 + row),
  sequences: Float32Array.from({ length: COUNT * STEPS * WIDTH }, (_, cell) => (
    Math.floor(cell / STEPS / WIDTH) * 100 + (Math.floor(cell / WIDTH) % STEPS) * 10 + (cell % WIDTH)
  )),
}
const ROWS = Array.from({ length: COUNT - 1 }, (_, row) => row + 1)
const RESULT = contrastSequences(SAMPLES, ROWS, seededRandom(3))

test('the ordinary sequences come first, as they were', () => {
  for (const [index, row] of ROWS.entries()) {
    expect(RESULT.labels[index]).toBe(0)
    expect(eventsOf(RESULT, index)).toEqual(eventsOf(SAMPLES, row))
  }
})

test('both labels weigh the same for each sequence, and contrasts have its length', () => {
  for (const [position, row] of ROWS.entries()) {
    const family = Array.from(RESULT.labels.keys()).filter((index) => index % ROWS.length === position)
    const weigh = (label: number): number => family.filter((index) => RESULT.labels[index] === label)
      .reduce((sum, index) => sum + RESULT.weights[index]!, 0)
    expect(weigh(1)).toBe(weigh(0))
    expect(family.every((index) => RESULT.lengths[index] === SAMPLES.lengths[row])).toBe(true)
  }
})

test('every cell of a contrast is a cell of the same column of an ordinary event, never of padding or of rows left out', () => {
  const contrasts = Array.from(RESULT.labels.keys()).filter((index) => RESULT.labels[index] === 1)
  const events = contrasts.flatMap((index) => eventsOf(RESULT, index))
  for (const value of events.flatMap((event) => event.map((each, column) => ({ each, column })))) {
    const row = Math.floor(value.each / 100)
    expect(row).toBeGreaterThan(0)
    expect(Math.floor(value.each / 10) % 10).toBeLessThan(SAMPLES.lengths[row]!)
    expect(value.each % 10).toBe(value.column)
  }
})

test('some contrasts repeat one event, some keep part of their sequence, some keep none of it', () => {
  const contrasts = Array.from(RESULT.labels.keys()).filter((index) => RESULT.labels[index] === 1)
  const kinds = contrasts.map((index) => {
    const events = eventsOf(RESULT, index)
    if (events.every((event) => event.join() === events[0]!.join())) return 'repeated'
    const row = ROWS[index % ROWS.length]!
    return events.flat().some((value) => Math.floor(value / 100) === row) ? 'disturbed' : 'independent'
  })
  for (const kind of ['repeated', 'disturbed', 'independent']) expect(kinds.filter((each) => each === kind).length).toBeGreaterThan(20)
})

function eventsOf({ sequences, lengths }: SequenceSamples, row: number): number[][] {
  return Array.from({ length: lengths[row]! }, (_, step) => (
    Array.from(sequences.subarray((row * STEPS + step) * WIDTH, (row * STEPS + step + 1) * WIDTH))
  ))
}
