// Goal: what operators see is what is so, and what they change is in force and written down before they are told, or nothing changed.
import { expect, test } from 'vitest'
import { createAgentControl } from '../../agent/daemon/agent-control.ts'
import { createStatus } from '../../agent/daemon/status.ts'
import { decisionSchema, modeChangeSchema, statusSchema } from '../../agent/control/schema.ts'
import type { CapturedInterface, MeterCounters } from '../../agent/capture/index.ts'
import { NeverBlockList } from '../../agent/decision/index.ts'
import { DryRunEnforcer } from '../../agent/response/index.ts'
import { loadMode, openMemoryStore } from '../../agent/storage/index.ts'
import { SimulatedClock } from '../fixtures/simulated-clock.ts'
import { brokenEnforcer, smallAgent, unreachable } from './small-agent.ts'
import type { SmallAgentStart } from './small-agent.ts'

const [FIRST, SECOND] = ['192.0.2.7', '198.51.100.9']
const HOUR_MS = 3_600_000

test('version, mode, metrics and the event stream answer from the running parts', async () => {
  const { control, output } = await controlled()
  expect(control.version()).toMatchObject({ version: '0.1.0', node: 'gateway-1', modelVersion: 'm-1' })
  expect(control.mode()).toBe('enforce')
  expect(await control.metrics()).toContain('phantommesh_')
  output.emit('audit', () => ({ timestamp: '', event_type: 'audit' }))
  expect(await control.subscribe({ type: ['audit'], last: 1, follow: false })!.next()).toHaveLength(1)
})

test('alerts are listed by category and entity, and explained with the threshold they passed', async () => {
  const { control, agent } = await controlled()
  agent.accept(agent.judge(FIRST, SECOND))
  await agent.responder.settle()
  expect((await control.alerts({ limit: 9 })).map(({ target }) => target)).toEqual([SECOND, FIRST])
  expect((await control.alerts({ limit: 9, entity: FIRST })).map(({ target }) => target)).toEqual([FIRST])
  expect(await control.alerts({ limit: 9, category: 'c2' })).toEqual([])
  const alert = await control.alert(1)
  expect(alert).toMatchObject({ target: FIRST, enforcement: { outcome: 'enforced' }, flow: { in_iface: 'wan0' } })
  expect(alert!.logOdds).toBeGreaterThan(alert!.thresholdLogOdds)
  expect(await control.alert(99)).toBeUndefined()
})

test('decisions come newest first, with what the kernel holds', async () => {
  const { control, agent } = await controlled()
  agent.accept(agent.judge(FIRST, SECOND))
  await agent.responder.settle()
  expect((await control.decisions({ limit: 9 })).map((each) => each.phantommesh.inKernel)).toEqual([null, null])
  await agent.monitor.reconcile()
  const decisions = await control.decisions({ limit: 1 })
  expect(decisions).toMatchObject([{ value: SECOND, phantommesh: { inKernel: true } }])
  decisionSchema.parse(decisions[0])
  expect((await control.decisions({ limit: 9, target: FIRST })).map(({ value }) => value)).toEqual([FIRST])
})

test('an added decision is in the kernel and the store when the answer comes', async () => {
  const { control, agent } = await controlled()
  const answer = await control.addDecision({ target: FIRST, durationMs: HOUR_MS, reason: 'abuse report' })
  expect(answer).toMatchObject(
    { outcome: 'added', decision: { value: FIRST, duration: '1h0m0s', phantommesh: { inKernel: true, reason: 'abuse report' } } }
  )
  expect([await agent.inKernel(), await agent.stored()]).toEqual([[FIRST], [FIRST]])
})

test('what is lifted while it is being added stays lifted, after a restart as well', async () => {
  const { control, agent } = await controlled()
  const adding = control.addDecision({ target: FIRST, durationMs: HOUR_MS, reason: '' })
  await control.deleteDecisions({ target: FIRST })
  expect(await adding).toEqual({ outcome: 'refused', reason: 'lifted' })
  await agent.monitor.reconcile()
  expect([await agent.inKernel(), agent.believed(), await agent.stored()]).toEqual([[], [], []])
})

