// Goal: one batch passes the rooms in their order, and a model that fails costs its scores, not the evidence.
import { expect, test } from 'vitest'
import { defaultConfig } from '../../agent/config/index.ts'
import { createDetection, NO_MODELS } from '../../agent/daemon/create-detection.ts'
import { Pipeline } from '../../agent/daemon/pipeline.ts'
import type { PipelineParts } from '../../agent/daemon/pipeline.ts'
import { Decider, NeverBlockList } from '../../agent/decision/index.ts'
import { FeatureExtractor, SequenceMemory } from '../../agent/features/index.ts'
import { policy, posteriorOf } from '../decision/posteriors.ts'
import { addressBytes, EVENT_LAYOUT, eventBatch, tcpEvent } from '../fixtures/event-batch.ts'

const config = defaultConfig('/srv')

test('features, scores, posteriors, verdicts: each room sees what the one before it made', async () => {
  const { parts, calls } = tracedParts()
  const step = await new Pipeline(parts).step(flowsOfOneHost())
  expect(calls).toEqual(['vectors', 'select', 'sequences', 'extract', 'forest', 'judge 0.5 0.25', 'decide at 1990'])
  expect(step.verdicts).toHaveLength(1)
  expect(step.posteriors).toHaveLength(1)
})

test('a forest that fails is told of, and the rest is judged without it', async () => {
  const failures: unknown[] = []
  const { parts, calls } = tracedParts({ forestFails: true, onScoringFailure: (error) => failures.push(error) })
  const { verdicts } = await new Pipeline(parts).step(flowsOfOneHost())
  expect(failures).toEqual([new Error('the worker died')])
  expect(calls).toContain('judge undefined 0.25')
  expect(verdicts).toHaveLength(1)
})

test('an empty batch asks no model anything', async () => {
  const { parts, calls } = tracedParts({ rows: 0 })
  await new Pipeline(parts).step(eventBatch([]))
  expect(calls.filter((call) => call === 'forest' || call === 'sequences')).toEqual([])
})

test('without models a scan is still found by its evidence, and the verdict says on what it rests', async () => {
  let ids = 0
  const { pipeline, modelVersion } = createDetection({
    config, models: undefined, mode: 'enforce', neverBlock: [], nextId: () => (ids += 1), decisionTimeMs: (atMs) => atMs,
    onScoringFailure: (error) => { throw error },
  })
  const verdicts = []
  for (let trial = 1; trial <= 40; trial++) verdicts.push(...(await pipeline.step(eventBatch([refusedContact(trial)]))).verdicts)
  expect(modelVersion).toBe(NO_MODELS)
  expect(verdicts.map(({ category, action }) => `${category} ${action}`)).toContain('scan block')
  expect(verdicts[0]!.posterior).toMatchObject({ modelVersion: NO_MODELS, entity: { value: '192.0.2.1' } })
})

/** One port after the other refuses 192.0.2.1. */
function refusedContact(trial: number) {
  const counts = Array.from({ length: 5 }, () => trial)
  return tcpEvent({
    flowId: trial, observedAtMs: 1_000_000 + trial, destinationTransportPort: trial, sourceAddress: addressBytes('192.0.2.1'),
    packetDeltaCount: 1, reversePacketDeltaCount: 1, payloadOctets: 0, reversePayloadOctets: 0,
    synCount: [1, 0], rstCount: [0, 1], tcpState: 6,
    isFirstContact: 1, contactFailed: 1, sourceTrialsFailed: trial, sourceFlows: counts, sourceContactsFailed: counts,
    sourceDistinctPorts: counts, sourceResetsReceived: counts, sourceDistinctPeers: [1, 1, 1, 1, 1], returnPathProven: 1,
  })
}

/** Enough of them for the sequence model to be asked. */
function flowsOfOneHost() {
  return eventBatch(
    Array.from({ length: 40 }, (_, index) => tcpEvent({ flowId: index, observedAtMs: 1_000_000 + 1_000 * index, cause: 4 }))
  )
}

interface Traced {
  readonly rows?: number
  readonly forestFails?: boolean
  readonly onScoringFailure?: (error: unknown) => void
}

function tracedParts({ rows = 1, forestFails = false, onScoringFailure = () => {} }: Traced = {}) {
  const calls: string[] = []
  const call = <T>(name: string, value: T): T => {
    calls.push(name)
    return value
  }
  const [extractor, memory] = [new FeatureExtractor(EVENT_LAYOUT), new SequenceMemory(EVENT_LAYOUT)]
  const decider = new Decider({ policy: policy(), mode: 'enforce', neverBlock: new NeverBlockList([]), nextId: () => 1 })
  const parts: PipelineParts = {
    extractor: {
      extractEvents: (batch, events) => call('extract', extractor.extractEvents(batch, events)),
      extractVectors: (batch) => call('vectors', extractor.extractVectors(batch)),
    },
    sequences: { select: (batch, vectors) => call('select', memory.select(batch, vectors)) },
    inference: {
      has: () => true,
      async scoreForest() {
        calls.push('forest')
        if (forestFails) throw new Error('the worker died')
        return Float32Array.of(0.5)
      },
      scoreSequences: async () => call('sequences', Float32Array.of(0.25)),
    },
    detector: {
      flowLogOdds: new Float32Array(1),
      judge: ({ forestScores, sequenceScores }) => (
        call(`judge ${forestScores?.[0]} ${sequenceScores?.[0]}`, rows === 0 ? [] : [posteriorOf('192.0.2.1')])
      ),
    },
    decider: { judge: (posterior, nowMs) => call(`decide at ${nowMs}`, decider.judge(posterior, nowMs)) },
    decisionTimeMs: (observedAtMs) => observedAtMs + 1_000,
    onScoringFailure,
  }
  return { parts, calls }
}
