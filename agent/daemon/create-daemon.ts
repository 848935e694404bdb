import { readFileSync } from 'node:fs'
import { eventLayout, peerCredentials } from '../../native/index.js'
import type { EventBatch, PacketSource } from '../capture/index.ts'
import type { Config } from '../config/index.ts'
import { openControlServer } from '../control/index.ts'
import type { ControlAudit } from '../control/index.ts'
import { defaultRouteInterface } from '../decision/index.ts'
import { FEATURE_SCHEMA } from '../features/index.ts'
import { createFlowNamer } from '../flows/index.ts'
import type { FlowNamer } from '../flows/index.ts'
import { CodedError } from '../kit/index.ts'
import type { Clock, Logger } from '../kit/index.ts'
import { EnforcementKeeper, EnforcerClient, Reconciler } from '../response/index.ts'
import { flowEvent, noticeEvent } from '../telemetry/index.ts'
import { createAgentControl } from './agent-control.ts'
import { configuredProtection, createDetection, nodeName, openModels, policyOf } from './create-detection.ts'
import type { Detection } from './create-detection.ts'
import { EnforcementMonitor } from './enforcement-monitor.ts'
import { EnforcerProcess } from './enforcer-process.ts'
import { readLocalTexts } from './local-protection.ts'
import { InnerInterfaces, openLiveSource } from './live-source.ts'
import { openMetricsServer } from './metrics-server.ts'
import { openPersistence } from './open-persistence.ts'
import type { Persistence } from './open-persistence.ts'
import { openTelemetry } from './open-telemetry.ts'
import type { Telemetry } from './open-telemetry.ts'
import { periodicTasks, takeInventory } from './periodic-tasks.ts'
import { Protection } from './protection.ts'
import { closeInReverse, drain, eachFlowRecord } from './drain.ts'
import { Responder } from './responder.ts'
import { restoreDecisions } from './restore-decisions.ts'
import { Scheduler } from './scheduler.ts'
import { createStatus } from './status.ts'
import { rehearseDetection, rehearseEnforcement } from './warm-up.ts'

/** What a daemon is made of. */
export interface DaemonStart {
  readonly config: Config
  /** The folder that holds `bin/`, `native/` and `models/`. */
  readonly root: string
  readonly version: string
  readonly clock: Clock
  readonly logger: Logger
}

/** A running daemon. */
export interface Daemon {
  /** Resolves when the source has ended and everything judged is in the kernel, the store and the log; throws what ended it early. */
  run(): Promise<void>
  /** Ends the source; `run` then finishes what is under way. Bans stay in the kernel until they time out. */
  stop(): void
  /** Opens the event log anew, after logrotate moved it. */
  reopen(): Promise<void>
}

/** There is nothing to watch: no interface in the configuration, and no default route. */
export class DaemonError extends CodedError<{ readonly code: 'DAEMON_NO_INTERFACE' }> {}

/** How long the end may wait for the privileged program and the disk. */
const TURN_MS = 1_000

/** Opens everything, in the order in which a failure costs least: state, models, interfaces, then what others can see. */
export async function createDaemon(start: DaemonStart): Promise<Daemon> {
  const config = withInterfaces(start.config)
  const { root, clock, logger } = start
  const opened: (() => Promise<void>)[] = []
  const closeAll = async (): Promise<void> => {
    await closeInReverse(opened.splice(0))
  }
  try {
    const models = await openModels(config)
    opened.push(() => models.inference.close())
    const persistence = await openPersistence(config, logger)
    opened.push(() => persistence.close())
    await rehearseDetection(config, models)
    const source = openLiveSource(config, clock)
    opened.push(() => source.close())
    const inner = new InnerInterfaces(config.capture)
    const telemetry = await openTelemetry(config, logger)
    opened.push(() => telemetry.writer.close())
    const detection = createDetection({
      config, models, mode: persistence.mode, innerInterfaces: inner.indexes,
      neverBlock: configuredProtection(config),
      nextId: () => persistence.ids.take(),
      decisionTimeMs: () => clock.wallMs(),
      onScoringFailure: (error) => logger.error({ error }, 'A batch could not be scored; its evidence was judged'),
    })
    const enforcerProcess = new EnforcerProcess({ root, socketPath: config.paths.enforcerSocket, response: config.response, clock, logger })
    opened.push(() => enforcerProcess.stop())
    await enforcerProcess.keep()
    return await assemble({ ...start, config, persistence, source, inner, telemetry, detection, enforcerProcess }, opened, closeAll)
  } catch (error) {
    await closeAll()
    throw error
  }
}

interface Opened extends DaemonStart {
  readonly persistence: Persistence
  readonly source: PacketSource
  readonly inner: InnerInterfaces
  readonly telemetry: Telemetry
  readonly detection: Detection
  readonly enforcerProcess: EnforcerProcess
}

