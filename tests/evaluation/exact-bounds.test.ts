// Known values: Garwood 1936 and Clopper-Pearson 1934 as tabled in textbooks and computed in decimal arithmetic of 50 digits, eight digits.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { poissonUpper95, proportion } from '../../agent/evaluation/exact-bounds.ts'
import { incompleteBeta, logGamma, upperIncompleteGamma } from '../../agent/evaluation/special-functions.ts'

test('the logarithm of gamma is that of the factorial, and known at one half', () => {
  expect(logGamma(1)).toBeCloseTo(0, 14)
  expect(logGamma(0.5)).toBeCloseTo(Math.log(Math.sqrt(Math.PI)), 13)
  expect(logGamma(11)).toBeCloseTo(Math.log(3_628_800), 12)
  expect(logGamma(101) / 363.7393755555635).toBeCloseTo(1, 14)
})

test('the upper incomplete gamma function is the Poisson distribution', () => {
  fc.assert(fc.property(fc.integer({ min: 0, max: 60 }), fc.double({ min: 0.01, max: 80, noNaN: true }), (count, mean) => {
    let [term, sum] = [Math.exp(-mean), 0]
    for (let k = 0; k <= count; k += 1) {
      sum += term
      term *= mean / (k + 1)
    }
    expect(upperIncompleteGamma(count + 1, mean)).toBeCloseTo(sum, 11)
  }))
})

test('the incomplete beta function is the binomial distribution', () => {
  const probability = fc.double({ min: 0.001, max: 0.999, noNaN: true })
  fc.assert(fc.property(fc.integer({ min: 1, max: 40 }), fc.nat({ max: 39 }), probability, (trials, draw, p) => {
    const successes = 1 + draw % trials
    let tail = 0
    for (let k = successes; k <= trials; k += 1) tail += choose(trials, k) * p ** k * (1 - p) ** (trials - k)
    expect(incompleteBeta(p, successes, trials - successes + 1)).toBeCloseTo(tail, 10)
  }))
})

test('the incomplete beta function keeps to its ends', () => {
  expect([incompleteBeta(0, 2, 3), incompleteBeta(1, 2, 3), incompleteBeta(-1, 2, 3), upperIncompleteGamma(3, 0)]).toEqual([0, 1, 0, 1])
})

test.each([[0, 2.99573227], [1, 4.74386452], [2, 6.29579362], [5, 10.51303491], [10, 16.96221924], [100, 118.07927278]])(
  'after %i events the Poisson mean is below %f with 95 % confidence', (count, bound) => {
    expect(poissonUpper95(count)).toBeCloseTo(bound, 4)
  })

test('the Poisson bound holds its promise at large counts too', () => {
  for (const count of [1_000, 50_000, 1_000_000]) expect(upperIncompleteGamma(count + 1, poissonUpper95(count))).toBeCloseTo(0.05, 6)
})

test.each([
  { successes: 0, trials: 10, lower: 0, upper: 0.3084971 },
  { successes: 10, trials: 10, lower: 0.6915029, upper: 1 },
  { successes: 5, trials: 10, lower: 0.18708603, upper: 0.81291397 },
  { successes: 1, trials: 20, lower: 0.00126509, upper: 0.24873276 },
  { successes: 95, trials: 100, lower: 0.88716509, upper: 0.98356821 },
])(
  '$successes of $trials lies between $lower and $upper (Clopper-Pearson)', ({ successes, trials, lower, upper }) => {
    const found = proportion(successes, trials)
    expect(found.value).toBe(successes / trials)
    expect(found.lower95).toBeCloseTo(lower, 6)
    expect(found.upper95).toBeCloseTo(upper, 6)
  })

test('without trials there is no proportion', () => {
  expect(proportion(0, 0)).toEqual({ value: null, lower95: null, upper95: null })
})

function choose(n: number, k: number): number {
  let product = 1
  for (let index = 1; index <= k; index += 1) product *= (n - k + index) / index
  return product
}
