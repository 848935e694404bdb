// The rooms behind the pipeline, as the daemon puts them together, on a dry run, a memory store and a simulated clock.
import { eventLayout } from '../../native/index.js'
import { EventBroadcast } from '../../agent/control/event-broadcast.ts'
import { EnforcementMonitor } from '../../agent/daemon/enforcement-monitor.ts'
import { EventOutput } from '../../agent/daemon/event-output.ts'
import { Responder } from '../../agent/daemon/responder.ts'
import { Decider, NeverBlockList } from '../../agent/decision/index.ts'
import type { DecisionPolicy, Mode, Verdict } from '../../agent/decision/index.ts'
import { createFlowNamer } from '../../agent/flows/index.ts'
import { silentLogger } from '../../agent/kit/index.ts'
import type { KeyValueStore, Logger } from '../../agent/kit/index.ts'
import { DryRunEnforcer, EnforcementKeeper, EnforcerError, Reconciler } from '../../agent/response/index.ts'
import type { Enforcer } from '../../agent/response/index.ts'
import { AlertRepository, DecisionRepository, openMemoryStore } from '../../agent/storage/index.ts'
import { createMetrics } from '../../agent/telemetry/index.ts'
import { policy, posteriorOf } from '../decision/posteriors.ts'
import { eventBatch, tcpEvent } from '../fixtures/event-batch.ts'
import { SimulatedClock } from '../fixtures/simulated-clock.ts'

/** What a test may bring itself. */
export interface SmallAgentStart {
  readonly mode?: Mode
  readonly clock?: SimulatedClock
  readonly store?: KeyValueStore
  readonly enforcer?: Enforcer
  readonly response?: Partial<DecisionPolicy['response']>
  readonly logger?: Logger
}

export type SmallAgent = Awaited<ReturnType<typeof smallAgent>>

/** Decider, responder and monitor on `enforcer` (a dry run unless told); `judge` makes them act on an address. */
export async function smallAgent(start: SmallAgentStart = {}) {
  const clock = start.clock ?? new SimulatedClock()
  const store = start.store ?? openMemoryStore()
  const enforcer = start.enforcer ?? new DryRunEnforcer(() => clock.wallMs())
  const logger = start.logger ?? silentLogger
  const thePolicy = policy(start.response)
  let lastId = 0
  const decider = new Decider({
    policy: thePolicy, mode: start.mode ?? 'enforce', neverBlock: new NeverBlockList([]), nextId: () => (lastId += 1),
  })
  const { elementsMax: desiredMax, durationMsMax } = thePolicy.response
  const keeper = new EnforcementKeeper(enforcer, new Reconciler({ desiredMax, durationMsMax }), () => clock.wallMs())
  const monitor = new EnforcementMonitor(keeper, logger)
  const alerts = await AlertRepository.open(store, { alertsMax: 1_000, alertAgeMsMax: 1e9 })
  const decisions = new DecisionRepository(store)
  const broadcast = new EventBroadcast({ historyMax: 20_000, linesMax: 20_000 })
  const output = new EventOutput({ writer: undefined, writtenTypes: new Set(), broadcast })
  const metrics = createMetrics()
  const responder = new Responder({ enforcement: monitor, decider, policy: thePolicy, alerts, decisions, output, metrics, clock, logger })

  const judge = (...addresses: readonly string[]): Verdict[] => addresses.flatMap((address) => (
    decider.judge({ ...posteriorOf(address), observedAtMs: clock.wallMs() - 5 }, clock.wallMs()) ?? []
  ))
  return {
    clock, store, enforcer, policy: thePolicy, decider, monitor, alerts, decisions, broadcast, output, metrics, responder, logger, judge,
    accept: (verdicts: readonly Verdict[]) => responder.accept(verdicts, eventBatch([tcpEvent()]), createFlowNamer(eventLayout, ['wan0'])),
    stored: async () => (await decisions.all()).map(({ value }) => value),
    inKernel: async () => (await enforcer.list()).map(({ target }) => target),
    believed: () => decider.active().filter(({ simulated }) => !simulated).map(({ value }) => value),
    /** The events so far, as followers saw them. */
    async events(type?: string): Promise<Record<string, unknown>[]> {
      const lines = await broadcast.subscribe({ type: type === undefined ? [] : [type], last: 20_000, follow: false })!.next()
      return (lines ?? []).map((line): Record<string, unknown> => JSON.parse(line))
    },
  }
}

/** An enforcer out of reach. */
export function unreachable(): EnforcerError {
  return new EnforcerError({ code: 'ENFORCER_UNREACHABLE', socketPath: '/enforcer.sock', reason: 'ECONNREFUSED' }, 'no enforcer')
}

/** An enforcer whose methods can be replaced; the others are those of a dry run. */
export function brokenEnforcer(clock: SimulatedClock, broken: Partial<Enforcer>): Enforcer {
  const whole = new DryRunEnforcer(() => clock.wallMs())
  return {
    block: (requests) => whole.block(requests),
    unblock: (targets) => whole.unblock(targets),
    list: () => whole.list(),
    neverBlock: (prefixes) => whole.neverBlock(prefixes),
    cleanup: () => whole.cleanup(),
    close: () => whole.close(),
    ...broken,
  }
}
