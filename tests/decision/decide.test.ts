import { expect, test } from 'vitest'
import { actionThreshold, decide, leastCostAction, NeverBlockList, severityOf } from '../../agent/decision/index.ts'
import { context, policy, posterior, posteriorOf } from './posteriors.ts'

const ALL = ['none', 'log', 'alert', 'rate-limit', 'block'] as const

test('the stronger the posterior, the stronger the action of least expected cost', () => {
  const { costs } = policy().decision
  expect([0.01, 0.2, 0.6, 0.8, 0.97].map((p) => leastCostAction(p, costs, ALL))).toEqual(ALL)
})

test('the thresholds that the documentation names are those of the default costs', () => {
  const { costs } = policy().decision
  const thresholds = ALL.slice(1).map((action) => Number(actionThreshold(action, costs, ALL)?.toFixed(2)))
  expect(thresholds).toEqual([0.09, 0.5, 0.75, 0.93])
})

test('an action that no posterior makes worth its cost has no threshold', () => {
  const { costs } = policy().decision
  const dear = { ...costs, whenMalicious: { ...costs.whenMalicious, block: 1_000 } }
  expect(actionThreshold('block', dear, ALL)).toBeUndefined()
})

test('an action that nobody can carry out is not considered', () => {
  expect(leastCostAction(0.8, policy().decision.costs, ['none', 'log', 'alert', 'block'])).toBe('alert')
})

test('a sure, corroborated and verified source is blocked for the first duration', () => {
  expect(decide(posterior(0.99), context())).toMatchObject({
    action: 'block', target: '198.51.100.7', durationMs: 600_000, isSimulated: false, heldBackBy: [],
  })
})

test('observing decides the same and simulates it', () => {
  expect(decide(posterior(0.99), context({ mode: 'observe' }))).toMatchObject({ action: 'block', isSimulated: true, heldBackBy: ['mode'] })
})

test('off decides nothing', () => {
  expect(decide(posterior(0.99), context({ mode: 'off' }))).toMatchObject({ action: 'none', target: '', heldBackBy: ['mode'] })
})

test('each repetition holds longer, up to the longest', () => {
  const durations = [0, 1, 2, 3, 400].map((formerOffences) => decide(posterior(0.99), context({ formerOffences })).durationMs)
  expect(durations).toEqual([600_000, 3_600_000, 21_600_000, 86_400_000, 86_400_000])
})

test('an address that may be forged is held at most a minute, whatever its history', () => {
  expect(decide(posterior(0.99, { sourceVerified: false }), context({ formerOffences: 3 }))).toMatchObject({
    action: 'block', durationMs: 60_000, heldBackBy: ['unverified-source'],
  })
})

test('a victim is never acted on', () => {
  const flood = posteriorOf('198.51.100.9', 'victim', 'flood')
  expect(decide(flood, context())).toMatchObject({ action: 'alert', target: '', heldBackBy: ['victim'] })
})

test('a name without an address is alerted on', () => {
  expect(decide(posteriorOf('alice', 'vpn-peer'), context())).toMatchObject({ action: 'alert', target: '', heldBackBy: ['no-address'] })
  expect(decide(posteriorOf('not an address'), context())).toMatchObject({ action: 'alert', heldBackBy: ['no-address'] })
})

test('models alone raise an alert and no more', () => {
  const contributions = [
    { source: 'forest', logLikelihoodRatio: 9, weight: 1, detail: '' },
    { source: 'sequence', logLikelihoodRatio: 3, weight: 1, detail: '' },
    { source: 'anomaly.profile', logLikelihoodRatio: 6, weight: 1, detail: '' },
  ]
  const judgement = decide(posterior(0.999, { contributions }), context())
  expect(judgement).toMatchObject({ action: 'alert', target: '', heldBackBy: ['uncorroborated'] })
})

test('evidence tests that contradict each other do not corroborate', () => {
  const contributions = [
    { source: 'scan.random-walk', logLikelihoodRatio: 4, weight: 1, detail: '' },
    { source: 'beacon.regularity', logLikelihoodRatio: -3, weight: 1, detail: '' },
    { source: 'forest', logLikelihoodRatio: 9, weight: 1, detail: '' },
  ]
  expect(decide(posterior(0.999, { contributions }), context())).toMatchObject({ action: 'alert', heldBackBy: ['uncorroborated'] })
})

test('every rule that holds a block back is named', () => {
  const neverBlock = new NeverBlockList([{ prefix: '198.51.100.0/24', reason: 'configured' }])
  expect(decide(posterior(0.999, { contributions: [] }), context({ neverBlock, hasRoom: false })).heldBackBy)
    .toEqual(['uncorroborated', 'never-block', 'cap'])
})

test('an IPv6 source is blocked as wide as configured, unless that would swallow a protected address', () => {
  const wide = context({ policy: policy({ blockPrefixLength6: 64 }) })
  expect(decide(posteriorOf('2001:db8::7'), wide).target).toBe('2001:db8::/64')
  expect(decide(posteriorOf('2001:db8::7'), context()).target).toBe('2001:db8::7')
  const neverBlock = new NeverBlockList([{ prefix: '2001:db8::1', reason: 'gateway' }])
  expect(decide(posteriorOf('2001:db8::7'), { ...wide, neverBlock })).toMatchObject({ action: 'alert', heldBackBy: ['never-block'] })
})

test('severity follows what the costs ask for, not what was allowed', () => {
  expect([0.2, 0.6, 0.97].map((p) => severityOf(posterior(p, { sourceVerified: false }), policy()))).toEqual([4, 3, 1])
})
