import { expect, test } from 'vitest'
import { DryRunEnforcer, EnforcementKeeper, EnforcerError, Reconciler } from '../../agent/response/index.ts'
import type { Enforcer, EnforcedElement } from '../../agent/response/index.ts'

const NOW_MS = 1_800_000_000_000
const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

test('what the kernel lacks is asked for again, with the time that is left', () => {
  const reconciler = wanting({ target: '192.0.2.7', untilMs: NOW_MS + HOUR_MS })
  expect(reconciler.plan([], NOW_MS + 60_000)).toEqual({ block: [{ target: '192.0.2.7', durationMs: HOUR_MS - 60_000 }], unblock: [] })
})

test('what the kernel holds for long enough needs nothing', () => {
  const reconciler = wanting({ target: '192.0.2.7', untilMs: NOW_MS + HOUR_MS })
  const actual = [held('192.0.2.7', HOUR_MS - 1_000)]
  expect(reconciler.plan(actual, NOW_MS)).toEqual({ block: [], unblock: [] })
  expect(reconciler.drift(actual, NOW_MS)).toEqual({ desired: 1, actual: 1, refused: 0, missing: 0, unexpected: 0, driftSeconds: 0 })
})

test('a ban that would end too early is renewed before it does', () => {
  const reconciler = wanting({ target: '192.0.2.7', untilMs: NOW_MS + HOUR_MS })
  expect(reconciler.plan([held('192.0.2.7', HOUR_MS / 2)], NOW_MS).block).toEqual([{ target: '192.0.2.7', durationMs: HOUR_MS }])
})

test('a ban longer than the enforcer takes is renewed when half of a full term has passed', () => {
  const reconciler = wanting({ target: '192.0.2.7', untilMs: NOW_MS + 30 * DAY_MS })
  expect(reconciler.plan([], NOW_MS).block).toEqual([{ target: '192.0.2.7', durationMs: 7 * DAY_MS }])
  expect(reconciler.plan([held('192.0.2.7', 4 * DAY_MS)], NOW_MS).block).toEqual([])
  expect(reconciler.plan([held('192.0.2.7', 3 * DAY_MS)], NOW_MS).block).toEqual([{ target: '192.0.2.7', durationMs: 7 * DAY_MS }])
})

test('a host inside a blocked prefix is in force, one beside it is not', () => {
  const reconciler = wanting({ target: '192.0.2.7', untilMs: NOW_MS + HOUR_MS }, { target: '192.0.3.7', untilMs: NOW_MS + HOUR_MS })
  expect(reconciler.plan([held('192.0.2.0/24', HOUR_MS)], NOW_MS).block.map(({ target }) => target)).toEqual(['192.0.3.7'])
})

test('a prefix is in force when pieces cover it, and not with a hole', () => {
  const pieces = [held('192.0.2.0/31', HOUR_MS), held('192.0.2.2', 2 * HOUR_MS), held('192.0.2.3', HOUR_MS)]
  const reconciler = wanting({ target: '192.0.2.0/30', untilMs: NOW_MS + HOUR_MS })
  expect(reconciler.plan(pieces, NOW_MS).block).toEqual([])
  expect(reconciler.plan(pieces.toSpliced(1, 1), NOW_MS).block).toHaveLength(1)
  expect(reconciler.plan([...pieces.slice(0, 2), held('192.0.2.3', 1)], NOW_MS).block).toHaveLength(1)
})

test('drift counts from when a ban was first missed', () => {
  const reconciler = wanting({ target: '192.0.2.7', untilMs: NOW_MS + HOUR_MS })
  reconciler.plan([], NOW_MS)
  reconciler.settle([{ target: '192.0.2.7', outcome: 'failed', reason: 'No space' }], NOW_MS)
  reconciler.plan([], NOW_MS + 4_000)
  expect(reconciler.drift([], NOW_MS + 4_000)).toMatchObject({ desired: 1, actual: 0, missing: 1, driftSeconds: 4 })
})

test('a refused ban is no drift, and is tried again half a minute later', () => {
  const reconciler = wanting({ target: '192.0.2.7', untilMs: NOW_MS + HOUR_MS })
  reconciler.settle([{ target: '192.0.2.7', outcome: 'refused', reason: 'never-block' }], NOW_MS)
  expect(reconciler.plan([], NOW_MS + 29_999).block).toEqual([])
  expect(reconciler.drift([], NOW_MS + 29_999)).toMatchObject({ refused: 1, missing: 0 })
  expect(reconciler.plan([], NOW_MS + 30_000).block).toHaveLength(1)
})

