import { eventLayout } from '../../native/index.js'
import { CAUSE, createEventFields, eventField } from '../capture/index.ts'
import type { Verdict } from '../decision/index.ts'
import { ActiveTime, ActivityRecorder } from '../evaluation/index.ts'
import type { ReplayedCapture, ReplayedFlow, ReplayedVerdict, ReplayOptions } from '../evaluation/index.ts'
import { createFlowNamer } from '../flows/index.ts'
import type { FlowRecord } from '../flows/index.ts'
import type { Step } from './pipeline.ts'

const TCP = 6
const SYN = 0x02

const fields = createEventFields(eventLayout)
const CAUSE_FIELD = eventField(fields, 'cause')

/** Plain data of all steps of one capture. */
export class Gathered {
  readonly #namer = createFlowNamer(eventLayout, ['file'])
  readonly #activeTime = new ActiveTime()
  readonly #activity: ActivityRecorder
  readonly #hosts = new Set<string>()
  readonly #flows: ReplayedFlow[] = []
  readonly #verdicts: ReplayedVerdict[] = []
  /** The latest evidence of flows that go on. */
  readonly #scores = new Map<number, number>()
  /** The highest model scores of flows that go on; models read few rows of a flow, and none of most. */
  readonly #forestScores = new Map<number, number>()
  readonly #sequenceScores = new Map<number, number>()

  constructor({ labels }: ReplayOptions) {
    this.#activity = new ActivityRecorder(labels)
  }

  add({ batch, rows, sequences, flowLogOdds, forestScores, sequenceScores, verdicts }: Step): void {
    for (let index = 0, row = 0, sequence = 0; index < batch.length; index++) {
      const flow = this.#namer.name(batch, index)
      if (row < rows.length && rows.eventIndexes[row] === index) {
        this.#scores.set(flow.flowId, probability(flowLogOdds[row]!))
        raise(this.#forestScores, flow.flowId, forestScores?.[row])
        if (sequence < sequences.length && sequences.rows[sequence] === row) {
          raise(this.#sequenceScores, flow.flowId, sequenceScores?.[sequence++])
        }
        row += 1
      }
      this.#addEvent(flow, (batch.u8[index * CAUSE_FIELD.stride + CAUSE_FIELD.offset]! & CAUSE.flowEnd) !== 0)
    }
    for (const verdict of verdicts) this.#verdicts.push(replayedVerdict(verdict))
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
    this.#flows.push({
      source, destination, startMs, endMs, score: this.#scores.get(flowId) ?? 0,
      forestScore: this.#forestScores.get(flowId) ?? 0, sequenceScore: this.#sequenceScores.get(flowId) ?? 0,
      isAnswered: flow.reversePacketDeltaCount > 0,
      hasSyn: flow.protocolIdentifier === TCP && (flow.tcpControlBits & SYN) !== 0,
      destinationPort: flow.destinationTransportPort,
    })
    this.#scores.delete(flowId)
    this.#forestScores.delete(flowId)
    this.#sequenceScores.delete(flowId)
    this.#activity.forget(flowId)
  }
}

function probability(logOdds: number): number {
  return 1 / (1 + Math.exp(-logOdds))
}

/** What the evaluation reads of a verdict. */
export function replayedVerdict({ posterior, category, action }: Verdict): ReplayedVerdict {
  return { entity: posterior.entity, category, action, probability: posterior.probability, atMs: posterior.observedAtMs }
}

function raise(scores: Map<number, number>, flowId: number, score: number | undefined): void {
  if (score !== undefined && score > (scores.get(flowId) ?? 0)) scores.set(flowId, score)
}
