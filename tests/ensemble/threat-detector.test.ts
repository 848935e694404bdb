import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ThreatDetector, UNTRAINED_FUSION } from '../../agent/ensemble/index.ts'
import type { FusionParameters, JudgeInput, Posterior } from '../../agent/ensemble/index.ts'
import { FeatureExtractor } from '../../agent/features/index.ts'
import { parsePrefix } from '../../agent/kit/index.ts'
import { addressBytes, EVENT_LAYOUT, eventBatch, tcpEvent } from '../fixtures/event-batch.ts'
import type { EventValues } from '../fixtures/event-batch.ts'

const START_MS = 1_700_000_000_000

const WITH_FOREST: FusionParameters = {
  ...UNTRAINED_FUSION,
  sources: { forest: { calibration: { a: 4, b: 4, c: 0 }, weight: 0.5, cap: 3 } },
}

test('a scan is named after a handful of refused contacts, and its category is scan', () => {
  const posteriors = createJudge()(scanEvents(10))
  const last = posteriors.at(-1)!
  expect(last).toMatchObject({ category: 'scan', entity: { kind: 'outer-address', value: '203.0.113.9' } })
  expect(last.probability).toBeGreaterThan(0.99)
})

test('a host whose contacts are mostly answered is never reported', () => {
  const events = Array.from({ length: 200 }, (_, index) => tcpEvent({
    observedAtMs: START_MS + index * 1_000, sourceTrialsFailed: Math.floor(index / 4), sourceTrialsAnswered: index,
  }))
  expect(createJudge()(events)).toEqual([])
})

test('contributions are exact summands of the log-odds, the largest first', () => {
  const outcome = fc.record({ failed: fc.boolean(), forest: fc.double({ min: 0.01, max: 0.99, noNaN: true }) })
  const outcomes = fc.array(outcome, { maxLength: 60 })
  fc.assert(fc.property(outcomes, (trials) => {
    let [failed, answered] = [0, 0]
    const events = trials.map((trial, index) => {
      if (trial.failed) failed++
      else answered++
      return scanEvent(index, { sourceTrialsFailed: failed, sourceTrialsAnswered: answered })
    })
    for (const { contributions, logOdds, probability } of createJudge(WITH_FOREST)(events, trials.map((trial) => trial.forest))) {
      const terms = contributions.map(({ weight, logLikelihoodRatio }) => weight * logLikelihoodRatio)
      expect(terms.reduce((sum, term) => sum + term, 0)).toBe(logOdds)
      expect(terms.map(Math.abs)).toEqual(terms.map(Math.abs).sort((a, b) => b - a))
      expect(probability).toBeCloseTo(1 / (1 + Math.exp(-logOdds)), 12)
    }
  }))
})

test('learned scores alone are never reported, however long and loud they speak', () => {
  const events = Array.from({ length: 300 }, (_, index) => tcpEvent({ observedAtMs: START_MS + index * 1_000 }))
  const loud = { ...WITH_FOREST, sources: { forest: { calibration: { a: 4, b: 4, c: 0 }, weight: 1, cap: 3 } } }
  expect(createJudge(loud)(events, events.map(() => 0.999))).toEqual([])
})

test('a scan that ended is not reported again, whatever else its source does', () => {
  const scan = scanEvents(12)
  const after = Array.from({ length: 200 }, (_, second) => scanEvent(0, {
    observedAtMs: START_MS + 1_000 * (second + 1), sourceTrialsFailed: 12, destinationTransportPort: 443, tcpState: 3,
  }))
  const posteriors = createJudge(WITH_FOREST)([...scan, ...after], [...scan.map(() => 0.5), ...after.map((_, index) => index % 2)])
  expect(posteriors.length).toBeGreaterThan(0)
  expect(posteriors.filter(({ eventIndex }) => eventIndex >= scan.length)).toEqual([])
})

test('a scan that goes on is reported again, at most every ten seconds', () => {
  const events = Array.from({ length: 60 }, (_, second) => scanEvent(0, {
    observedAtMs: START_MS + 1_000 * second, sourceTrialsFailed: 30 * second,
  }))
  const times = createJudge()(events).map(({ observedAtMs }) => (observedAtMs - START_MS) / 1_000)
  expect(times).toEqual([1, 11, 21, 31, 41, 51])
})