test('a ban refused for the pace is drift, and is tried again at once', () => {
  const reconciler = wanting({ target: '192.0.2.7', untilMs: NOW_MS + HOUR_MS })
  reconciler.settle([{ target: '192.0.2.7', outcome: 'refused', reason: 'pace' }], NOW_MS)
  expect(reconciler.plan([], NOW_MS + 1_000).block).toHaveLength(1)
  expect(reconciler.drift([], NOW_MS + 1_000)).toMatchObject({ missing: 1 })
})

test('a released ban is freed until it is seen to be gone', () => {
  const reconciler = wanting({ target: '192.0.2.7', untilMs: NOW_MS + HOUR_MS })
  reconciler.release('192.0.2.7/32')
  expect(reconciler.plan([held('192.0.2.7', HOUR_MS)], NOW_MS)).toEqual({ block: [], unblock: ['192.0.2.7'] })
  expect(reconciler.plan([held('192.0.2.7', HOUR_MS)], NOW_MS)).toMatchObject({ unblock: ['192.0.2.7'] })
  expect(reconciler.plan([], NOW_MS)).toEqual({ block: [], unblock: [] })
  expect(reconciler.plan([held('192.0.2.7', HOUR_MS)], NOW_MS)).toEqual({ block: [], unblock: [] })
})

test('what a former run left is freed until it is seen to be gone', () => {
  const reconciler = wanting()
  reconciler.release('192.0.2.7')
  expect(reconciler.plan([held('192.0.2.7', HOUR_MS)], NOW_MS).unblock).toEqual(['192.0.2.7'])
  expect(reconciler.plan([held('192.0.2.7', HOUR_MS)], NOW_MS + 1_000).unblock).toEqual(['192.0.2.7'])
  reconciler.plan([], NOW_MS + 2_000)
  expect(reconciler.plan([held('192.0.2.7', HOUR_MS)], NOW_MS + 3_000).unblock).toEqual([])
})

test('a ban ends at its deadline, and in its last second nothing is asked for', () => {
  const reconciler = wanting({ target: '192.0.2.7', untilMs: NOW_MS + 5_000 })
  expect(reconciler.plan([], NOW_MS + 4_500).block).toEqual([])
  expect(reconciler.desired()).toHaveLength(1)
  reconciler.plan([], NOW_MS + 5_000)
  expect(reconciler.desired()).toEqual([])
})

test('what nobody asked for is counted and left alone', () => {
  const reconciler = wanting({ target: '192.0.2.0/24', untilMs: NOW_MS + HOUR_MS })
  const actual = ['192.0.2.0/25', '192.0.2.128/25', '198.51.100.1', '2001:db8::1'].map((target) => held(target, HOUR_MS))
  expect(reconciler.plan(actual, NOW_MS)).toEqual({ block: [], unblock: [] })
  expect(reconciler.drift(actual, NOW_MS)).toMatchObject({ actual: 1, unexpected: 2 })
})

test('wishes are bounded; an extension is no new one', () => {
  const reconciler = new Reconciler({ desiredMax: 1, durationMsMax: DAY_MS })
  expect(reconciler.want({ target: '192.0.2.7', untilMs: NOW_MS + 1 })).toBe('accepted')
  expect(reconciler.want({ target: '192.0.2.8', untilMs: NOW_MS + 1 })).toBe('full')
  expect(reconciler.want({ target: 'nobody', untilMs: NOW_MS + 1 })).toBe('invalid-target')
  expect(reconciler.want({ target: '192.0.2.7/32', untilMs: NOW_MS + HOUR_MS })).toBe('accepted')
  expect(reconciler.want({ target: '192.0.2.7', untilMs: NOW_MS + 2 })).toBe('accepted')
  expect(reconciler.desired()).toEqual([{ target: '192.0.2.7', untilMs: NOW_MS + HOUR_MS }])
})

