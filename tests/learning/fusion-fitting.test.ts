// Goal: calibrations, weights, thresholds and counts are what their definitions say.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { fitBoundedLogistic } from '../../agent/learning/bounded-logistic.ts'
import { conformalThreshold } from '../../agent/learning/conformal-threshold.ts'
import { fitBetaCalibration } from '../../agent/learning/fit-calibration.ts'
import { fitSources, fusedRatio } from '../../agent/learning/fit-fusion.ts'
import type { SourceColumn } from '../../agent/learning/fit-fusion.ts'
import { indicatorRatios } from '../../agent/learning/indicator-counts.ts'
import { calibratedLogRatio, seededRandom } from '../../agent/kit/index.ts'
import type { Random } from '../../agent/kit/index.ts'

test('beta calibration finds the likelihood ratio that made the scores', () => {
  // Attack scores from Beta(4, 1), benign from Beta(1, 3): ln ratio = 3 ln s - 2 ln(1 - s) + ln(4 / 3).
  const random = seededRandom(21)
  const rows = 40_000
  const labels = Uint8Array.from({ length: rows }, (_, row) => (row % 4 === 0 ? 1 : 0))
  const scores = Float64Array.from(labels, (label) => (label === 1 ? random.uniform() ** (1 / 4) : 1 - random.uniform() ** (1 / 3)))
  const found = fitBetaCalibration({ scores, labels, weights: new Float64Array(rows).fill(1) })
  for (const score of [0.1, 0.3, 0.5, 0.7, 0.9]) {
    expect(calibratedLogRatio(found, score)).toBeCloseTo(3 * Math.log(score) - 2 * Math.log(1 - score) + Math.log(4 / 3), 0.7)
  }
})

test('a calibration never falls as the score rises, whatever the labels', () => {
  const row = fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.boolean())
  fc.assert(fc.property(fc.array(row, { minLength: 4, maxLength: 60 }), (rows) => {
    fc.pre(rows.some(([, isAttack]) => isAttack) && rows.some(([, isAttack]) => !isAttack))
    const found = fitBetaCalibration({
      scores: rows.map(([score]) => score), labels: rows.map(([, isAttack]) => Number(isAttack)), weights: rows.map(() => 1),
    })
    const ratios = Array.from({ length: 21 }, (_, index) => calibratedLogRatio(found, index / 20))
    for (let index = 1; index < ratios.length; index += 1) expect(ratios[index]!).toBeGreaterThanOrEqual(ratios[index - 1]!)
  }), { numRuns: 60 })
})

test('the weighted classes stand even: ten times as many benign rows change nothing', () => {
  const scores = [0.2, 0.6, 0.4, 0.9]
  const labels = [0, 0, 1, 1]
  const once = fitBetaCalibration({ scores, labels, weights: [1, 1, 1, 1] })
  const often = fitBetaCalibration({ scores, labels, weights: [10, 10, 1, 1] })
  expect(often.a).toBeCloseTo(once.a, 6)
  expect(often.c).toBeCloseTo(once.c, 6)
})

test('bounded logistic regression stops at a minimum: no allowed step makes the loss smaller', () => {
  fc.assert(fc.property(fc.integer(), (seed) => {
    const random = seededRandom(seed)
    const [rows, width] = [60, 3]
    const problem = {
      features: Float64Array.from({ length: rows * width }, () => random.uniform() * 4 - 2), width,
      labels: Array.from({ length: rows }, () => Math.round(random.uniform())),
      weights: Array.from({ length: rows }, () => 0.1 + random.uniform()),
      lower: [0, -1, 0.25], upper: [1, 1, 1], ridge: [0.01, 0.01, 0.01], centre: [1, 0, 1],
    }
    const found = fitBoundedLogistic(problem)
    const best = loss(problem, found)
    for (let index = 0; index < width; index += 1) {
      expect(found[index]).toBeGreaterThanOrEqual(problem.lower[index]!)
      expect(found[index]).toBeLessThanOrEqual(problem.upper[index]!)
      for (const step of [-1e-3, 1e-3]) {
        const moved = [...found]
        moved[index] = Math.min(problem.upper[index]!, Math.max(problem.lower[index]!, moved[index]! + step))
        expect(loss(problem, moved)).toBeGreaterThanOrEqual(best - 1e-12)
      }
    }
  }), { numRuns: 40 })
})

