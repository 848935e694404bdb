import fc from 'fast-check'
import { expect, test } from 'vitest'
import { rank } from '../../agent/evaluation/ranking.ts'

test('without both classes there is no ranking', () => {
  expect(rank({ positive: [1, 0.2], negative: [] }, 0.001)).toEqual({ auc: null, truePositiveRate: null })
  expect(rank({ positive: [], negative: [0.1] }, 0.001)).toEqual({ auc: null, truePositiveRate: null })
})

test('classes that are apart rank perfectly, either way round', () => {
  expect(rank({ positive: [0.8, 0.9], negative: [0.1, 0.2] }, 0.001)).toEqual({ auc: 1, truePositiveRate: 1 })
  expect(rank({ positive: [0.1, 0.2], negative: [0.8, 0.9] }, 0.001)).toEqual({ auc: 0, truePositiveRate: 0 })
})

test('equal scores count half, and no threshold parts them', () => {
  expect(rank({ positive: [0.5, 0.5], negative: [0.5, 0.5] }, 0.001)).toEqual({ auc: 0.5, truePositiveRate: 0 })
})

test('never scored attacks (score 0) are found by no useful threshold', () => {
  expect(rank({ positive: [0, 0.9], negative: [0, 0] }, 0.001)).toEqual({ auc: 0.75, truePositiveRate: 0.5 })
})

test('one benign flow in a thousand may lie above the threshold, two may not', () => {
  const negative = Array.from({ length: 1_000 }, (_, index) => (index < 1 ? 0.9 : 0.1))
  expect(rank({ positive: [0.95, 0.5], negative }, 0.001).truePositiveRate).toBe(1)
  const worse = Array.from({ length: 1_000 }, (_, index) => (index < 2 ? 0.9 : 0.1))
  expect(rank({ positive: [0.95, 0.5], negative: worse }, 0.001).truePositiveRate).toBe(0.5)
})

test('the area is the share of pairs that are in order', () => {
  const scores = fc.array(fc.integer({ min: 0, max: 6 }), { minLength: 1, maxLength: 30 })
  fc.assert(fc.property(scores, scores, (positive, negative) => {
    let won = 0
    for (const high of positive) for (const low of negative) won += high > low ? 1 : high === low ? 0.5 : 0
    expect(rank({ positive, negative }, 0.001).auc).toBeCloseTo(won / (positive.length * negative.length), 12)
  }))
})
