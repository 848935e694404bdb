import os from 'node:os'
import type { PacketSource } from '../capture/index.ts'
import type { Config } from '../config/index.ts'
import type { Clock, Logger } from '../kit/index.ts'
import { enforcementEvent, readHealth, readInventory, statsEvent } from '../telemetry/index.ts'
import type { NodeHealth } from '../telemetry/index.ts'
import type { Detection } from './create-detection.ts'
import type { EnforcementMonitor } from './enforcement-monitor.ts'
import type { EnforcerProcess } from './enforcer-process.ts'
import { interfaceTask } from './interface-watch.ts'
import type { Persistence } from './open-persistence.ts'
import type { Telemetry } from './open-telemetry.ts'
import type { Protection } from './protection.ts'
import type { Responder } from './responder.ts'
import type { PeriodicTask } from './scheduler.ts'

/** What the tasks look after. */
export interface TaskParts {
  readonly config: Config
  readonly source: PacketSource
  readonly detection: Detection
  readonly persistence: Persistence
  readonly telemetry: Telemetry
  readonly responder: Responder
  readonly monitor: EnforcementMonitor
  readonly protection: Protection
  readonly enforcerProcess: EnforcerProcess
  readonly clock: Clock
  readonly logger: Logger
}

/** SSH sessions and addresses come and go; two seconds is how long a new one may be unknown. */
const PROTECTION_MS = 2_000
/** With a reconciliation every second, a killed enforcer is back and what was missing repaired within two. */
const ENFORCER_MS = 500
const EXPIRY_MS = 1_000
const GAUGES_MS = 5_000
const PRUNE_MS = 60_000

/** Everything the daemon does again and again beside judging. */
export function periodicTasks(parts: TaskParts): readonly PeriodicTask[] {
  const { config, telemetry, monitor, protection, persistence, enforcerProcess, clock } = parts
  const startedAtMs = clock.monotonicMs()
  return [
    { name: 'reconcile', everyMs: config.response.reconcileMs, run: () => reconcile(parts) },
    { name: 'enforcer', everyMs: ENFORCER_MS, run: () => enforcerProcess.keep() },
    { name: 'protection', everyMs: PROTECTION_MS, run: () => protection.refresh() },
    { name: 'expiry', everyMs: EXPIRY_MS, run: () => expire(parts) },
    { name: 'gauges', everyMs: GAUGES_MS, run: () => report(parts, monitor) },
    interfaceTask(() => parts.source.counters(), parts.logger),
    { name: 'flush', everyMs: config.events.flushMs, run: () => telemetry.writer.flush() },
    { name: 'prune', everyMs: PRUNE_MS, run: async () => { await persistence.alerts.prune(clock.wallMs()) } },
    {
      name: 'stats', everyMs: config.events.statsMs,
      run: () => telemetry.output.emit('stats', () => (
        statsEvent(parts.source.counters(), (clock.monotonicMs() - startedAtMs) / 1_000, clock.wallMs())
      )),
    },
    healthTask(parts),
    { name: 'inventory', everyMs: config.health.inventoryMs, run: () => takeInventory(parts) },
  ]
}

/** Asks once what the node is made of, at start and at a slow cadence. */
export async function takeInventory({ logger }: Pick<TaskParts, 'logger'>): Promise<void> {
  logger.info({ inventory: await readInventory() }, 'Node inventory')
}

async function reconcile({ monitor, telemetry, clock }: TaskParts): Promise<void> {
  const repaired = await monitor.reconcile()
  telemetry.metrics.repaired(repaired.length)
  for (const result of repaired) {
    const report = { action: 'repair', result, decisionId: null, latencyMs: null } as const
    telemetry.output.emit('enforcement', () => enforcementEvent(report, clock.wallMs()))
  }
}

async function expire({ detection, responder, clock }: TaskParts): Promise<void> {
  const ended = detection.decider.expire(clock.wallMs())
  if (ended.length > 0) await responder.lift(ended, 'ended')
}

function report({ source, detection, persistence, telemetry, responder, protection }: TaskParts, monitor: EnforcementMonitor): void {
  const { metrics, writer, broadcast } = telemetry
  const active = detection.decider.active()
  const simulated = active.filter((decision) => decision.simulated).length
  const { drift } = monitor.view
  metrics.meter(source.counters())
  metrics.entities('evidence', detection.detector.counts)
  metrics.entities('sequences', detection.sequences.counts)
  if (detection.inference !== undefined) metrics.inference(detection.inference.counters())
  metrics.decisions({ active: active.length - simulated, simulated, ...detection.decider.counters })
  metrics.enforcement({
    desired: drift?.desired ?? active.length - simulated, actual: drift?.actual ?? 0, driftSeconds: drift?.driftSeconds ?? 0,
    neverBlock: protection.entries,
  })
  metrics.events(writer.counters)
  metrics.followers(broadcast.counts())
  metrics.queue('response', responder.queue)
  metrics.alertsKept(persistence.alerts.size)
}

function healthTask({ config, telemetry, clock }: TaskParts): PeriodicTask {
  const cores = os.availableParallelism()
  let before: { health: NodeHealth; atMs: number } | undefined
  return {
    name: 'health',
    everyMs: config.health.sampleMs,
    run() {
      const nowMs = clock.monotonicMs()
      const health = readHealth(cores, before && { health: before.health, elapsedMs: nowMs - before.atMs })
      before = { health, atMs: nowMs }
      telemetry.metrics.health(health)
    },
  }
}
