import fc from 'fast-check'
import { expect, test } from 'vitest'
import { EVIDENCE_TESTS, HybridBayesianFusion, UNTRAINED_FUSION } from '../../agent/ensemble/index.ts'
import type { FusionParameters } from '../../agent/ensemble/index.ts'

const LOUD = { calibration: { a: 4, b: 4, c: 0 }, weight: 1, cap: 3 }
const BOTH: FusionParameters = { ...UNTRAINED_FUSION, sources: { forest: LOUD, sequence: LOUD } }
const SCAN = indexOf('scan.random-walk')
const BEACON = indexOf('beacon.regularity')
const CUSUM = indexOf('flood.syn-cusum')
const REFLECTION = indexOf('flood.reflection')
const DATAGRAMS = indexOf('flood.unanswered-datagrams')
const NOW_MS = 1_700_000_000_000
const ALICE = 'a'
const BOB = 'b'

test('nothing seen, nothing but the prior', () => {
  const { fusion, belief } = start()
  expect(fusion.weigh(belief, NOW_MS).logOdds).toBe(-6.9)
  expect(fusion.contributions(belief, 'scan', NOW_MS).map(({ source }) => source)).toEqual(['prior'])
})

test('tests of one category together count no more than one over independent trials', () => {
  const { fusion, belief } = start()
  fusion.setHostRatio(belief, REFLECTION, 8)
  fusion.setHostRatio(belief, DATAGRAMS, 9)
  expect(fusion.weigh(belief, NOW_MS)).toEqual({ category: 'flood', logOdds: 12 - 6.9 })
  const counted = fusion.contributions(belief, 'flood', NOW_MS).filter(({ source }) => source.includes('.'))
  expect(counted.map(({ logLikelihoodRatio }) => logLikelihoodRatio)).toEqual([8, 4])
})

test('both models and the habit together multiply the odds by at most ten', () => {
  const { fusion, belief } = start(BOTH)
  for (let second = 0; second < 60; second++) {
    for (const source of [0, 1]) fusion.addScore(belief, { source, score: 0.999, nowMs: NOW_MS + 1_000 * second })
  }
  fusion.setProfileRatio(belief, 3)
  expect(fusion.weigh(belief, NOW_MS + 60_000).logOdds).toBeCloseTo(-6.9 + Math.log(10), 10)
})

test('whatever is known, the contributions sum to the log-odds of the category', () => {
  const nats = fc.double({ min: -20, max: 20, noNaN: true })
  const score = fc.double({ min: 0, max: 1, noNaN: true })
  const ratios = fc.tuple(nats, nats, nats, nats, nats, nats)
  fc.assert(fc.property(ratios, fc.tuple(score, score), ([a, b, c, d, e, profile], [forest, sequence]) => {
    const { fusion, belief } = start(BOTH)
    fusion.setHostRatio(belief, SCAN, a)
    fusion.setHostRatio(belief, CUSUM, b)
    fusion.setHostRatio(belief, REFLECTION, c)
    fusion.setHostRatio(belief, DATAGRAMS, d)
    fusion.setPairRatio(belief, { test: BEACON, ratio: Math.abs(e), other: ALICE, nowMs: NOW_MS })
    fusion.addScore(belief, { source: 0, score: forest, nowMs: NOW_MS })
    fusion.addScore(belief, { source: 1, score: sequence, nowMs: NOW_MS })
    fusion.setProfileRatio(belief, Math.abs(profile))
    const { category, logOdds } = fusion.weigh(belief, NOW_MS + 5_000)
    const contributions = fusion.contributions(belief, category, NOW_MS + 5_000)
    expect(contributions.reduce((sum, { weight, logLikelihoodRatio }) => sum + weight * logLikelihoodRatio, 0)).toBeCloseTo(logOdds, 9)
  }))
})