test('the keeper answers for every block, in order, whoever refused it', async () => {
  const { keeper, enforcer } = keeping()
  await enforcer.neverBlock(['198.51.100.1'])
  const untilMs = NOW_MS + HOUR_MS
  const results = await keeper.apply([
    { target: 'x', untilMs }, { target: '192.0.2.7', untilMs }, { target: '192.0.2.8', untilMs: NOW_MS + 10 },
    { target: '198.51.100.1', untilMs }, { target: '2001:DB8::1', untilMs },
  ])
  expect(results.map(({ target, outcome, reason }) => [target, outcome, reason])).toEqual([
    ['x', 'refused', 'invalid-target'], ['192.0.2.7', 'enforced', ''], ['192.0.2.8', 'refused', 'invalid-duration'],
    ['198.51.100.1', 'refused', 'never-block'], ['2001:DB8::1', 'enforced', ''],
  ])
})

test('one round puts back what was lost, and frees what was released while nobody listened', async () => {
  const { keeper, enforcer } = keeping()
  await keeper.apply([{ target: '192.0.2.7', untilMs: NOW_MS + HOUR_MS }, { target: '192.0.2.8', untilMs: NOW_MS + HOUR_MS }])
  await enforcer.unblock(['192.0.2.7'])
  enforcer.isDeaf = true
  await expect(keeper.release(['192.0.2.8'])).rejects.toThrow('deaf')
  await expect(keeper.reconcile()).rejects.toThrow('deaf')
  enforcer.isDeaf = false

  const { drift, repaired } = await keeper.reconcile()
  expect(drift).toMatchObject({ desired: 1, missing: 1 })
  expect(repaired.map(({ target, outcome }) => [target, outcome])).toEqual([['192.0.2.8', 'enforced'], ['192.0.2.7', 'enforced']])
  expect((await enforcer.list()).map(({ target }) => target)).toEqual(['192.0.2.7'])
  expect((await keeper.reconcile()).repaired).toEqual([])
})

test('what is released while its ban still waits for its turn does not come back', async () => {
  const { keeper, enforcer } = keeping()
  await Promise.all([
    keeper.reconcile(), keeper.apply([{ target: '192.0.2.7', untilMs: NOW_MS + HOUR_MS }]), keeper.release(['192.0.2.7']),
  ])
  expect((await keeper.reconcile()).drift).toMatchObject({ desired: 0 })
  expect(await enforcer.list()).toEqual([])
})

test('what could not be blocked at once is blocked by the next round', async () => {
  const { keeper, enforcer } = keeping()
  enforcer.isDeaf = true
  await expect(keeper.apply([{ target: '192.0.2.7', untilMs: NOW_MS + HOUR_MS }])).rejects.toThrow('deaf')
  enforcer.isDeaf = false
  expect((await keeper.reconcile()).repaired).toMatchObject([{ target: '192.0.2.7', outcome: 'enforced' }])
})

function wanting(...blocks: readonly { target: string; untilMs: number }[]): Reconciler {
  const reconciler = new Reconciler({ desiredMax: 100, durationMsMax: 7 * DAY_MS })
  for (const block of blocks) reconciler.want(block)
  return reconciler
}

function held(target: string, remainingMs: number): EnforcedElement {
  return { target, remainingMs }
}

/** A dry run that can be put out of reach. */
class MortalEnforcer extends DryRunEnforcer {
  isDeaf = false

  #check(): void {
    if (this.isDeaf) throw new EnforcerError({ code: 'ENFORCER_UNREACHABLE', socketPath: '', reason: 'deaf' }, 'deaf')
  }

  override async block(...all: Parameters<Enforcer['block']>): ReturnType<Enforcer['block']> {
    this.#check()
    return super.block(...all)
  }

  override async unblock(...all: Parameters<Enforcer['unblock']>): ReturnType<Enforcer['unblock']> {
    this.#check()
    return super.unblock(...all)
  }

  override async list(): ReturnType<Enforcer['list']> {
    this.#check()
    return super.list()
  }
}

function keeping(): { keeper: EnforcementKeeper; enforcer: MortalEnforcer } {
  const enforcer = new MortalEnforcer(() => NOW_MS)
  const reconciler = new Reconciler({ desiredMax: 100, durationMsMax: 7 * DAY_MS })
  return { enforcer, keeper: new EnforcementKeeper(enforcer, reconciler, () => NOW_MS) }
}
