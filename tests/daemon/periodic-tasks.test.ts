// Goal: what the daemon does again and again happens at its pace and leaves its trace in metrics, events and store.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { PacketSource } from '../../agent/capture/index.ts'
import { defaultConfig } from '../../agent/config/index.ts'
import { createDetection } from '../../agent/daemon/create-detection.ts'
import { EnforcerProcess } from '../../agent/daemon/enforcer-process.ts'
import { openTelemetry } from '../../agent/daemon/open-telemetry.ts'
import { periodicTasks, takeInventory } from '../../agent/daemon/periodic-tasks.ts'
import { Protection } from '../../agent/daemon/protection.ts'
import { Scheduler } from '../../agent/daemon/scheduler.ts'
import { silentLogger } from '../../agent/kit/index.ts'
import { AuditJournal, IdCounter } from '../../agent/storage/index.ts'
import { DryRunEnforcer } from '../../agent/response/index.ts'
import { SimulatedClock } from '../fixtures/simulated-clock.ts'
import { smallAgent } from './small-agent.ts'

const NOTHING = { route: '', ipv6Route: '', resolvConf: '', ownAddresses: [], sshConnections: [] }

test('a minute of a daemon: reconciled, protected, expired, counted, flushed, pruned', async () => {
  const { clock, agent, metrics, config, writer } = await scheduledAgent()
  await agent.monitor.apply([{ target: '192.0.2.7', untilMs: clock.wallMs() + 600_000 }])
  await agent.enforcer.cleanup()
  await clock.advance(61_000)
  expect(await agent.inKernel()).toEqual(['192.0.2.7'])

  const text = await metrics.text()
  expect(text).toContain('phantommesh_meter_packets_total 9')
  expect(text).toContain('phantommesh_enforcement_repaired_elements_total 1')
  await writer.flush()
  const types = readFileSync(config.paths.events, 'utf8').trim().split('\n').map((line): unknown => JSON.parse(line).event_type)
  expect(new Set(types)).toEqual(new Set(['enforcement', 'stats']))
})

test('decisions that have ended leave store and decider within a second', async () => {
  const { clock, agent } = await scheduledAgent()
  agent.decider.add({ target: '192.0.2.7', durationMs: 5_000, reason: '' }, clock.wallMs())
  await agent.responder.remember(agent.decider.active())
  await clock.advance(4_500)
  expect(agent.decider.active()).toHaveLength(1)
  await clock.advance(1_500)
  expect([agent.decider.active(), await agent.stored()]).toEqual([[], []])
})

test('the inventory of the node is logged', async () => {
  const logged: object[] = []
  await takeInventory({ logger: { ...silentLogger, info: (data) => { logged.push(data) } } })
  expect(logged).toMatchObject([{ inventory: { cores: expect.any(Number) } }])
})

async function scheduledAgent() {
  const folder = mkdtempSync(path.join(tmpdir(), 'pm-tasks-'))
  const standard = defaultConfig(folder)
  const at = (name: string): string => path.join(folder, name)
  const config = {
    ...standard, paths: { ...standard.paths, state: at('state'), events: at('log/eve.json'), enforcerSocket: at('none.sock') },
  }
  const clock = new SimulatedClock()
  const telemetry = await openTelemetry(config, silentLogger)
  const agent = await smallAgent({ clock, enforcer: new DryRunEnforcer(() => clock.wallMs()) })
  const { decider, responder, monitor, enforcer, store, alerts, decisions } = agent
  const ids = await IdCounter.open(store, () => {})
  const persistence = {
    store, ids, alerts, decisions, audit: await AuditJournal.open(store, 10), mode: 'enforce' as const, async close() {},
  }
  const detection = createDetection({
    config, models: undefined, mode: 'enforce', neverBlock: [], nextId: () => 1, decisionTimeMs: (atMs) => atMs, onScoringFailure() {},
  })
  const scheduler = new Scheduler(clock, silentLogger)
  const tasks = periodicTasks({
    config, clock, persistence, telemetry, responder, monitor, source, logger: silentLogger, detection: { ...detection, decider },
    protection: new Protection({
      configured: [], readLocal: async () => NOTHING, decider, responder, enforcer, clock, logger: silentLogger,
    }),
    // No program under this root: nothing is started.
    enforcerProcess: new EnforcerProcess({
      root: folder, socketPath: config.paths.enforcerSocket, response: config.response, clock, logger: silentLogger,
    }),
  })
  for (const task of tasks) scheduler.every(task)
  onTestFinished(async () => {
    await scheduler.stop()
    await telemetry.writer.close()
    rmSync(folder, { recursive: true })
  })
  return { clock, agent, config, metrics: telemetry.metrics, writer: telemetry.writer }
}

/** A source that has seen nine packets and sees no more. */
const source: PacketSource = {
  next: async () => undefined,
  counters: () => ({
    packets: 9, octets: 900, flows: 2, activeFlows: 1, hosts: 2, pairs: 1, interfaces: [],
    events: { received: 3, scored: 3, shed: 0, pending: 0 }, undecoded: {}, dropped: {},
  }),
  interfaces: () => [],
  progress: () => 0,
  stop() {},
  close: async () => {},
}
