import { expect, test } from 'vitest'
import { Decider, NeverBlockList } from '../../agent/decision/index.ts'
import type { DeciderStart } from '../../agent/decision/index.ts'
import { policy, posterior, posteriorOf } from './posteriors.ts'

const MINUTE_MS = 60_000

test('one attack gives one decision, renewed with escalation when it goes on to the end', () => {
  const decider = start()
  const first = decider.judge(posterior(0.99), 0)
  expect(first).toMatchObject({ id: 1, action: 'block', durationMs: 10 * MINUTE_MS })
  expect(decider.judge(posterior(0.995), 8 * MINUTE_MS)).toBeUndefined()
  expect(decider.judge(posterior(0.99), 9.5 * MINUTE_MS)).toMatchObject({ id: 2, action: 'block', durationMs: 60 * MINUTE_MS })
  expect(decider.active()).toHaveLength(1)
  expect(decider.counters.repeated).toBe(1)
})

test('a verdict never ends a decision earlier', () => {
  const decider = start()
  decider.add({ target: '192.0.2.7', durationMs: 7 * 24 * 60 * MINUTE_MS, reason: '' }, 0)
  expect(decider.judge(posteriorOf('192.0.2.7'), 6.9 * 24 * 60 * MINUTE_MS)).toBeUndefined()
  expect(decider.active()).toMatchObject([{ origin: 'phantomctl', untilMs: 7 * 24 * 60 * MINUTE_MS }])
})

test('what the enforcer refused is not asked for again with every event', () => {
  const decider = start()
  expect(decider.judge(posterior(0.99), 0)).toMatchObject({ id: 1, action: 'block' })
  decider.refuse(1, 1)
  expect(decider.active()).toEqual([])
  expect(decider.judge(posterior(0.99), 2)).toBeUndefined()
  expect(decider.judge(posterior(0.99, { category: 'c2' }), 3)).toMatchObject({ action: 'alert', heldBackBy: ['refused'] })
  expect(decider.judge(posterior(0.99), 30_001)).toMatchObject({ action: 'block' })
})

test('a capture that is older than the one before it is judged afresh', () => {
  const decider = start({ policy: policy({ blocksPerMinuteMax: 1 }) })
  const dayMs = 86_400_000
  expect(decider.judge(posterior(0.99), dayMs)).toMatchObject({ action: 'block' })
  expect(decider.judge(posterior(0.99), 0)).toMatchObject({ action: 'block' })
  expect(decider.judge(posterior(0.99), 1)).toBeUndefined()
})

test('an offender is remembered after its block has ended, and forgotten in the end', () => {
  const decider = start()
  decider.judge(posterior(0.99), 0)
  expect(decider.expire(10 * MINUTE_MS)).toHaveLength(1)
  expect(decider.judge(posterior(0.99), 60 * MINUTE_MS)?.durationMs).toBe(60 * MINUTE_MS)
  const later = 30 * 86_400_000
  decider.expire(later)
  expect(decider.judge(posterior(0.99), later)?.durationMs).toBe(10 * MINUTE_MS)
})

test('a forged address makes nobody an offender', () => {
  const decider = start()
  decider.judge(posterior(0.99, { sourceVerified: false }), 0)
  decider.expire(MINUTE_MS)
  expect(decider.judge(posterior(0.99), MINUTE_MS)?.durationMs).toBe(10 * MINUTE_MS)
})

test('an alert is repeated only after its window, or when it grows graver', () => {
  const decider = start()
  expect(decider.judge(posterior(0.6), 0)?.action).toBe('alert')
  expect(decider.judge(posterior(0.7), 1_000)).toBeUndefined()
  expect(decider.judge(posterior(0.7, { category: 'c2' }), 1_000)?.action).toBe('alert')
  expect(decider.judge(posterior(0.99, { contributions: [] }), 2_000)).toMatchObject({ action: 'alert', heldBackBy: ['uncorroborated'] })
  expect(decider.judge(posterior(0.99, { contributions: [] }), 3_000)).toBeUndefined()
  expect(decider.judge(posterior(0.6), 2_000 + 10 * MINUTE_MS)?.action).toBe('alert')
})

test('a block follows an alert at once when corroboration comes', () => {
  const decider = start()
  decider.judge(posterior(0.99, { contributions: [] }), 0)
  expect(decider.judge(posterior(0.99), 1)?.action).toBe('block')
})

