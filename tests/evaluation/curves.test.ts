// Goal: curves are what a threshold would really do, every group with its own weight, and thinning loses nothing a reader sees.
// Method: small cases by hand; properties against `rank`, which is tested on its own.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { precisionAt, rank, reachedShares, thinCurve, truePositiveRateAt, weightedCurve } from '../../agent/evaluation/index.ts'

const scores = fc.array(fc.integer({ min: 0, max: 8 }).map((score) => score / 8), { minLength: 1, maxLength: 40 })
const group = (values: readonly number[], weight = 1) => ({ scores: Float64Array.from(values), weight })

test('a group of one flow weighs as much as a group of four', () => {
  const points = weightedCurve([group([0.9]), group([0.1, 0.1, 0.1, 0.9])], Float64Array.of(0.5, 0.5, 0.05, 0.05))
  expect(points).toEqual([
    { falsePositiveRate: 0, truePositiveRate: 0 }, { falsePositiveRate: 0, truePositiveRate: 0.625 },
    { falsePositiveRate: 0.5, truePositiveRate: 0.625 }, { falsePositiveRate: 0.5, truePositiveRate: 1 },
    { falsePositiveRate: 1, truePositiveRate: 1 },
  ])
})

test('without both classes there is no curve', () => {
  expect(weightedCurve([], Float64Array.of(1))).toEqual([])
  expect(weightedCurve([group([])], Float64Array.of(1))).toEqual([])
  expect(weightedCurve([group([1])], new Float64Array(0))).toEqual([])
})

test('with one group the curve finds at any rate what the ranking finds', () => {
  fc.assert(fc.property(scores, scores, fc.constantFrom(0, 0.001, 0.1, 0.5, 1), (positive, negative, falsePositiveRate) => {
    const points = weightedCurve([group(positive, 3)], Float64Array.from(negative))
    const { truePositiveRate } = rank({ positive, negative }, falsePositiveRate)
    expect(truePositiveRateAt(points, falsePositiveRate)).toBeCloseTo(truePositiveRate!, 9)
  }))
})

test('curves rise from nothing to everything, thinned or not', () => {
  fc.assert(fc.property(scores, scores, scores, (one, other, negative) => {
    const points = weightedCurve([group(one), group(other)], Float64Array.from(negative))
    for (const line of [points, thinCurve(points, 5)]) {
      expect(line[0]).toEqual({ falsePositiveRate: 0, truePositiveRate: 0 })
      expect(line.at(-1)!.truePositiveRate).toBeCloseTo(1, 9)
      const falls = line.slice(1).filter((point, index) => (
        point.falsePositiveRate < line[index]!.falsePositiveRate || point.truePositiveRate < line[index]!.truePositiveRate
      ))
      expect(falls).toEqual([])
    }
    expect(thinCurve(points, 5).length).toBeLessThanOrEqual(6)
  }))
})

test('millions of scores give a short curve', () => {
  const many = Float64Array.from({ length: 400_000 }, (_, index) => index)
  const points = weightedCurve([{ scores: many, weight: 1 }], many.map((value) => value - 0.5))
  expect(points.length).toBeLessThan(200_001)
  expect(truePositiveRateAt(points, 0.5)).toBeCloseTo(0.5, 4)
})

test('precision depends on the base rate, by Bayes', () => {
  expect(precisionAt({ falsePositiveRate: 0.01, truePositiveRate: 0.99 }, 0.5)).toBeCloseTo(0.99, 9)
  expect(precisionAt({ falsePositiveRate: 0.01, truePositiveRate: 0.99 }, 0.001)).toBeCloseTo(0.0902, 4)
  expect(precisionAt({ falsePositiveRate: 0, truePositiveRate: 0 }, 0.001)).toBeNull()
})

test('misses never arrive, and those who arrive together make one step', () => {
  expect(reachedShares([5, Number.POSITIVE_INFINITY, 2, 5])).toEqual([{ at: 2, share: 0.25 }, { at: 5, share: 0.75 }])
  expect(reachedShares([])).toEqual([])
})
