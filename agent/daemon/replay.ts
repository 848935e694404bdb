import { eventLayout } from '../../native/index.js'
import type { EventBatch, MeterCounters } from '../capture/index.ts'
import { openCaptureFiles } from '../capture/native-source.ts'
import type { Config } from '../config/index.ts'
import { decisionOf, isContainment, severityOf } from '../decision/index.ts'
import type { AlertRecord, Verdict } from '../decision/index.ts'
import { createFlowNamer } from '../flows/index.ts'
import type { FlowNamer } from '../flows/index.ts'
import type { KeyValueStore, Logger } from '../kit/index.ts'
import { AlertRepository, DecisionRepository, IdCounter } from '../storage/index.ts'
import { alertEvent, anomalyEvent, decisionEvent, flowEvent } from '../telemetry/index.ts'
import { configuredProtection, createDetection, meterLimitsOf, policyOf } from './create-detection.ts'
import type { DetectionStart } from './create-detection.ts'
import { drain, eachFlowRecord } from './drain.ts'
import type { EventOutput } from './event-output.ts'
import type { Step } from './pipeline.ts'

/** What a replay needs. */
export interface ReplayStart extends Pick<DetectionStart, 'models'> {
  readonly files: readonly string[]
  readonly config: Config
  readonly store: KeyValueStore
  /** Undefined: no event is formatted, and flows that nobody scores are not even copied. */
  readonly output: EventOutput | undefined
  readonly logger: Logger
}

/** What a replay found, and how much of it there was. */
export interface ReplayResult {
  readonly counters: MeterCounters
  /** Verdicts that operators would hear of, in packet time; at most `ALERTS_KEPT`. */
  readonly alerts: readonly AlertRecord[]
  readonly alertCount: number
  readonly decisionCount: number
  /** Why reading ended before the end of the files; everything before it was judged. */
  readonly failure: unknown
}

/** Alerts handed back; the store keeps its own number of them. */
const ALERTS_KEPT = 1_000

/**
 * Capture files through the pipeline in packet time, as fast as it goes. Nothing reaches the kernel: what would be blocked is a
 * decision on paper, also in mode `enforce`.
 *
 * @param onProgress told after every batch how far the files have been read, 0..1; the replay waits for it, so that no event is lost
 */
export async function replay(
  start: ReplayStart, onProgress: (fraction: number, alerts: number) => Promise<void> | void,
): Promise<ReplayResult> {
  const { files, config, store, output, logger } = start
  const ids = await IdCounter.open(store, (error) => logger.warn({ error }, 'Numbers could not be reserved'))
  const source = openCaptureFiles(files, { ...meterLimitsOf(config), recordFlows: output !== undefined })
  const detection = createDetection({
    ...start,
    mode: config.mode,
    neverBlock: configuredProtection(config),
    nextId: () => ids.take(),
    decisionTimeMs: (observedAtMs) => observedAtMs,
    onScoringFailure: (error) => { throw error },
  })
  const recorder = await openRecorder(start)
  try {
    const failure = await drain(source, async (batch) => {
      await recorder.record(await detection.pipeline.step(batch))
      await onProgress(source.progress(), recorder.alertCount)
    })
    const { alerts, alertCount, decisionCount } = recorder
    return { counters: source.counters(), alerts, alertCount, decisionCount, failure }
  } finally {
    await source.close()
    await ids.close()
  }
}

interface Recorder {
  readonly alerts: readonly AlertRecord[]
  readonly alertCount: number
  readonly decisionCount: number
  record(step: Step): Promise<void>
}

async function openRecorder({ config, store, output }: ReplayStart): Promise<Recorder> {
  const repository = await AlertRepository.open(store, config.storage)
  const decisions = new DecisionRepository(store)
  const namer = createFlowNamer(eventLayout, ['file'])
  const policy = policyOf(config)
  const alerts: AlertRecord[] = []
  const counts = { alerts: 0, decisions: 0 }
  const emit = (alert: AlertRecord): void => {
    if (output === undefined) return
    const { verdict, flow } = alert
    if (verdict.action === 'log') output.emit('anomaly', () => anomalyEvent(verdict, flow))
    else output.emit('alert', () => alertEvent(alert, severityOf(verdict.posterior, policy)))
    if (isContainment(verdict.action)) output.emit('decision', () => decisionEvent(decisionOf(verdict), 'added', verdict.decidedAtMs))
  }
  return {
    get alerts() { return alerts },
    get alertCount() { return counts.alerts },
    get decisionCount() { return counts.decisions },
    async record({ batch, verdicts }) {
      if (output !== undefined) eachFlowRecord(batch, (index) => output.emit('flow', () => flowEvent(namer.name(batch, index))))
      if (verdicts.length === 0) return
      const found = verdicts.map((verdict) => describe(verdict, batch, namer))
      found.forEach(emit)
      const heard = found.filter(({ verdict }) => verdict.action !== 'log')
      const contained = verdicts.filter(({ action }) => isContainment(action))
      counts.alerts += heard.length
      counts.decisions += contained.length
      alerts.push(...heard.slice(0, ALERTS_KEPT - alerts.length))
      await repository.put(heard)
      await decisions.update(contained.map(decisionOf))
    },
  }
}

function describe(verdict: Verdict, batch: EventBatch, namer: FlowNamer): AlertRecord {
  const enforcement = isContainment(verdict.action) ? { outcome: 'dry-run' as const, reason: 'replay', latencyMs: null } : null
  return { verdict, flow: namer.name(batch, verdict.posterior.eventIndex), decisionLatencyMs: null, enforcement }
}