test('a source that repeats another shares its weight, an independent one keeps its own, one that misleads loses it', () => {
  const random = seededRandom(31)
  const rows = 20_000
  const labels = Uint8Array.from({ length: rows }, () => Math.round(random.uniform()))
  const signal = (): Float64Array => Float64Array.from(labels, (label) => ratioOfShift(random, label))
  const first = signal()
  const sources = [
    column('first', first), column('copy', first), column('independent', signal()), column('misleading', signal().map((ratio) => -ratio)),
  ]
  const fitted = fitSources(sources, { labels, weights: new Float64Array(rows).fill(1) }, Array.from(labels.keys()))
  expect(fitted['first']!.weight + fitted['copy']!.weight).toBeCloseTo(1, 0.7)
  expect(fitted['independent']!.weight).toBeGreaterThan(0.9)
  expect(fitted['misleading']!.weight).toBe(0)
})

test('a source keeps its floor weight, and a test that never fired keeps weight 1', () => {
  const labels = [0, 1, 0, 1, 0, 1]
  const misleading = { ...column('forest', Float64Array.of(2, -2, 2, -2, 2, -2)), weightMin: 0.25 }
  const sources = [misleading, column('silent', new Float64Array(6))]
  const fitted = fitSources(sources, { labels, weights: labels.map(() => 1) }, [0, 1, 2, 3, 4, 5])
  expect(fitted['forest']!.weight).toBe(0.25)
  expect(fitted['silent']!.weight).toBeCloseTo(1, 9)
})

test('a ratio counts up to its cap, and where a source is silent it counts nothing', () => {
  const sources = [column('loud', Float64Array.of(50, Number.NaN, -50)), column('quiet', Float64Array.of(1, 1, 1))]
  const fitted = { loud: { weight: 0.5, cap: 3 }, quiet: { weight: 1, cap: 3 } }
  expect([0, 1, 2].map((row) => fusedRatio(sources, fitted, row))).toEqual([2.5, 1, -0.5])
})

test('1 % at 5 % needs 299 benign scores, 0.1 % needs 2 995', () => {
  const scores = (count: number): Float64Array => Float64Array.from({ length: count }, (_, index) => index)
  expect(conformalThreshold(scores(298), 0.01, 0.05)).toBeUndefined()
  expect(conformalThreshold(scores(299), 0.01, 0.05)).toEqual({ threshold: 298, benign: 299, exceeding: 0 })
  expect(conformalThreshold(scores(2_994), 0.001, 0.05)).toBeUndefined()
  expect(conformalThreshold(scores(2_995), 0.001, 0.05)).toEqual({ threshold: 2_994, benign: 2_995, exceeding: 0 })
})

test('over many draws of exchangeable scores the threshold breaks its bound no more often than it may', () => {
  const random = seededRandom(41)
  const [draws, rate] = [2_000, 0.01]
  let broken = 0
  for (let draw = 0; draw < draws; draw += 1) {
    const { threshold } = conformalThreshold(Float64Array.from({ length: 500 }, () => random.uniform()), rate, 0.05)!
    if (1 - threshold > rate) broken += 1
  }
  expect(broken / draws).toBeLessThan(0.065) // 0.05, and three standard errors of 2 000 draws
})

test('an indicator counts in both directions, and what was never seen is not impossible', () => {
  const ratios = indicatorRatios({ attackPresent: 0, attackTotal: 8, benignPresent: 49, benignTotal: 98 })
  expect(ratios.present).toBeCloseTo(Math.log(0.1 / 0.5), 12)
  expect(ratios.absent).toBeCloseTo(Math.log(0.9 / 0.5), 12)
})

function column(name: string, values: Float64Array): SourceColumn {
  return { name, unit: 'ratio', values, cap: 12, weightMin: 0 }
}

/** The true log-likelihood ratio of a draw from N(±1/2, 1): its own value. */
function ratioOfShift(random: Random, label: number): number {
  const radius = Math.sqrt(-2 * Math.log(1 - random.uniform()))
  return radius * Math.cos(2 * Math.PI * random.uniform()) + (label === 1 ? 0.5 : -0.5)
}

function loss(problem: Parameters<typeof fitBoundedLogistic>[0], coefficients: readonly number[]): number {
  const { features, width, labels, weights, ridge, centre } = problem
  let [sum, total] = [0, 0]
  for (let row = 0; row < labels.length; row += 1) {
    const z = coefficients.reduce((each, value, index) => each + value * features[row * width + index]!, 0)
    sum += weights[row]! * (Math.log(1 + Math.exp(z)) - labels[row]! * z)
    total += weights[row]!
  }
  return sum / total + coefficients.reduce((each, value, index) => each + ridge[index]! / 2 * (value - centre[index]!) ** 2, 0)
}
