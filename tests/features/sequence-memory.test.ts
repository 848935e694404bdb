import { expect, test } from 'vitest'
import { FeatureExtractor, SEQUENCE_LIMITS, SequenceMemory } from '../../agent/features/index.ts'
import type { SequenceBatch, SequenceLimits } from '../../agent/features/index.ts'
import { addressBytes, EVENT_LAYOUT, eventBatch, tcpEvent } from '../fixtures/event-batch.ts'
import type { EventValues } from '../fixtures/event-batch.ts'

const START_MS = 1_700_000_000_000
const GAP_COLUMN = 5

test('fewer than four events are no sequence', () => {
  expect(createSelect()(everySecond(3)).length).toBe(0)
  expect(createSelect()(everySecond(4))).toMatchObject({ length: 1, steps: 16, width: 16 })
})

test('an entity has at most one sequence a second', () => {
  const events = Array.from({ length: 40 }, (_, index) => at(START_MS + index * 100))
  // From the 4th event, at 300 ms, to the 40th, at 3 900 ms: at 300, 1 300, 2 300 and 3 300 ms.
  const selected = createSelect()(events)
  expect([...selected.rows.subarray(0, selected.length)]).toEqual([3, 13, 23, 33])
})

test('the last sixteen events are given, oldest first, with the gaps between them', () => {
  const select = createSelect()
  select(Array.from({ length: 20 }, (_, index) => at(START_MS + index, { octetDeltaCount: Math.expm1(index) })))
  const { values, stepCounts, width } = select([at(START_MS + 5_000, { octetDeltaCount: Math.expm1(20) })])
  const octets = Array.from({ length: 16 }, (_, step) => values[step * width]! * 20)
  expect(stepCounts[0]).toBe(16)
  octets.forEach((value, step) => expect(value).toBeCloseTo(step + 5, 4))
  expect(values[15 * width + GAP_COLUMN]).toBeCloseTo(Math.log1p(5_000 - 19) / 20, 5)
})

test('steps behind the last are zero', () => {
  const { values, stepCounts, width } = createSelect()(everySecond(4))
  expect(stepCounts[0]).toBe(4)
  expect(values.subarray(4 * width, 16 * width).every((value) => value === 0)).toBe(true)
})

test('entities do not mix, and a silent one starts anew', () => {
  const select = createSelect()
  const interleaved = Array.from({ length: 6 }, (_, index) => at(START_MS + index, { sourceAddress: addressBytes(`192.0.2.${index % 2}`) }))
  expect(select(interleaved).length).toBe(0)
  const lateMs = START_MS + SEQUENCE_LIMITS.idleTimeoutMs + 10
  const late = Array.from({ length: 3 }, (_, index) => at(lateMs + index, { sourceAddress: addressBytes('192.0.2.0') }))
  expect(select(late).length).toBe(0)
})

test('a new segment forgets what came before', () => {
  const select = createSelect()
  select(everySecond(3))
  expect(select([at(START_MS + 4_000, { segment: 1 })]).length).toBe(0)
})

test('entities are bounded and the forgotten ones counted', () => {
  const memory = new SequenceMemory(EVENT_LAYOUT, { ...SEQUENCE_LIMITS, entitiesMax: 3 })
  const batch = eventBatch(Array.from({ length: 10 }, (_, index) => at(START_MS, { sourceAddress: addressBytes(`192.0.2.${index}`) })))
  memory.select(batch, new FeatureExtractor(EVENT_LAYOUT).extractVectors(batch))
  expect(memory.counts).toEqual({ entities: 3, evicted: 7 })
})

function createSelect(limits: SequenceLimits = SEQUENCE_LIMITS): (events: readonly EventValues[]) => SequenceBatch {
  const memory = new SequenceMemory(EVENT_LAYOUT, limits)
  const extractor = new FeatureExtractor(EVENT_LAYOUT)
  return (events) => {
    const batch = eventBatch(events)
    return memory.select(batch, extractor.extractVectors(batch))
  }
}

function everySecond(count: number): EventValues[] {
  return Array.from({ length: count }, (_, index) => at(START_MS + index * 1_000))
}

function at(observedAtMs: number, overrides: EventValues = {}): EventValues {
  return tcpEvent({ observedAtMs, ...overrides })
}
