import { expect, test } from 'vitest'
import type { Action, Verdict } from '../../agent/decision/index.ts'
import { enforcementOf } from '../../agent/response/index.ts'

const DECIDED_AT_MS = 1_800_000_000_000

test.each(['none', 'log', 'alert'] as const)('%s enforces nothing', (action) => {
  expect(enforcementOf(verdict(action))).toBeUndefined()
})

test('a block lasts from the decision for as long as decided', () => {
  expect(enforcementOf(verdict('block'))).toEqual({ target: '192.0.2.7', untilMs: DECIDED_AT_MS + 3_600_000 })
})

test('a rate limit is a block of a minute at most', () => {
  expect(enforcementOf(verdict('rate-limit'))?.untilMs).toBe(DECIDED_AT_MS + 60_000)
  expect(enforcementOf({ ...verdict('rate-limit'), durationMs: 5_000 })?.untilMs).toBe(DECIDED_AT_MS + 5_000)
})

test('a verdict without a target enforces nothing', () => {
  expect(enforcementOf({ ...verdict('block'), target: '' })).toBeUndefined()
})

function verdict(action: Action): Verdict {
  const posterior = {
    entity: { kind: 'outer-address', value: '192.0.2.7' },
    category: 'scan', probability: 0.99, logOdds: 4.6, contributions: [], sourceVerified: true,
    observedAtMs: DECIDED_AT_MS, modelVersion: '1', eventIndex: 0,
  } as const
  return {
    id: 1, posterior, category: 'scan', action, target: '192.0.2.7', durationMs: 3_600_000, decidedAtMs: DECIDED_AT_MS,
    isSimulated: false, heldBackBy: [], expectedCosts: {},
  }
}
