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

test('an entity has at most one event due a second, and its first at once', () => {
  const events = Array.from({ length: 40 }, (_, index) => at(START_MS + index * 100, {
    sourceAddress: addressBytes(index === 15 ? '192.0.2.9' : '192.0.2.1'),
  }))
  expect([...createSelect()(events).dueEvents]).toEqual([0, 10, 15, 20, 30])
})

test('a track that is used again begins without steps of the one before it', () => {
  const select = createSelect({ ...SEQUENCE_LIMITS, entitiesMax: 1 })
  select(everySecond(20))
  const other = everySecond(4).map((event) => ({ ...event, sourceAddress: addressBytes('192.0.2.77') }))
  const { length, values, stepCounts, width } = select(other)
  expect([length, stepCounts[0]]).toEqual([1, 4])
  expect(values.subarray(4 * width, 16 * width).every((value) => value === 0)).toBe(true)
})

test('more entities than one array of tracks holds are kept apart', () => {
  const select = createSelect()
  const hosts = Array.from({ length: 600 }, (_, host) => addressBytes(`192.0.${host >> 8}.${host & 255}`))
  const round = (index: number): EventValues[] => hosts.map((sourceAddress, host) =>
    at(START_MS + index, { sourceAddress, octetDeltaCount: Math.expm1(1 + host / 100) }))
  for (let index = 0; index < 3; index++) expect(select(round(index)).length).toBe(0)
  const { length, values, steps, width } = select(round(3))
  expect(length).toBe(600)
  for (let host = 0; host < 600; host++) {
    for (let step = 0; step < 4; step++) expect(values[(host * steps + step) * width]! * 20).toBeCloseTo(1 + host / 100, 4)
  }
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
