// Goal: "is it really in force?" is answered by what the kernel was seen to hold, and by nothing else.
import { expect, test } from 'vitest'
import { rehearseEnforcement } from '../../agent/daemon/warm-up.ts'
import { silentLogger } from '../../agent/kit/index.ts'
import type { Logger } from '../../agent/kit/index.ts'
import { DryRunEnforcer } from '../../agent/response/index.ts'
import { SimulatedClock } from '../fixtures/simulated-clock.ts'
import { brokenEnforcer, smallAgent, unreachable } from './small-agent.ts'

const TARGET = '2001:db8::/64'

test('before the first read-back nobody knows; afterwards the kernel is believed, however a prefix is written', async () => {
  const agent = await smallAgent()
  const { monitor, clock } = agent
  expect([monitor.view.enforcer, monitor.view.isHeld(TARGET)]).toEqual(['unreachable', null])
  await monitor.apply([{ target: TARGET, untilMs: clock.wallMs() + 60_000 }])
  expect(monitor.view.isHeld(TARGET)).toBeNull()
  await monitor.reconcile()
  expect([monitor.view.enforcer, monitor.view.isHeld('2001:0db8:0::/64')]).toEqual(['kernel', true])
})

test('between read-backs the word of the enforcer counts: enforced is held, released is not', async () => {
  const { monitor, clock } = await smallAgent()
  await monitor.reconcile()
  await monitor.apply([{ target: TARGET, untilMs: clock.wallMs() + 60_000 }])
  expect(monitor.view.isHeld(TARGET)).toBe(true)
  await monitor.release([TARGET])
  expect(monitor.view.isHeld(TARGET)).toBe(false)
})

test('what somebody flushed is put back, said aloud, and what somebody else blocked is left alone', async () => {
  const { said, logger } = listening()
  const agent = await smallAgent({ logger })
  const { monitor, enforcer, clock } = agent
  await monitor.apply([{ target: TARGET, untilMs: clock.wallMs() + 60_000 }])
  await monitor.reconcile()
  await enforcer.cleanup()
  await enforcer.block([{ target: '192.0.2.1', durationMs: 60_000 }])
  expect(await monitor.reconcile()).toEqual([{ target: TARGET, outcome: 'enforced', reason: '' }])
  expect(await agent.inKernel()).toEqual(expect.arrayContaining([TARGET, '192.0.2.1']))
  expect(monitor.view.drift).toMatchObject({ desired: 1, unexpected: 1 })
  expect(said).toEqual(['info Enforcer reached', 'warn Enforcement had drifted and was repaired'])
})

test('losing the enforcer is said once, and so is its return; meanwhile nothing is called held', async () => {
  const clock = new SimulatedClock()
  const whole = new DryRunEnforcer(() => clock.wallMs())
  let isThere = true
  const enforcer = brokenEnforcer(clock, { list: async () => { if (isThere) return whole.list(); throw unreachable() } })
  const { said, logger } = listening()
  const { monitor } = await smallAgent({ clock, enforcer, logger })
  await monitor.reconcile()
  isThere = false
  await monitor.reconcile()
  await monitor.reconcile()
  expect([monitor.view.enforcer, monitor.view.isHeld(TARGET)]).toEqual(['unreachable', null])
  isThere = true
  await monitor.reconcile()
  expect(said).toEqual(['info Enforcer reached', 'warn Enforcer out of reach: nothing new can be blocked', 'info Enforcer reached'])
})

test('a bug in between is no state of the enforcer: it is thrown', async () => {
  const clock = new SimulatedClock()
  const { monitor } = await smallAgent({ clock, enforcer: brokenEnforcer(clock, { list: async () => { throw new TypeError('a bug') } }) })
  await expect(monitor.reconcile()).rejects.toThrow('a bug')
})

test('a rehearsal leaves nothing in the kernel, and an enforcer out of reach does not end the start', async () => {
  const clock = new SimulatedClock()
  const enforcer = new DryRunEnforcer(() => clock.wallMs())
  await rehearseEnforcement(enforcer)
  expect(await enforcer.list()).toEqual([])
  await rehearseEnforcement(brokenEnforcer(clock, { block: async () => { throw unreachable() } }))
  await expect(rehearseEnforcement(brokenEnforcer(clock, { block: async () => { throw new TypeError('a bug') } }))).rejects.toThrow('a bug')
})

function listening(): { readonly said: string[]; readonly logger: Logger } {
  const said: string[] = []
  const logger: Logger = {
    ...silentLogger,
    info: (_data, message) => { said.push(`info ${message}`) },
    warn: (_data, message) => { said.push(`warn ${message}`) },
  }
  return { said, logger }
}