test('a decision that fails takes nothing away from the one that replaced it', async () => {
  const clock = new SimulatedClock()
  const whole = new DryRunEnforcer(() => clock.wallMs())
  let isFirst = true
  const enforcer = brokenEnforcer(clock, {
    async block(requests) {
      if (!isFirst) return whole.block(requests)
      isFirst = false
      return requests.map(({ target }) => ({ target, outcome: 'failed', reason: 'EBUSY' }))
    },
    list: () => whole.list(),
    unblock: (targets) => whole.unblock(targets),
  })
  const { control, agent } = await controlled({ clock, enforcer })
  const asked = { target: FIRST, durationMs: HOUR_MS, reason: '' }
  const answers = await Promise.all([control.addDecision(asked), control.addDecision({ ...asked, durationMs: 2 * HOUR_MS })])
  expect(answers.map(({ outcome }) => outcome)).toEqual(['refused', 'added'])
  await agent.monitor.reconcile()
  expect([await agent.inKernel(), agent.believed(), await agent.stored()]).toEqual([[FIRST], [FIRST], [FIRST]])
})

test('an added decision that cannot be written down is taken back', async () => {
  const { control, agent } = await controlled({ store: { ...openMemoryStore(), write: async () => { throw new Error('disk full') } } })
  await expect(control.addDecision({ target: FIRST, durationMs: HOUR_MS, reason: '' })).rejects.toThrow('disk full')
  expect([await agent.inKernel(), agent.believed()]).toEqual([[], []])
})

test('in observe an added decision is simulated and says so', async () => {
  const { control, agent } = await controlled({ mode: 'observe' })
  expect(await control.addDecision({ target: FIRST, durationMs: HOUR_MS, reason: '' })).toMatchObject({ decision: { simulated: true } })
  expect(await agent.inKernel()).toEqual([])
})

test.each([
  { mode: 'enforce', target: '127.0.0.1', reason: 'never-block' },
  { mode: 'enforce', target: '10.0.0.0/8', reason: 'too-wide' },
  { mode: 'off', target: FIRST, reason: 'off' },
] as const)('$target in mode $mode is refused: $reason', async ({ mode, target, reason }) => {
  const { control, agent } = await controlled({ mode })
  expect(await control.addDecision({ target, durationMs: HOUR_MS, reason: '' })).toEqual({ outcome: 'refused', reason })
  expect([agent.believed(), await agent.stored()]).toEqual([[], []])
})

test('a rule of the enforcer refuses too, and its name is the answer', async () => {
  const { control, agent } = await controlled()
  await agent.enforcer.neverBlock([FIRST])
  expect(
    await control.addDecision({ target: FIRST, durationMs: HOUR_MS, reason: '' })
  ).toEqual({ outcome: 'refused', reason: 'never-block' })
  expect([agent.believed(), await agent.stored(), await agent.inKernel()]).toEqual([[], [], []])
})

test('an enforcer out of reach refuses, nothing is believed, and nothing is tried later behind the operator\'s back', async () => {
  const clock = new SimulatedClock()
  let isThere = false
  const whole = new DryRunEnforcer(() => clock.wallMs())
  const reach = (): void => { if (!isThere) throw unreachable() }
  const enforcer = brokenEnforcer(clock, {
    block: async (requests) => { reach(); return whole.block(requests) },
    unblock: async (targets) => { reach(); return whole.unblock(targets) },
    list: async () => { reach(); return whole.list() },
  })
  const { control, agent } = await controlled({ clock, enforcer })
  const answer = await control.addDecision({ target: FIRST, durationMs: HOUR_MS, reason: '' })
  expect(answer).toEqual({ outcome: 'refused', reason: 'ENFORCER_UNREACHABLE' })
  isThere = true
  await agent.monitor.reconcile()
  expect([agent.believed(), await agent.stored(), await agent.inKernel()]).toEqual([[], [], []])
})

test('a block that fails leaves the one that it was to replace', async () => {
  const clock = new SimulatedClock()
  const whole = new DryRunEnforcer(() => clock.wallMs())
  let isBroken = false
  const enforcer = brokenEnforcer(clock, {
    block: async (requests) => { if (isBroken) throw unreachable(); return whole.block(requests) },
    unblock: (targets) => whole.unblock(targets), list: () => whole.list(),
  })
  const { control, agent } = await controlled({ clock, enforcer })
  await control.addDecision({ target: FIRST, durationMs: HOUR_MS, reason: 'first' })
  isBroken = true
  expect(await control.addDecision({ target: FIRST, durationMs: 2 * HOUR_MS, reason: 'second' })).toMatchObject({ outcome: 'refused' })
  isBroken = false
  await agent.monitor.reconcile()
  expect(await control.decisions({ limit: 9 })).toMatchObject([{ value: FIRST, phantommesh: { reason: 'first', inKernel: true } }])
  expect(await agent.decisions.all()).toMatchObject([{ reason: 'first' }])
})