async function assemble(parts: Opened, opened: (() => Promise<void>)[], closeAll: () => Promise<void>): Promise<Daemon> {
  const { config, version, clock, logger, persistence, source, telemetry, detection } = parts
  const { metrics, broadcast, output } = telemetry
  const { alerts, decisions } = persistence
  const { decider, modelVersion } = detection
  const policy = policyOf(config)
  const node = nodeName()

  const enforcer = new EnforcerClient({ socketPath: config.paths.enforcerSocket, clock })
  opened.push(() => enforcer.close())
  const { elementsMax, durationMsMax } = config.response
  const keeper = new EnforcementKeeper(enforcer, new Reconciler({ desiredMax: elementsMax, durationMsMax }), () => clock.wallMs())
  const monitor = new EnforcementMonitor(keeper, logger)
  const responder = new Responder({ enforcement: monitor, decider, policy, alerts, decisions, output, metrics, clock, logger })
  const protection = new Protection({
    configured: configuredProtection(config), readLocal: readLocalTexts, decider, responder, enforcer, clock, logger,
  })
  await protection.refresh()
  if (decider.mode === 'enforce') await rehearseEnforcement(enforcer)
  await restoreDecisions({ stored: await persistence.decisions.all(), decider, responder, clock, logger })

  const scheduler = new Scheduler(clock, logger)
  let isStopping = false
  let lastTurnMs = clock.monotonicMs()
  const status = createStatus({
    version, node, modelVersion, interfaces: config.capture.interfaces, decider, monitor, alerts, broadcast, metrics, clock,
    counters: () => source.counters(), neverBlockEntries: () => protection.entries,
    lastTurnMs: () => lastTurnMs, isStopping: () => isStopping,
  })
  const control = createAgentControl({
    version, node, modelVersion, policy, decider, responder, monitor, alerts, store: persistence.store, broadcast, metrics, clock, status,
  })
  const server = await openControlServer({
    socketPath: config.paths.socket, control, peerCredentials, clock, logger, audit: (record) => audit(parts, record),
  })
  opened.push(() => server.close())
  opened.push(await serveMetrics(parts, { version, node }))
  const tasks = periodicTasks({ ...parts, responder, monitor, protection })
  await monitor.reconcile()
  // From here on nothing fails: a timer that outlived a failed start would keep the process from ending.
  for (const task of tasks) scheduler.every(task)
  scheduler.every({ name: 'turn', everyMs: TURN_MS, run: () => { lastTurnMs = clock.monotonicMs() } })
  takeInventory({ logger }).catch((error: unknown) => logger.warn({ error }, 'No inventory of the node'))
  logger.info({ version, modelVersion, mode: decider.mode, interfaces: config.capture.interfaces.length }, 'Agent ready')

  const namer = createFlowNamer(eventLayout, (index) => source.interfaces()[index]?.name)
  return {
    async run() {
      // Closed after a bug too: what stays open would keep the process from ending, and systemd from starting it anew.
      try {
        await judgeAll({ source, inner: parts.inner, detection, telemetry, responder, namer })
      } finally {
        isStopping = true
        await scheduler.stop()
        await responder.settle()
        await closeAll()
      }
    },
    stop() {
      isStopping = true
      source.stop()
    },
    reopen: () => telemetry.writer.reopen(),
  }
}

interface Judging extends Pick<Opened, 'source' | 'inner' | 'detection' | 'telemetry'> {
  readonly responder: Responder
  readonly namer: FlowNamer
}

/** Metrics that say who speaks, and their server where one is configured; gives what closes it. */
async function serveMetrics(
  { config, telemetry: { metrics, output }, detection, clock }: Opened, build: { readonly version: string; readonly node: string },
): Promise<() => Promise<void>> {
  metrics.build(build)
  const [version, featureSchema] = [detection.modelVersion, FEATURE_SCHEMA.version]
  metrics.model({ version, featureSchema })
  output.emit('model', () => noticeEvent('model', { change: 'loaded', version, feature_schema: featureSchema }, clock.wallMs()))
  metrics.mode(detection.decider.mode)
  if (config.metrics.listen === null) return async () => {}
  const server = await openMetricsServer(config.metrics.listen, () => metrics.text())
  return () => server.close()
}

async function judgeAll(judging: Judging): Promise<void> {
  const failure = await drain(judging.source, (batch) => judge(judging, batch))
  if (failure !== undefined) throw failure
}

async function judge({ source, inner, detection, telemetry, responder, namer }: Judging, batch: EventBatch): Promise<void> {
  inner.refresh(source.interfaces())
  const { verdicts } = await detection.pipeline.step(batch)
  responder.accept(verdicts, batch, namer)
  eachFlowRecord(batch, (index) => telemetry.output.emit('flow', () => flowEvent(namer.name(batch, index))))
}

/** On disk when it resolves; it never rejects: a journal that cannot be written must not undo what was done. */
async function audit({ persistence, telemetry, clock, logger }: Opened, record: ControlAudit): Promise<void> {
  const { actor, operation, outcome, request, reason, requestId } = record
  const entry = {
    atMs: clock.wallMs(), actor: actor === undefined ? 'unknown' : `uid=${actor.uid}`,
    operation, outcome, detail: { request, reason, requestId },
  }
  telemetry.output.emit('audit', () => noticeEvent('audit', entry, entry.atMs))
  try {
    await persistence.audit.append(entry)
  } catch (error) {
    logger.error({ error, operation }, 'The audit journal could not be written')
  }
}

/** The interfaces of the configuration, or that of the default route. */
function withInterfaces(config: Config): Config {
  if (config.capture.interfaces.length > 0) return config
  const name = defaultRouteInterface(readRoutes())
  if (name === undefined) {
    const message = 'capture.interfaces is empty and there is no default route: name an interface to watch'
    throw new DaemonError({ code: 'DAEMON_NO_INTERFACE' }, message)
  }
  return { ...config, capture: { ...config.capture, interfaces: [{ name, side: 'outer', optional: false }] } }
}

function readRoutes(): string {
  try {
    return readFileSync('/proc/net/route', 'utf8')
  } catch {
    return ''
  }
}
