// Goal: nothing is believed to be in force that is not, whatever enforcer, disk and operators do meanwhile.
import { expect, test } from 'vitest'
import { restoreDecisions } from '../../agent/daemon/restore-decisions.ts'
import { DryRunEnforcer } from '../../agent/response/index.ts'
import type { BlockRequest, EnforcementResult } from '../../agent/response/index.ts'
import { openMemoryStore } from '../../agent/storage/index.ts'
import { SimulatedClock } from '../fixtures/simulated-clock.ts'
import { brokenEnforcer, smallAgent, unreachable } from './small-agent.ts'

const [FIRST, SECOND] = ['192.0.2.7', '198.51.100.9']

test('a verdict is in the kernel, in the store and in the log, with the time it took', async () => {
  const agent = await smallAgent()
  agent.accept(agent.judge(FIRST))
  await agent.responder.settle()
  expect([await agent.inKernel(), await agent.stored(), agent.believed()]).toEqual([[FIRST], [FIRST], [FIRST]])
  expect((await agent.alerts.newest(9))[0]).toMatchObject({ decisionLatencyMs: 5, enforcement: { outcome: 'enforced', latencyMs: 5 } })
  expect((await agent.events()).map((event) => event['event_type'])).toEqual(['enforcement', 'decision', 'alert'])
  expect((await agent.events('alert'))[0]).toMatchObject({ alert: { action: 'blocked' }, in_iface: 'wan0' })
})

test('in observe everything is told and remembered, and nothing asked of the enforcer', async () => {
  const agent = await smallAgent({ mode: 'observe' })
  agent.accept(agent.judge(FIRST))
  await agent.responder.settle()
  expect([await agent.inKernel(), await agent.stored(), agent.believed()]).toEqual([[], [FIRST], []])
  expect((await agent.alerts.newest(9))[0]).toMatchObject({ enforcement: null, verdict: { isSimulated: true } })
  expect(await agent.events('enforcement')).toEqual([])
})

test('an enforcer out of reach: the alert says failed, and the next reconciliation after its return makes it good', async () => {
  const clock = new SimulatedClock()
  let isThere = false
  const whole = new DryRunEnforcer(() => clock.wallMs())
  const enforcer = brokenEnforcer(clock, {
    block: async (requests) => { if (isThere) return whole.block(requests); throw unreachable() },
    list: async () => { if (isThere) return whole.list(); throw unreachable() },
  })
  const agent = await smallAgent({ clock, enforcer })
  agent.accept(agent.judge(FIRST))
  await agent.responder.settle()
  expect((await agent.alerts.newest(9))[0]).toMatchObject(
    { enforcement: { outcome: 'failed', reason: 'ENFORCER_UNREACHABLE', latencyMs: null } }
  )
  expect((await agent.events('alert'))[0]).toMatchObject({ alert: { action: 'allowed' } })
  expect(await agent.monitor.reconcile()).toEqual([])
  expect(agent.monitor.view).toMatchObject({ enforcer: 'unreachable', drift: undefined })
  expect(agent.monitor.view.isHeld(FIRST)).toBeNull()

  isThere = true
  expect(await agent.monitor.reconcile()).toEqual([{ target: FIRST, outcome: 'enforced', reason: '' }])
  expect(agent.monitor.view.isHeld(FIRST)).toBe(true)
  expect(await agent.inKernel()).toEqual([FIRST])
})

test('what the enforcer refuses for good ends at once: in the decider, in the store, in the wishes', async () => {
  const clock = new SimulatedClock()
  const asked: string[] = []
  const refuse = async (requests: readonly BlockRequest[]): Promise<EnforcementResult[]> => requests.map(({ target }) => {
    asked.push(target)
    return { target, outcome: 'refused', reason: 'never-block' }
  })
  const agent = await smallAgent({ clock, enforcer: brokenEnforcer(clock, { block: refuse }) })
  agent.accept(agent.judge(FIRST))
  await agent.responder.settle()
  expect([agent.believed(), await agent.stored()]).toEqual([[], []])
  expect((await agent.alerts.newest(9))[0]).toMatchObject({ enforcement: { outcome: 'refused', reason: 'never-block' } })
  expect(await agent.events('decision')).toEqual([])
  await agent.monitor.reconcile()
  expect(asked).toEqual([FIRST])
})

test.each(['pace', 'cap'])('a refusal for %s passes: the decision goes on and is tried again', async (reason) => {
  const clock = new SimulatedClock()
  let isRefusing = true
  const whole = new DryRunEnforcer(() => clock.wallMs())
  const agent = await smallAgent({
    clock,
    enforcer: brokenEnforcer(clock, {
      async block(requests) {
        return isRefusing ? requests.map(({ target }) => ({ target, outcome: 'refused', reason })) : whole.block(requests)
      },
      list: () => whole.list(),
    }),
  })
  agent.accept(agent.judge(FIRST))
  await agent.responder.settle()
  expect(agent.believed()).toEqual([FIRST])
  isRefusing = false
  await agent.monitor.reconcile()
  expect((await whole.list()).map(({ target }) => target)).toEqual([FIRST])
})

test('an enforcer that hangs holds nobody up: the queue is bounded, what does not fit is dropped, counted and not believed', async () => {
  const clock = new SimulatedClock()
  const agent = await smallAgent({
    clock, response: { blocksPerMinuteMax: 100_000, elementsMax: 60_000 },
    enforcer: brokenEnforcer(clock, { block: () => new Promise(() => {}) }),
  })
  const addresses = Array.from({ length: 9_000 }, (_, index) => `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`)
  const verdicts = agent.judge(...addresses)
  expect(verdicts).toHaveLength(9_000)
  agent.accept(verdicts.slice(0, 8_500))
  agent.accept(verdicts.slice(8_500))
  const { length, dropped } = agent.responder.queue
  expect(length).toBeLessThanOrEqual(8_192)
  expect(length + dropped).toBeGreaterThanOrEqual(9_000 - 256)
  expect(dropped).toBeGreaterThan(0)
  expect(agent.believed()).toHaveLength(9_000 - dropped)
  expect(agent.monitor.view.isHeld(addresses[0]!)).toBeNull()
})

