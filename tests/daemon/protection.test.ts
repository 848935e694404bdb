// Goal: whoever the node needs is never cut off, from the moment the node shows it.
import { expect, test } from 'vitest'
import { Protection } from '../../agent/daemon/protection.ts'
import { readLocalTexts } from '../../agent/daemon/local-protection.ts'
import type { LocalTexts } from '../../agent/decision/index.ts'
import { SimulatedClock } from '../fixtures/simulated-clock.ts'
import { brokenEnforcer, smallAgent, unreachable } from './small-agent.ts'
import type { SmallAgentStart } from './small-agent.ts'

const PEER = '192.0.2.7'
const GRACE_MS = 130_000
const EMPTY: LocalTexts = { route: '', ipv6Route: '', resolvConf: '', ownAddresses: ['10.0.0.1'], sshConnections: [] }
const CONNECTED: LocalTexts = { ...EMPTY, sshConnections: [{ id: '0100000A:0016 070200C0:C350', peer: PEER }] }

test('an SSH session frees its peer in decider, kernel and store, before the next packet is judged', async () => {
  const clock = new SimulatedClock()
  const { agent, protection, node } = await protectedAgent({ clock })
  await protection.refresh()
  agent.accept(agent.judge(PEER))
  await agent.responder.settle()

  node.texts = CONNECTED
  await protection.refresh()
  await clock.advance(GRACE_MS - 1)
  await protection.refresh()
  // Who guesses passwords is connected too, but not for so long.
  expect(await agent.inKernel()).toEqual([PEER])
  await clock.advance(1)
  await protection.refresh()
  expect([await agent.inKernel(), agent.believed(), await agent.stored()]).toEqual([[], [], []])
  expect(agent.judge(PEER).map(({ action }) => action)).not.toContain('block')
  expect(
    (await agent.enforcer.block([{ target: PEER, durationMs: 60_000 }]))[0]
  ).toMatchObject({ outcome: 'refused', reason: 'never-block' })
})

test('when the session ends, its peer can be blocked again', async () => {
  const { agent, protection, node } = await protectedAgent()
  node.texts = CONNECTED
  await protection.refresh()
  expect(agent.judge(PEER).map(({ action }) => action)).not.toContain('block')
  node.texts = EMPTY
  await protection.refresh()
  agent.accept(agent.judge(PEER))
  await agent.responder.settle()
  expect(await agent.inKernel()).toEqual([PEER])
})

test('the entries in force count the configured, those of the node, and addresses that are no host', async () => {
  const { protection } = await protectedAgent()
  expect(protection.entries).toBe(0)
  await protection.refresh()
  expect(protection.entries).toBe(10 + 1 + 1)
})

test('the enforcer hears of a change once, and again after it was out of reach', async () => {
  const clock = new SimulatedClock()
  const heard: string[][] = []
  let isThere = false
  const enforcer = brokenEnforcer(clock, {
    neverBlock: async (prefixes) => {
      if (!isThere) throw unreachable()
      heard.push([...prefixes])
    },
  })
  const { protection } = await protectedAgent({ clock, enforcer })
  await protection.refresh()
  isThere = true
  await protection.refresh()
  await protection.refresh()
  expect(heard).toEqual([['203.0.113.0/24', '10.0.0.1']])
})

test('this machine says at least its own addresses', async () => {
  expect((await readLocalTexts()).ownAddresses).toContain('127.0.0.1')
})

async function protectedAgent(start: SmallAgentStart = {}) {
  const agent = await smallAgent(start)
  const node = { texts: EMPTY }
  const { decider, responder, enforcer, clock, logger } = agent
  const protection = new Protection({
    configured: [{ prefix: '203.0.113.0/24', reason: 'configured' }], readLocal: async () => node.texts,
    decider, responder, enforcer, clock, logger,
  })
  return { agent, protection, node }
}