test('a block that is made shorter ends when the new one says', async () => {
  const { control, agent, clock } = await controlled()
  await control.addDecision({ target: FIRST, durationMs: HOUR_MS, reason: '' })
  await control.addDecision({ target: FIRST, durationMs: 60_000, reason: '' })
  await clock.advance(61_000)
  await agent.monitor.reconcile()
  expect(await agent.inKernel()).toEqual([])
})

test('deleted decisions are out of the kernel and the store, and named in the answer', async () => {
  const { control, agent } = await controlled()
  agent.accept(agent.judge(FIRST, SECOND))
  await agent.responder.settle()
  expect(await control.deleteDecisions({ target: FIRST })).toMatchObject([{ value: FIRST }])
  expect([await agent.inKernel(), await agent.stored()]).toEqual([[SECOND], [SECOND]])
  expect(await control.deleteDecisions({ id: 99 })).toEqual([])
})

test('enforce to observe and back: real blocks leave the kernel, stay as simulated, and return', async () => {
  const { control, agent } = await controlled()
  agent.accept(agent.judge(FIRST))
  await agent.responder.settle()
  const preview = await control.previewMode('observe')
  expect(preview).toMatchObject({ from: 'enforce', to: 'observe', wouldLift: [{ value: FIRST }] })
  expect(await agent.inKernel()).toEqual([FIRST])

  expect(await control.setMode('observe')).toEqual(preview)
  modeChangeSchema.parse(preview)
  expect(
    [await agent.inKernel(), agent.believed(), await agent.stored(), await loadMode(agent.store)]
  ).toEqual([[], [], [FIRST], 'observe'])
  await agent.monitor.reconcile()
  expect(await agent.inKernel()).toEqual([])

  expect(await control.setMode('enforce')).toMatchObject({ wouldEnforce: [{ value: FIRST }] })
  expect([await agent.inKernel(), agent.believed()]).toEqual([[FIRST], [FIRST]])
  expect(await agent.decisions.all()).toMatchObject([{ simulated: false }])
})

test('off ends every decision, everywhere', async () => {
  const { control, agent } = await controlled()
  agent.accept(agent.judge(FIRST))
  await agent.responder.settle()
  await control.setMode('off')
  expect([await agent.inKernel(), agent.decider.active(), await agent.stored()]).toEqual([[], [], []])
})

test('to enforce, what became protected meanwhile stays out of the kernel', async () => {
  const { control, agent } = await controlled({ mode: 'observe' })
  agent.accept(agent.judge(FIRST, SECOND))
  await agent.responder.settle()
  agent.decider.setNeverBlock(new NeverBlockList([{ prefix: SECOND, reason: 'configured' }]))
  await control.setMode('enforce')
  expect([await agent.inKernel(), agent.believed()]).toEqual([[FIRST], [FIRST]])
})

test('a mode that cannot be written down is not taken', async () => {
  const { control, agent } = await controlled({ store: { ...openMemoryStore(), write: async () => { throw new Error('disk full') } } })
  await expect(control.setMode('observe')).rejects.toThrow('disk full')
  expect(agent.decider.mode).toBe('enforce')
})

test('the status has the shape of the API and counts what is there', async () => {
  const { control, agent, clock } = await controlled()
  agent.accept(agent.judge(FIRST))
  await agent.responder.settle()
  await agent.monitor.reconcile()
  await clock.advance(1_500)
  const status = statusSchema.parse(await control.status())
  expect(status).toMatchObject({
    mode: 'enforce', uptimeSeconds: 1.5, alerts: 1, decisions: { active: 1, simulated: 0 },
    enforcement: { enforcer: 'kernel', desired: 1, actual: 1, neverBlock: 12 },
    interfaces: [
      { name: 'wan0', side: 'outer', packets: 7, dropped: 1, mergedPackets: 2 },
      { name: 'wg0', side: 'inner', packets: 0, dropped: 0 },
      { name: 'tun3', side: 'inner', isOpen: false },
    ],
    latency: { decision: { count: 1 }, enforcement: { count: 1 } },
  })
  expect(Object.values(status.health).map(({ ok }) => ok)).toEqual([true, true, true])
})

