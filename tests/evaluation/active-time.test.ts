import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ActiveTime, GAP_MS_MAX } from '../../agent/evaluation/active-time.ts'

test('no packet and one packet make no time', () => {
  expect(total([])).toBe(0)
  expect(total([5_000])).toBe(0)
})

test('a gap counts up to 60 s', () => {
  expect(total([0, 1_000])).toBe(1_000)
  expect(total([0, 60_000])).toBe(60_000)
  expect(total([0, 60_001])).toBe(60_000)
  expect(total([0, 10 * 365 * 86_400_000, 10 * 365 * 86_400_000 + 5_000])).toBe(65_000)
})

test('time that is seen twice counts once', () => {
  expect(total([0, 30_000, 60_000, 0, 30_000, 60_000])).toBe(60_000)
})

test('a jump back is another stretch, not negative time', () => {
  expect(total([1_000_000, 1_010_000, 0, 5_000])).toBe(10_000 + 60_000 + 5_000)
})

test('the sum is that over packets in order of time, in whatever order they came', () => {
  const moments = fc.array(fc.integer({ min: 0, max: 2_000_000 }), { maxLength: 60 })
  fc.assert(fc.property(moments, (arrived) => {
    const sorted = [...arrived].sort((a, b) => a - b)
    const expected = sorted.slice(1).reduce((sum, moment, index) => sum + Math.min(GAP_MS_MAX, moment - sorted[index]!), 0)
    expect(total(arrived)).toBe(expected)
  }), { numRuns: 500 })
})

function total(moments: readonly number[]): number {
  const time = new ActiveTime()
  for (const moment of moments) time.add(moment)
  return time.totalMs()
}
