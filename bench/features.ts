// Goal: the cost of an event from memory to belief: features, event vectors, sequences, evidence and fusion.
// Method: batches of 512 ordinary and scanning events of 4 000 hosts, no models; the median of 15 rounds, in microseconds an event.
// Run: npx node bench/features.ts
import { ThreatDetector, UNTRAINED_FUSION } from '../agent/ensemble/index.ts'
import { FeatureExtractor, SequenceMemory } from '../agent/features/index.ts'
import { integerBelow, seededRandom } from '../agent/kit/index.ts'
import type { EventBatch } from '../agent/capture/index.ts'
import { EVENT_LAYOUT, eventBatch, tcpEvent } from '../tests/fixtures/event-batch.ts'

const EVENTS = 512
const BATCHES = 40
const ROUNDS = 15
const HOSTS = 4_000

const batches = Array.from({ length: BATCHES }, (_, index) => makeBatch(index))
const extractor = new FeatureExtractor(EVENT_LAYOUT)
const memory = new SequenceMemory(EVENT_LAYOUT)
const detector = new ThreatDetector({ layout: EVENT_LAYOUT, parameters: UNTRAINED_FUSION, modelVersion: 'none' })

report('feature rows', (batch) => extractor.extract(batch).length)
report('event vectors', (batch) => extractor.extractVectors(batch).length)
report('vectors and sequences', (batch) => memory.select(batch, extractor.extractVectors(batch)).length)
report('rows, evidence and fusion', (batch) => detector.judge({ batch, rows: extractor.extract(batch) }).length)

function report(what: string, run: (batch: EventBatch) => number): void {
  const perEvent: number[] = []
  let results = 0
  for (let round = 0; round < ROUNDS; round++) {
    const startedMs = performance.now()
    for (const batch of batches) results += run(batch)
    perEvent.push(((performance.now() - startedMs) * 1_000) / (BATCHES * EVENTS))
  }
  perEvent.sort((a, b) => a - b)
  console.log(`${what.padEnd(28)} ${perEvent[ROUNDS >> 1]!.toFixed(2)} µs an event (least ${perEvent[0]!.toFixed(2)}, ${results} results)`)
}

function makeBatch(batchIndex: number): EventBatch {
  const random = seededRandom(batchIndex)
  const counters = (most: number): number[] => Array.from({ length: 5 }, () => integerBelow(random, most))
  return eventBatch(Array.from({ length: EVENTS }, (_, index) => {
    const host = integerBelow(random, HOSTS)
    return tcpEvent({
      observedAtMs: 1_700_000_000_000 + batchIndex * 100 + index / 10,
      sourceAddress: Uint8Array.of(10, 0, host >> 8, host & 255),
      destinationAddress: Uint8Array.of(198, 51, 100, integerBelow(random, 250)),
      destinationTransportPort: [22, 53, 80, 443, 8_443][integerBelow(random, 5)]!,
      protocolIdentifier: integerBelow(random, 4) === 0 ? 17 : 6,
      octetDeltaCount: integerBelow(random, 100_000), sourceFlows: counters(40),
      sourceContactsAnswered: counters(30), sourceTrialsAnswered: 30,
      sourceTrialsFailed: integerBelow(random, 20) === 0 ? 20 : 3, sourceDistinctPeers: counters(20), destinationFlows: counters(300),
      destinationSyns: counters(300), destinationHandshakes: counters(300), destinationSynsTotal: batchIndex * 10,
      destinationHandshakesTotal: batchIndex * 10, pairFlows: counters(100), pairOctetsSent: counters(50_000), pairBurstsTotal: 20,
      pairBurstGapsMs: Array.from({ length: 16 }, () => 300 + integerBelow(random, 20_000)),
      pairBurstOctets: Array.from({ length: 16 }, () => 60 + integerBelow(random, 5_000)), pairFlowsEndedTotal: integerBelow(random, 40),
      pairFlowPackets: Array.from({ length: 16 }, () => 8 + integerBelow(random, 60)),
      pairFlowOctets: Array.from({ length: 16 }, () => 400 + integerBelow(random, 60_000)),
    })
  }))
}