test('not ready: stopping, or enforce without an enforcer, or blocks missing for long; observe needs none', async () => {
  const clock = new SimulatedClock()
  const enforcer = brokenEnforcer(clock, { list: async () => { throw unreachable() } })
  const { control, agent, state } = await controlled({ clock, enforcer })
  await agent.monitor.reconcile()
  const ready = async () => (await control.status()).health.ready
  expect(await ready()).toEqual({ ok: false, detail: 'mode is enforce, but the enforcer is out of reach' })
  await control.setMode('observe')
  expect(await ready()).toMatchObject({ ok: true })
  state.isStopping = true
  expect(await ready()).toEqual({ ok: false, detail: 'the agent is stopping' })
})

test('blocks that stay missing are said with their number and for how long', async () => {
  const clock = new SimulatedClock()
  const enforcer = brokenEnforcer(clock, {
    block: async (requests) => requests.map(({ target }) => ({ target, outcome: 'failed', reason: 'ENOMEM' })),
  })
  const { control, agent } = await controlled({ clock, enforcer })
  agent.accept(agent.judge(FIRST))
  await agent.responder.settle()
  for (let second = 0; second < 7; second++) {
    await agent.monitor.reconcile()
    await clock.advance(1_000)
  }
  await agent.monitor.reconcile()
  expect((await control.status()).health.ready).toEqual({ ok: false, detail: '1 of 1 blocks have been missing in the kernel for 7 s' })
})

test('not ready while an interface is gone that must be there; one that came by a pattern may go', async () => {
  const { control, state } = await controlled({ mode: 'observe' })
  expect((await control.status()).health.ready.ok).toBe(true)
  state.interfaces = { wg0: { isOpen: false } }
  expect((await control.status()).health.ready).toEqual({ ok: false, detail: 'nothing is seen of wg0: the interface is gone' })
})

test('a loop that does not come round is not live', async () => {
  const { control, clock, state } = await controlled()
  await clock.advance(12_000)
  expect((await control.status()).health.live).toEqual({ ok: false, detail: 'the event loop has hung for 12 s' })
  state.lastTurnMs = clock.monotonicMs()
  expect((await control.status()).health.live.ok).toBe(true)
})

const COUNTERS: MeterCounters = {
  packets: 7, octets: 700, flows: 2, activeFlows: 1, hosts: 2, pairs: 1,
  interfaces: [
    { name: 'wan0', kernelName: 'wan0', source: 0, isOpen: true, timesLost: 0, packets: 7, dropped: 1, mergedPackets: 2 },
    { name: 'wg0', kernelName: 'wg0', source: 1, isOpen: true, timesLost: 0, packets: 0, dropped: 0, mergedPackets: 0 },
    { name: 'tun3', kernelName: '', source: 2, isOpen: false, timesLost: 1, packets: 0, dropped: 0, mergedPackets: 0 },
  ],
  events: { received: 3, scored: 2, shed: 1, pending: 0 }, undecoded: { truncated: 1 }, dropped: {},
}

async function controlled(start: SmallAgentStart = {}) {
  const agent = await smallAgent(start)
  const { clock, decider, monitor, alerts, broadcast, metrics, responder, store, output, policy } = agent
  const state = { isStopping: false, lastTurnMs: 0, interfaces: {} as Record<string, Partial<CapturedInterface>> }
  const named = { version: '0.1.0', node: 'gateway-1', modelVersion: 'm-1' }
  const status = createStatus({
    ...named, decider, monitor, alerts, broadcast, metrics, clock,
    interfaces: [
      { name: 'wan0', side: 'outer', optional: false }, { name: 'wg0', side: 'inner', optional: false },
      { name: 'tun*', side: 'inner', optional: false },
    ],
    counters: () => ({ ...COUNTERS, interfaces: COUNTERS.interfaces.map((each) => ({ ...each, ...state.interfaces[each.name] })) }),
    neverBlockEntries: () => 12, lastTurnMs: () => state.lastTurnMs, isStopping: () => state.isStopping,
  })
  const control = createAgentControl({ ...named, policy, decider, responder, monitor, alerts, store, broadcast, metrics, clock, status })
  return { agent, control, clock, state, output }
}