test('a stray failure after a scan does not renew it; a handful within minutes does', () => {
  const judge = createJudge()
  judge(scanEvents(12))
  const later = (failed: number): Posterior[] => judge([scanEvent(0, { observedAtMs: START_MS + 60_000, sourceTrialsFailed: failed })])
  expect(later(13)).toEqual([])
  expect(later(16)).toHaveLength(1)
})

test('a beacon never reaches the block threshold, whatever the models and the habit add', () => {
  const sources = { forest: { calibration: { a: 4, b: 4, c: 0 }, weight: 1, cap: 3 } }
  const beats = Array.from({ length: 200 }, (_, index) => tcpEvent({
    observedAtMs: START_MS + 30_000 * index, destinationTransportPort: 7_707, pairBurstsTotal: 40 + index, pairFlowsTotal: 40 + index,
    pairBurstGapsMs: Array.from({ length: 16 }, () => 30_000), pairBurstOctets: Array.from({ length: 16 }, () => 420),
  }))
  const posteriors = createJudge({ ...UNTRAINED_FUSION, sources })(beats, beats.map(() => 0.999))
  const most = Math.max(...posteriors.map(({ probability }) => probability))
  expect(most).toBeGreaterThan(0.504)
  expect(most).toBeLessThan(0.879)
})

test('learned scores count once in their interval', () => {
  const failed = { sourceTrialsFailed: 5, sourceContactsFailed: [5, 5, 5, 5, 5] }
  const events = Array.from({ length: 50 }, (_, index) => scanEvent(9, { observedAtMs: START_MS + index, ...failed }))
  const posteriors = createJudge(WITH_FOREST)(events, events.map(() => 0.999))
  const forest = posteriors.at(-1)?.contributions.find(({ source }) => source === 'forest')
  expect(forest?.logLikelihoodRatio).toBe(3)
})

test('a score that is not a number is not counted', () => {
  const events = scanEvents(10)
  expect(createJudge(WITH_FOREST)(events, events.map(() => Number.NaN))).toEqual(createJudge(UNTRAINED_FUSION)(events))
})

test('a spoofed SYN flood names its victim and no source', () => {
  const posteriors = createJudge()(synFlood(600))
  expect(new Set(posteriors.map(({ entity }) => `${entity.kind} ${entity.value}`))).toEqual(new Set(['victim 198.51.100.7']))
  expect(posteriors.at(-1)).toMatchObject({ category: 'flood', sourceVerified: false })
  expect(posteriors.at(-1)?.probability).toBeGreaterThan(0.99)
})

test('judging in one batch or event by event gives the same posteriors', () => {
  const events = [...scanEvents(12), ...synFlood(300)]
  const whole = createJudge()(events)
  const single = createJudge()
  const parts = events.flatMap((event, index) => single([event]).map((posterior) => ({ ...posterior, eventIndex: index })))
  expect(parts).toEqual(whole)
})

test('who did it does not depend on the address it was done from', () => {
  const renamed = scanEvents(12).map((event) => ({ ...event, sourceAddress: addressBytes('10.9.8.7') }))
  const strip = (posteriors: readonly Posterior[]): object[] => posteriors.map(({ entity: _entity, ...rest }) => rest)
  expect(strip(createJudge()(renamed))).toEqual(strip(createJudge()(scanEvents(12))))
})

test('an address inside a home prefix is an inner one', () => {
  const surroundings = { homePrefixes: [parsePrefix('203.0.113.0/24')!], innerInterfaces: [] }
  expect(createJudge(UNTRAINED_FUSION, surroundings)(scanEvents(10)).at(-1)?.entity.kind).toBe('inner-address')
})

test('a new segment starts with fresh beliefs', () => {
  const [before, after] = [scanEvents(5), scanEvents(3).map((event) => ({ ...event, segment: 1 }))]
  expect(createJudge()([...before, ...after]).filter(({ eventIndex }) => eventIndex >= 5)).toEqual([])
})

test('entities are bounded and the forgotten ones counted', () => {
  const detector = new ThreatDetector({ layout: EVENT_LAYOUT, parameters: UNTRAINED_FUSION, modelVersion: 'test', entitiesMax: 4 })
  const events = Array.from({ length: 10 }, (_, index) => tcpEvent({ sourceAddress: addressBytes(`192.0.2.${index}`) }))
  judgeWith(detector, events)
  expect(detector.counts).toEqual({ entities: 5, evicted: 6 })
})

