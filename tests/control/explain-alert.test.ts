import fc from 'fast-check'
import { expect, test } from 'vitest'
import { explainAlert } from '../../agent/control/explain-alert.ts'
import { ALERT } from './fake-control.ts'

test('every contribution whose absence alone suffices is named, the prior never', () => {
  expect(explainAlert(ALERT).wouldBeAllowedIf.map(({ without }) => without)).toEqual([['scan.random-walk']])
  expect(explainAlert(ALERT).wouldBeAllowedIf[0]?.logOdds).toBeCloseTo(-4.6, 9)
})

test('where none suffices alone, the fewest that do together are named', () => {
  const alert = alertOf([['a', 3], ['b', 4], ['c', 2], ['prior', -1]], 0)
  expect(explainAlert(alert).wouldBeAllowedIf.map(({ without }) => without)).toEqual([['b', 'a', 'c']])
})

test('no set is offered that would still have been alerted on, and none that could be smaller', () => {
  const shares = fc.array(fc.double({ min: -12, max: 12, noNaN: true }), { minLength: 1, maxLength: 8 })
  fc.assert(fc.property(shares, fc.double({ min: -5, max: 5, noNaN: true }), (values, threshold) => {
    const alert = alertOf(values.map((value, index) => [`s${index}`, value]), threshold)
    const positive = values.filter((value) => value > 0)
    for (const { without, logOdds } of explainAlert(alert).wouldBeAllowedIf) {
      const taken = without.reduce((sum, name) => sum + values[Number(name.slice(1))]!, 0)
      expect(logOdds).toBeCloseTo(alert.logOdds - taken, 6)
      expect(logOdds).toBeLessThan(threshold)
      const best = positive.toSorted((a, b) => b - a).slice(0, without.length - 1).reduce((sum, value) => sum + value, 0)
      expect(alert.logOdds - best).toBeGreaterThanOrEqual(without.length === 1 ? -Infinity : threshold - 1e-9)
    }
  }))
})

function alertOf(shares: readonly (readonly [string, number])[], thresholdLogOdds: number) {
  const contributions = shares.map(([source, logLikelihoodRatio]) => ({ source, logLikelihoodRatio, weight: 1, detail: '' }))
  return { ...ALERT, contributions, thresholdLogOdds, logOdds: shares.reduce((sum, [, share]) => sum + share, 0) }
}
