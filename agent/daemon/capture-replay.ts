import { eventLayout } from '../../native/index.js'
import { CAUSE, createEventFields, eventField } from '../capture/index.ts'
import { openCaptureFiles } from '../capture/native-source.ts'
import type { Config } from '../config/index.ts'
import { actionThreshold } from '../decision/index.ts'
import { ActiveTime, ActivityRecorder } from '../evaluation/index.ts'
import type { EvaluationSubject, ReplayedCapture, ReplayedFlow, ReplayedVerdict, ReplayOptions } from '../evaluation/index.ts'
import { createFlowNamer } from '../flows/index.ts'
import type { FlowRecord } from '../flows/index.ts'
import { configuredProtection, createDetection, meterLimitsOf, openModels, policyOf } from './create-detection.ts'
import type { OpenModels } from './create-detection.ts'
import type { Step } from './pipeline.ts'
import { drain } from './drain.ts'

/** A subject that must be closed. */
export interface OpenSubject extends EvaluationSubject {
  close(): Promise<void>
}

/** The agent as it would run with this configuration and these models, ready to be evaluated. */
export async function openSubject(config: Config, modelsFolder?: string): Promise<OpenSubject> {
  const models = await openModels(config, modelsFolder)
  const { manifest } = models.loaded
  const policy = policyOf(config)
  const threshold = (action: 'alert' | 'block'): number => actionThreshold(action, policy.decision.costs, policy.available) ?? 1
  return {
    modelHash: manifest.version,
    thresholds: {
      alertPosterior: threshold('alert'), blockPosterior: threshold('block'), corroborationNats: config.decision.corroborationMin,
    },
    flowThreshold: threshold('alert'),
    trainedOn: manifest.training.map(({ capture, source }) => ({ capture, source })),
    replay: (file, options) => replayCapture({ file, options, config, models }),
    close: () => models.inference.close(),
  }
}

interface CaptureStart {
  readonly file: string
  readonly options: ReplayOptions
  readonly config: Config
  readonly models: OpenModels
}

/** One capture from fresh state. Rejects with the CaptureError that ended it early: half a capture has no figures. */
async function replayCapture({ file, options, config, models }: CaptureStart): Promise<ReplayedCapture> {
  const source = openCaptureFiles([file], { ...meterLimitsOf(config), recordFlows: true })
  let lastId = 0
  const detection = createDetection({
    config, models, mode: 'observe', neverBlock: configuredProtection(config),
    nextId: () => ++lastId,
    decisionTimeMs: (observedAtMs) => observedAtMs,
    onScoringFailure: (error) => { throw error },
  })
  const gathered = new Gathered(options)
  try {
    const failure = await drain(source, async (batch) => {
      options.signal?.throwIfAborted()
      gathered.add(await detection.pipeline.step(batch))
    })
    if (failure !== undefined) throw failure
    return gathered.finish(source.counters().packets)
  } finally {
    await source.close()
  }
}

const fields = createEventFields(eventLayout)
const CAUSE_FIELD = eventField(fields, 'cause')

/** Plain data of all steps of one capture. */
class Gathered {
  readonly #namer = createFlowNamer(eventLayout, ['file'])
  readonly #activeTime = new ActiveTime()
  readonly #activity: ActivityRecorder
  readonly #hosts = new Set<string>()
  readonly #flows: ReplayedFlow[] = []
  readonly #verdicts: ReplayedVerdict[] = []
  /** The latest evidence of flows that go on. */
  readonly #scores = new Map<number, number>()

  constructor({ labels }: ReplayOptions) {
    this.#activity = new ActivityRecorder(labels)
  }

  add({ batch, rows, flowLogOdds, verdicts }: Step): void {
    for (let index = 0, row = 0; index < batch.length; index++) {
      const flow = this.#namer.name(batch, index)
      if (row < rows.length && rows.eventIndexes[row] === index) this.#scores.set(flow.flowId, probability(flowLogOdds[row++]!))
      this.#addEvent(flow, (batch.u8[index * CAUSE_FIELD.stride + CAUSE_FIELD.offset]! & CAUSE.flowEnd) !== 0)
    }
    for (const { posterior, category, action } of verdicts) {
      this.#verdicts.push({ entity: posterior.entity, category, action, atMs: posterior.observedAtMs })
    }
  }

  finish(packets: number): ReplayedCapture {
    return {
      packets, activeMs: this.#activeTime.totalMs(), hosts: [...this.#hosts], flows: this.#flows, verdicts: this.#verdicts,
      activity: this.#activity.steps(),
    }
  }

  /** An event stands at its flow's last packet so far, but a flow's end: that is known only when its silence was long enough. */
  #addEvent(flow: FlowRecord, isEnd: boolean): void {
    const { flowId, sourceAddress: source, destinationAddress: destination } = flow
    const { flowStartMilliseconds: startMs, flowEndMilliseconds: endMs } = flow
    this.#activeTime.add(startMs)
    this.#activeTime.add(endMs)
    this.#hosts.add(source)
    if (flow.reversePacketDeltaCount > 0) this.#hosts.add(destination)
    const packets = flow.packetDeltaCount + flow.reversePacketDeltaCount
    this.#activity.add({ flowId, source, destination, atMs: endMs, packets })
    if (!isEnd) return
    const isAnswered = flow.reversePacketDeltaCount > 0
    this.#flows.push({ source, destination, startMs, endMs, score: this.#scores.get(flowId) ?? 0, isAnswered })
    this.#scores.delete(flowId)
    this.#activity.forget(flowId)
  }
}

function probability(logOdds: number): number {
  return 1 / (1 + Math.exp(-logOdds))
}