test('the evidence of a flow is that of its pair, whatever else its source does', () => {
  const detector = new ThreatDetector({ layout: EVENT_LAYOUT, parameters: UNTRAINED_FUSION, modelVersion: 'test' })
  const quiet = tcpEvent({ pairFlows: [1, 1, 1, 1, 1] })
  const refused = { ...quiet, pairFlows: [9, 9, 9, 9, 9], pairContactsFailed: [9, 9, 9, 9, 9] }
  judgeWith(detector, [quiet, { ...quiet, sourceTrialsFailed: 1_000 }, refused])
  const [alone, besideScan, scanned] = detector.flowLogOdds
  expect(besideScan).toBe(alone)
  expect(scanned).toBeGreaterThan(alone!)
})

test.each([
  ['a SYN that nobody answered', { tcpState: 1, synCount: [1, 0] }],
  ['an answer that nobody asked for', { protocolIdentifier: 17, tcpState: 0, sourceTransportPort: 161, destinationTransportPort: 40_000 }],
])('%s speaks against its own flow once that has ended, whoever is to blame', (_what, values) => {
  const detector = new ThreatDetector({ layout: EVENT_LAYOUT, parameters: UNTRAINED_FUSION, modelVersion: 'test' })
  const mute = tcpEvent({ ...values, reversePacketDeltaCount: 0, pairFlows: [1, 1, 1, 1, 1], returnPathProven: 0 })
  judgeWith(detector, [mute, { ...mute, flowEndReason: 1 }])
  const [underWay, ended] = detector.flowLogOdds
  expect(underWay).toBeCloseTo(-6.9, 5)
  expect(ended).toBeCloseTo(Math.log(4) - 6.9, 5)
})

test('the flows of a filtered scan are failed contacts, also those that the meter had no room to try', () => {
  const detector = new ThreatDetector({ layout: EVENT_LAYOUT, parameters: UNTRAINED_FUSION, modelVersion: 'test' })
  const flow = tcpEvent({
    tcpState: 1, reversePacketDeltaCount: 0, flowEndReason: 1, pairFlows: [0, 900, 2_000, 2_000, 2_000],
    pairContactsFailed: [0, 300, 700, 700, 700], pairOctetsReceived: [0, 200, 240, 240, 240],
  })
  judgeWith(detector, [flow])
  expect(detector.flowLogOdds[0]).toBeGreaterThan(4)
})

type Judge = (events: readonly EventValues[], forestScores?: readonly number[]) => Posterior[]

function createJudge(parameters = UNTRAINED_FUSION, surroundings?: ConstructorParameters<typeof ThreatDetector>[0]['surroundings']): Judge {
  const options = { layout: EVENT_LAYOUT, parameters, modelVersion: 'test' }
  const detector = new ThreatDetector(surroundings === undefined ? options : { ...options, surroundings })
  return (events, forestScores) => judgeWith(detector, events, forestScores)
}

function judgeWith(detector: ThreatDetector, events: readonly EventValues[], forestScores?: readonly number[]): Posterior[] {
  const batch = eventBatch(events)
  const input: JudgeInput = { batch, rows: new FeatureExtractor(EVENT_LAYOUT).extract(batch), forestScores }
  return detector.judge(input)
}

function scanEvents(count: number): EventValues[] {
  return Array.from({ length: count }, (_, index) => scanEvent(index, { sourceTrialsFailed: index + 1 }))
}

function scanEvent(index: number, overrides: EventValues): EventValues {
  return tcpEvent({
    observedAtMs: START_MS + index * 10, sourceAddress: addressBytes('203.0.113.9'), returnPathProven: 0, tcpState: 6,
    ...overrides,
  })
}

function synFlood(count: number): EventValues[] {
  return Array.from({ length: count }, (_, index) => tcpEvent({
    observedAtMs: START_MS + index, sourceAddress: addressBytes(`203.0.${index >> 8}.${index & 255}`), returnPathProven: 0, tcpState: 1,
    destinationSynsTotal: index + 1, destinationSyns: [index, index, index, index, index],
    destinationDistinctPorts: [1, 1, 1, 1, 1], destinationDistinctPeers: [index, index, index, index, index],
  }))
}
