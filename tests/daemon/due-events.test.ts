// Goal: models need not read what fusion would not take.
// Method: random events of few entities in tables of three, with silences and new segments; every event scored, against due ones only.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ThreatDetector, UNTRAINED_FUSION } from '../../agent/ensemble/index.ts'
import type { FusionParameters, Posterior } from '../../agent/ensemble/index.ts'
import { FeatureExtractor, SEQUENCE_LIMITS, SequenceMemory } from '../../agent/features/index.ts'
import { addressBytes, EVENT_LAYOUT, eventBatch, tcpEvent } from '../fixtures/event-batch.ts'

const START_MS = 1_700_000_000_000
const ENTITIES_MAX = 3

const parameters: FusionParameters = {
  ...UNTRAINED_FUSION, sources: { forest: { calibration: { a: 4, b: 4, c: 0 }, weight: 1, cap: 3 } },
}

interface TrafficStep {
  readonly host: number
  readonly afterMs: number
  readonly isNewSegment: boolean
  readonly score: number
}

const steps: fc.Arbitrary<TrafficStep[]> = fc.array(fc.record({
  host: fc.integer({ min: 1, max: 5 }),
  afterMs: fc.oneof({ arbitrary: fc.nat(400), weight: 30 }, fc.constant(SEQUENCE_LIMITS.idleTimeoutMs), fc.constant(86_400_000)),
  isNewSegment: fc.integer({ min: 0, max: 29 }).map((value) => value === 0),
  score: fc.double({ min: 0.3, max: 0.99, noNaN: true }),
}), { minLength: 1, maxLength: 80 })

test('posteriors are the same whether the forest reads every event or only those that are due', () => {
  fc.assert(fc.property(steps, fc.nat(80), (all, cut) => {
    const few = judgeInTwo(all, cut, 'due')
    expect(few.posteriors).toEqual(judgeInTwo(all, cut, 'all').posteriors)
    expect(few.scored).toBeGreaterThan(0)
  }))
})

test('of a busy entity few events are read', () => {
  const busy = Array.from({ length: 60 }, () => ({ host: 1, afterMs: 100, isNewSegment: false, score: 0.9 }))
  const { scored, posteriors } = judgeInTwo(busy, 25, 'due')
  expect(scored).toBe(6)
  expect(posteriors.length).toBeGreaterThan(0)
})

/** Two batches, one after the other: what is due depends on the batch before. */
function judgeInTwo(all: readonly TrafficStep[], cut: number, scored: 'all' | 'due'): { posteriors: Posterior[]; scored: number } {
  const extractor = new FeatureExtractor(EVENT_LAYOUT)
  const memory = new SequenceMemory(EVENT_LAYOUT, {
    ...SEQUENCE_LIMITS, entitiesMax: ENTITIES_MAX, intervalMs: parameters.learnedIntervalMs,
  })
  const detector = new ThreatDetector({ layout: EVENT_LAYOUT, parameters, modelVersion: 'test', entitiesMax: ENTITIES_MAX })
  const result = { posteriors: [] as Posterior[], scored: 0 }
  const events = eventsOf(all)
  for (const [start, end] of [[0, cut], [cut, all.length]] as const) {
    const batch = eventBatch(events.slice(start, end))
    const rows = extractor.extractVectors(batch)
    const due = new Set(memory.select(batch, rows).dueEvents)
    const forestScores = all.slice(start, end).map(({ score }, index) => (scored === 'all' || due.has(index) ? score : Number.NaN))
    result.posteriors.push(...detector.judge({ batch, rows, forestScores }))
    result.scored += due.size
  }
  return result
}

/** Every event is one more refused contact of its host: learned scores are only reported beside evidence. */
function eventsOf(all: readonly TrafficStep[]) {
  let [observedAtMs, segment] = [START_MS, 0]
  const failed = new Map<number, number>()
  return all.map(({ host, afterMs, isNewSegment }) => {
    observedAtMs += afterMs
    if (isNewSegment) segment++
    failed.set(host, (failed.get(host) ?? 0) + 1)
    const count = failed.get(host)!
    const trials = { sourceTrialsFailed: count, sourceContactsFailed: Array.from({ length: 5 }, () => count), contactFailed: 1 }
    return tcpEvent({ observedAtMs, segment, sourceAddress: addressBytes(`192.0.2.${host}`), ...trials })
  })
}