test('the strongest pair of an entity counts; a weaker one does not take its place', () => {
  const { fusion, belief } = start()
  expect(fusion.setPairRatio(belief, { test: BEACON, ratio: 5, other: ALICE, nowMs: NOW_MS })).toBe(true)
  expect(fusion.setPairRatio(belief, { test: BEACON, ratio: 4, other: BOB, nowMs: NOW_MS })).toBe(false)
  expect(fusion.weigh(belief, NOW_MS).logOdds).toBeCloseTo(-1.9, 10)
  expect(fusion.setPairRatio(belief, { test: BEACON, ratio: 4, other: ALICE, nowMs: NOW_MS })).toBe(true)
  expect(fusion.weigh(belief, NOW_MS).logOdds).toBeCloseTo(-2.9, 10)
})

test('a pair that fell silent fades within half an hour to a third', () => {
  const { fusion, belief } = start()
  fusion.setPairRatio(belief, { test: BEACON, ratio: 6, other: ALICE, nowMs: NOW_MS })
  expect(fusion.weigh(belief, NOW_MS + 1_800_000).logOdds).toBeCloseTo(6 / Math.E - 6.9, 10)
})

test('learned scores count once in their interval and fade within minutes', () => {
  const { fusion, belief } = start(BOTH)
  expect(fusion.addScore(belief, { source: 0, score: 0.55, nowMs: NOW_MS })).toBe(true)
  expect(fusion.addScore(belief, { source: 0, score: 0.55, nowMs: NOW_MS + 999 })).toBe(false)
  const [now, later] = [0, 300_000].map((afterMs) => fusion.weigh(belief, NOW_MS + afterMs).logOdds + 6.9)
  expect(later! / now!).toBeCloseTo(1 / Math.E, 10)
})

test('evidence supports anew when its count has grown by one since the report, in small steps as well', () => {
  const { fusion, belief, support } = startScan()
  expect(support(3, 0)).toBeGreaterThanOrEqual(1)
  fusion.noteReported(belief)
  expect(support(3, 1_000)).toBe(0)
  expect(support(3.5, 2_000)).toBe(0.5)
  expect(support(4.1, 3_000)).toBeGreaterThanOrEqual(1)
})

test('the tail of an attack that was never reported makes no news of a stray packet minutes later', () => {
  const { fusion, belief, support } = startScan()
  support(3, 0)
  fusion.noteReported(belief)
  support(170, 1_000)
  expect(fusion.newSupport(belief, 'scan', NOW_MS + 12_000)).toBe(0)
  expect(support(170.25, 61_000)).toBeLessThan(1)
})

test('a pair that takes the place of another is new evidence', () => {
  const { fusion, belief, support } = startScan()
  support(9, 0)
  fusion.noteReported(belief)
  fusion.setSupport(belief, SCAN, { count: 5, isAnotherPair: true, nowMs: NOW_MS + 1_000 })
  expect(fusion.newSupport(belief, 'scan', NOW_MS + 1_000)).toBe(1)
})

test('a meter that forgot the host and counts anew is neither fresh evidence nor a lasting silence', () => {
  const { fusion, belief, support } = startScan()
  support(200, 0)
  fusion.noteReported(belief)
  expect(support(0, 1_000)).toBe(0)
  expect(support(1, 2_000)).toBe(1)
})

interface ScanStart extends Start {
  /** Notes a count so long after the start; what is new of it. */
  readonly support: (count: number, afterMs: number) => number
}

function startScan(): ScanStart {
  const { fusion, belief } = start()
  fusion.setHostRatio(belief, SCAN, 10)
  const support = (count: number, afterMs: number): number => {
    fusion.setSupport(belief, SCAN, { count, isAnotherPair: false, nowMs: NOW_MS + afterMs })
    return fusion.newSupport(belief, 'scan', NOW_MS + afterMs)
  }
  return { fusion, belief, support }
}

function indexOf(name: string): number {
  return EVIDENCE_TESTS.findIndex((each) => each.name === name)
}

interface Start {
  readonly fusion: HybridBayesianFusion
  readonly belief: ReturnType<HybridBayesianFusion['layout']['create']>
}

function start(parameters = UNTRAINED_FUSION): Start {
  const fusion = new HybridBayesianFusion(parameters, EVIDENCE_TESTS, 0)
  return { fusion, belief: fusion.layout.create() }
}
