// Goal: calibration error is what the definition says, and the interval of a mean holds whatever is averaged.
// Method: cases by hand; coverage over seeded draws.
import { expect, test } from 'vitest'
import { boundedMean, proportion, reliability } from '../../agent/evaluation/index.ts'
import { seededRandom } from '../../agent/kit/index.ts'

test('predictions that come true as often as they say have no error', () => {
  const { expectedError, baseRate, bins } = reliability([0.75, 0.75, 0.75], [0.75])
  expect(expectedError).toBeCloseTo(0, 12)
  expect(baseRate).toBe(0.75)
  expect(bins[7]).toMatchObject({ from: 0.7, to: 0.8, count: 4, predicted: 0.75, observed: { value: 0.75 } })
})

test('the error weighs each bin by its cases: three sure ones of which one is wrong, one at even odds that is true', () => {
  const { expectedError } = reliability([1, 1, 0.5], [1])
  expect(expectedError).toBeCloseTo((3 * (1 - 2 / 3) + 0.5) / 4, 12)
})

test('certainty falls into the last bin, and nothing gives no figure', () => {
  expect(reliability([1], []).bins[9]!.count).toBe(1)
  expect(reliability([], [])).toMatchObject({ expectedError: null, baseRate: null })
})

test('at 0 and 1 the interval of a mean is that of Clopper and Pearson', () => {
  expect(boundedMean(Array.from({ length: 8 }, () => 1)).lower95).toBeCloseTo(proportion(8, 8).lower95!, 9)
  expect(boundedMean(Array.from({ length: 8 }, () => 0)).upper95).toBeCloseTo(proportion(0, 8).upper95!, 9)
  expect(boundedMean([])).toEqual({ value: null, lower95: null, upper95: null })
})

test('the interval of a mean holds the true mean at least 95 times in 100, for coins and for even draws', () => {
  const random = seededRandom(20)
  for (const drawOne of [() => (random.uniform() < 0.8 ? 1 : 0), () => 0.6 + 0.4 * random.uniform()]) {
    let held = 0
    for (let trial = 0; trial < 1_000; trial += 1) {
      const { lower95, upper95 } = boundedMean(Array.from({ length: 12 }, drawOne))
      if (lower95! <= 0.8 && 0.8 <= upper95!) held += 1
    }
    expect(held).toBeGreaterThanOrEqual(950)
  }
})
