import type { MeterCounters } from '../capture/index.ts'
import type { Config } from '../config/index.ts'
import type { EventBroadcast, Status } from '../control/index.ts'
import type { Decider } from '../decision/index.ts'
import type { Clock } from '../kit/index.ts'
import type { AlertRepository } from '../storage/index.ts'
import type { Metrics } from '../telemetry/index.ts'
import { missingInterfaces } from './interface-watch.ts'
import type { EnforcementMonitor, EnforcementView } from './enforcement-monitor.ts'

/** What the state of the daemon is read from. */
export interface StatusParts {
  readonly version: string
  readonly node: string
  readonly modelVersion: string
  readonly interfaces: Config['capture']['interfaces']
  readonly decider: Decider
  readonly monitor: EnforcementMonitor
  readonly alerts: AlertRepository
  readonly broadcast: EventBroadcast
  readonly metrics: Metrics
  readonly clock: Clock
  readonly counters: () => MeterCounters
  readonly neverBlockEntries: () => number
  /** When the event loop last came round, on the monotonic clock. */
  readonly lastTurnMs: () => number
  readonly isStopping: () => boolean
}

/** A loop that has not come round for so long hangs; the watchdog of systemd is set to three times this. */
const TURN_MS_MAX = 10_000
/** Drift longer than two rounds of reconciliation is no longer under repair but a fault. */
const DRIFT_SECONDS_MAX = 5

/** Makes the function that reads the whole state; `startedAtMs` is taken now. */
export function createStatus(parts: StatusParts): () => Promise<Status> {
  const { clock, monitor, decider, metrics } = parts
  const startedAtMs = clock.wallMs()
  const startedAtMonotonicMs = clock.monotonicMs()
  return async () => {
    const view = monitor.view
    const active = decider.active()
    return {
      version: parts.version,
      node: parts.node,
      pid: process.pid,
      startedAtMs,
      uptimeSeconds: (clock.monotonicMs() - startedAtMonotonicMs) / 1_000,
      mode: decider.mode,
      modelVersion: parts.modelVersion,
      health: healthOf(parts, view),
      ...meterStatus(parts),
      alerts: parts.alerts.size,
      decisions: { active: active.length, simulated: active.filter(({ simulated }) => simulated).length },
      enforcement: {
        enforcer: view.enforcer,
        desired: view.drift?.desired ?? active.filter(({ simulated }) => !simulated).length,
        actual: view.drift?.actual ?? 0,
        driftSeconds: view.drift?.driftSeconds ?? 0,
        neverBlock: parts.neverBlockEntries(),
      },
      latency: { decision: await metrics.summary('decision'), enforcement: await metrics.summary('enforcement') },
      followers: parts.broadcast.counts(),
    }
  }
}

function meterStatus({ interfaces, counters }: StatusParts): Pick<Status, 'interfaces' | 'meter'> {
  const { interfaces: states, ...meter } = counters()
  return {
    interfaces: states.map(({ source, ...state }) => ({ ...state, side: interfaces[source]?.side ?? 'outer' })),
    meter: { ...meter, undecoded: { ...meter.undecoded }, dropped: { ...meter.dropped } },
  }
}

function healthOf(parts: StatusParts, view: EnforcementView): Status['health'] {
  const sinceTurnMs = parts.clock.monotonicMs() - parts.lastTurnMs()
  const live = sinceTurnMs < TURN_MS_MAX
  const trouble = troubleOf(parts, view)
  return {
    startup: { ok: true, detail: 'capture, models and store are open' },
    live: { ok: live, detail: live ? 'the event loop comes round' : `the event loop has hung for ${Math.round(sinceTurnMs / 1_000)} s` },
    ready: { ok: live && trouble === undefined, detail: trouble ?? 'judging, and what should be blocked is blocked' },
  }
}

function troubleOf({ decider, isStopping, interfaces, counters }: StatusParts, { enforcer, drift }: EnforcementView): string | undefined {
  if (isStopping()) return 'the agent is stopping'
  const missing = missingInterfaces(interfaces, counters().interfaces)
  if (missing.length > 0) return `nothing is seen of ${missing.join(', ')}: the interface is gone`
  if (decider.mode !== 'enforce') return undefined
  if (enforcer === 'unreachable') return 'mode is enforce, but the enforcer is out of reach'
  if (drift !== undefined && drift.driftSeconds > DRIFT_SECONDS_MAX) {
    return `${drift.missing} of ${drift.desired} blocks have been missing in the kernel for ${Math.round(drift.driftSeconds)} s`
  }
  return undefined
}