test('what an operator lifts while it waits for the enforcer does not come back', async () => {
  const clock = new SimulatedClock()
  const whole = new DryRunEnforcer(() => clock.wallMs())
  let letGo: (() => void) | undefined
  const gate = new Promise<void>((resolve) => { letGo = resolve })
  const agent = await smallAgent({
    clock,
    enforcer: brokenEnforcer(clock, {
      block: async (requests) => { await gate; return whole.block(requests) },
      unblock: (targets) => whole.unblock(targets), list: () => whole.list(),
    }),
  })
  agent.accept(agent.judge(FIRST))
  agent.accept(agent.judge(SECOND))
  const lifting = Promise.all([FIRST, SECOND].map((target) => agent.responder.lift(agent.decider.remove({ target }), 'lifted')))
  letGo!()
  await lifting
  await agent.responder.settle()
  expect([(await whole.list()).length, await agent.stored(), agent.believed()]).toEqual([0, [], []])
})

test('what a change of mode made simulated while it waited never reaches the kernel', async () => {
  const agent = await smallAgent()
  const verdicts = agent.judge(FIRST)
  agent.decider.setMode('observe')
  agent.accept(verdicts)
  await agent.responder.settle()
  expect(await agent.inKernel()).toEqual([])
  expect(await agent.decisions.all()).toMatchObject([{ value: FIRST, simulated: true }])
})

test('a store that fails costs the record, not the block, and the log still tells of it', async () => {
  const store = openMemoryStore()
  const agent = await smallAgent({ store: { ...store, write: async () => { throw new Error('disk full') } } })
  agent.accept(agent.judge(FIRST))
  await agent.responder.settle()
  expect(await agent.inKernel()).toEqual([FIRST])
  expect(await agent.events('alert')).toHaveLength(1)
})

test('killed between kernel and store: the element times out, and the restarted agent says nothing else', async () => {
  const clock = new SimulatedClock()
  const enforcer = new DryRunEnforcer(() => clock.wallMs())
  const store = openMemoryStore()
  const killed = await smallAgent({ clock, enforcer, store: { ...store, write: () => new Promise(() => {}) } })
  killed.accept(killed.judge(FIRST))
  await clock.advance(10)
  expect(await killed.inKernel()).toEqual([FIRST])

  const agent = await smallAgent({ clock, enforcer, store })
  await restored(agent)
  await agent.monitor.reconcile()
  expect([agent.believed(), agent.monitor.view.drift?.unexpected]).toEqual([[], 1])
  await clock.advance(3_600_000)
  expect(await agent.inKernel()).toEqual([])
})

test('a restart puts what still holds back into an empty kernel and forgets what has ended', async () => {
  const clock = new SimulatedClock()
  const store = openMemoryStore()
  const before = await smallAgent({ clock, store })
  before.accept(before.judge(FIRST))
  await before.responder.settle()
  before.decider.add({ target: SECOND, durationMs: 5_000, reason: '' }, clock.wallMs())
  await before.responder.remember(before.decider.active())
  await clock.advance(6_000)

  const agent = await smallAgent({ clock, store })
  await restored(agent)
  expect([await agent.inKernel(), agent.believed(), await agent.stored()]).toEqual([[FIRST], [FIRST], [FIRST]])
})

test('a restart in another mode takes out of the kernel what is no longer meant', async () => {
  const clock = new SimulatedClock()
  const enforcer = new DryRunEnforcer(() => clock.wallMs())
  const store = openMemoryStore()
  const before = await smallAgent({ clock, store, enforcer })
  before.accept(before.judge(FIRST))
  await before.responder.settle()

  const agent = await smallAgent({ clock, store, enforcer, mode: 'observe' })
  await restored(agent)
  expect([await agent.inKernel(), agent.believed()]).toEqual([[], []])
  expect(await agent.decisions.all()).toMatchObject([{ value: FIRST, simulated: true }])
})

test('a restart with mode off ends every decision, in the kernel too', async () => {
  const clock = new SimulatedClock()
  const enforcer = new DryRunEnforcer(() => clock.wallMs())
  const store = openMemoryStore()
  const before = await smallAgent({ clock, store, enforcer })
  before.accept(before.judge(FIRST))
  await before.responder.settle()

  const agent = await smallAgent({ clock, store, enforcer, mode: 'off' })
  await restored(agent)
  expect([await agent.inKernel(), agent.decider.active(), await agent.stored()]).toEqual([[], [], []])
})

test('a restored decision that the enforcer refuses for good is gone from the store too', async () => {
  const clock = new SimulatedClock()
  const store = openMemoryStore()
  const before = await smallAgent({ clock, store })
  before.accept(before.judge(FIRST))
  await before.responder.settle()

  const enforcer = new DryRunEnforcer(() => clock.wallMs())
  await enforcer.neverBlock([FIRST])
  const agent = await smallAgent({ clock, store, enforcer })
  await restored(agent)
  expect([await agent.inKernel(), agent.believed(), await agent.stored()]).toEqual([[], [], []])
})

async function restored(agent: Awaited<ReturnType<typeof smallAgent>>): Promise<void> {
  const { decider, responder, clock, logger } = agent
  await restoreDecisions({ stored: await agent.decisions.all(), decider, responder, clock, logger })
}
