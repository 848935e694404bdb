import fc from 'fast-check'
import { expect, test } from 'vitest'
import { explainAllowance } from '../../agent/ensemble/index.ts'
import type { Contribution, Posterior } from '../../agent/ensemble/index.ts'

test('the fewest, strongest reasons are named without which the entity would have been left alone', () => {
  const posterior = posteriorOf([['scan.random-walk', 9], ['prior', -6.9], ['forest', 2]])
  expect(explainAllowance(posterior, 1.98)).toBe(
    'It would have been allowed without scan.random-walk: log-odds -4.9 instead of 4.1 nats, threshold 2.0.',
  )
})

test('as many reasons are named as it takes', () => {
  const posterior = posteriorOf([['flood.syn-cusum', 6], ['flood.reflection', 5], ['prior', -2]])
  expect(explainAllowance(posterior, -1)).toContain('without flood.syn-cusum and flood.reflection:')
})

test('below the threshold there is nothing to miss, and above it by the prior alone nothing could be', () => {
  expect(explainAllowance(posteriorOf([['prior', -6.9]]), 0)).toBe('It was allowed: the evidence stays below the threshold.')
  expect(explainAllowance(posteriorOf([['prior', 3]]), -9)).toMatch(/No evidence could be missing|without prior/)
})

test('without what is named the log-odds are at the threshold or below', () => {
  const nats = fc.double({ min: -12, max: 12, noNaN: true })
  fc.assert(fc.property(fc.array(nats, { minLength: 1, maxLength: 8 }), nats, (ratios, threshold) => {
    const sorted = ratios.toSorted((a, b) => Math.abs(b) - Math.abs(a))
    const posterior = posteriorOf(sorted.map((ratio, index): [string, number] => [`test.number-${index}`, ratio]))
    const named = [...explainAllowance(posterior, threshold).matchAll(/test\.number-(\d+)/g)].map(([, index]) => sorted[Number(index)]!)
    if (named.length === 0) return
    expect(named.every((ratio) => ratio > 0)).toBe(true)
    expect(posterior.logOdds - named.reduce((sum, ratio) => sum + ratio, 0)).toBeLessThanOrEqual(threshold + 1e-9)
  }))
})

function posteriorOf(terms: readonly (readonly [source: string, ratio: number])[]): Posterior {
  const contributions = terms.map(([source, logLikelihoodRatio]): Contribution => ({ source, logLikelihoodRatio, weight: 1, detail: '' }))
  const logOdds = contributions.reduce((sum, { logLikelihoodRatio }) => sum + logLikelihoodRatio, 0)
  return {
    entity: { kind: 'outer-address', value: '192.0.2.1' }, category: 'scan', contributions, logOdds,
    probability: 1 / (1 + Math.exp(-logOdds)),
    sourceVerified: true, observedAtMs: 0, modelVersion: 'test', eventIndex: 0,
  }
}