test('past the blocks of a minute, and past the elements, entities are alerted on only', () => {
  const perMinute = start({ policy: policy({ blocksPerMinuteMax: 2 }) })
  const actions = [0, 1, 2].map((host) => perMinute.judge(posteriorOf(`198.51.100.${host}`), host))
  expect(actions.map((verdict) => verdict?.action)).toEqual(['block', 'block', 'alert'])
  expect(actions[2]?.heldBackBy).toEqual(['cap'])
  expect(perMinute.judge(posteriorOf('198.51.100.3'), MINUTE_MS)?.action).toBe('block')

  const elements = start({ policy: policy({ elementsMax: 1 }) })
  elements.judge(posteriorOf('198.51.100.0'), 0)
  expect(elements.judge(posteriorOf('198.51.100.1'), 0)?.heldBackBy).toEqual(['cap'])
  expect(elements.add({ target: '198.51.100.2', durationMs: 1_000, reason: '' }, 0)).toEqual({ outcome: 'refused', reason: 'cap' })
})

test('an operator may block what a rule allows, and hears which rule does not', () => {
  const decider = start({ neverBlock: new NeverBlockList([{ prefix: '192.0.2.1', reason: 'gateway' }]) })
  const ask = (target: string) => decider.add({ target, durationMs: 5_000, reason: 'seen' }, 10)
  const host = { value: '198.51.100.9', scope: 'Ip', untilMs: 5_010, simulated: false }
  expect(ask('198.51.100.9/32')).toMatchObject({ outcome: 'added', decision: host })
  const range = { value: '198.51.100.0/24', scope: 'Range', origin: 'phantomctl' }
  expect(ask('198.51.100.9/24')).toMatchObject({ outcome: 'added', decision: range })
  expect(ask('192.0.0.0/16')).toEqual({ outcome: 'refused', reason: 'never-block' })
  expect(ask('198.0.0.0/8')).toEqual({ outcome: 'refused', reason: 'too-wide' })
  expect(ask('2001::/16')).toEqual({ outcome: 'refused', reason: 'too-wide' })
  expect(ask('nobody')).toEqual({ outcome: 'refused', reason: 'invalid-target' })
})

test('what an operator lifts is gone, and its target is no offender any more', () => {
  const decider = start()
  decider.judge(posterior(0.99), 0)
  expect(decider.remove({ target: '198.51.100.7/32' })).toMatchObject([{ id: 1 }])
  expect(decider.judge(posterior(0.99), 1)?.durationMs).toBe(10 * MINUTE_MS)
  expect(decider.remove({ id: 2 })).toMatchObject([{ value: '198.51.100.7' }])
  expect(decider.remove({ id: 2 })).toEqual([])
})

test('to enforce makes simulated decisions real, except what is protected by now; back makes them simulated', () => {
  const decider = start({ mode: 'observe' })
  decider.judge(posteriorOf('198.51.100.1'), 0)
  decider.judge(posteriorOf('198.51.100.2'), 0)
  expect(decider.active().every(({ simulated }) => simulated)).toBe(true)
  expect(decider.previewMode('enforce').enforce).toHaveLength(2)
  const list = new NeverBlockList([{ prefix: '198.51.100.2', reason: 'ssh-peer' }])
  expect(decider.setNeverBlock(list)).toMatchObject([{ value: '198.51.100.2' }])
  expect(decider.setMode('enforce').enforce).toMatchObject([{ value: '198.51.100.1' }])
  expect(decider.active()).toMatchObject([{ value: '198.51.100.1', simulated: false }])
  expect(decider.setMode('observe').lift).toHaveLength(1)
  expect(decider.active()).toMatchObject([{ simulated: true }])
  decider.setMode('off')
  expect(decider.active()).toEqual([])
  expect(decider.judge(posterior(0.99), 1)).toBeUndefined()
  expect(decider.add({ target: '198.51.100.9', durationMs: 1_000, reason: '' }, 1)).toEqual({ outcome: 'refused', reason: 'off' })
})

test('after a restart what still holds is in force, and the rest is handed back', () => {
  const before = start()
  before.judge(posteriorOf('198.51.100.1'), 0)
  before.add({ target: '198.51.100.2', durationMs: 1_000, reason: '' }, 0)
  before.judge(posteriorOf('198.51.100.3'), 0)
  const after = start({ neverBlock: new NeverBlockList([{ prefix: '198.51.100.3', reason: 'gateway' }]) })
  expect(after.restore(before.active(), 5_000).map(({ value }) => value)).toEqual(['198.51.100.2', '198.51.100.3'])
  expect(after.active().map(({ value }) => value)).toEqual(['198.51.100.1'])
  expect(after.judge(posteriorOf('198.51.100.1'), 5_000)).toBeUndefined()
})

test('a decision lives until exactly its end', () => {
  const decider = start()
  decider.judge(posterior(0.99), 0)
  expect(decider.expire(10 * MINUTE_MS - 1)).toEqual([])
  expect(decider.expire(10 * MINUTE_MS)).toHaveLength(1)
})

function start(change: Partial<DeciderStart> = {}): Decider {
  let next = 1
  return new Decider({ policy: policy(), mode: 'enforce', neverBlock: new NeverBlockList([]), nextId: () => next++, ...change })
}
