import type { ActivityStep } from './capture-replay.ts'
import { concerns, isInWindow, labelsByEnd } from './label-matching.ts'
import type { Ends } from './label-matching.ts'
import type { Label } from './labelled-capture.ts'

/** A flow as one of its events shows it. */
export interface FlowProgress extends Ends {
  readonly flowId: number
  /** Packet time of the flow's last packet so far. */
  readonly atMs: number
  /** Packets of the flow so far, both ways. */
  readonly packets: number
}

/** Steps a label keeps; beyond them the last step grows. */
const STEPS_MAX = 1_000_000

/**
 * For each label, how many packets of its traffic came until when. Fed with every event of every flow (also those that are not
 * scored): the step of an event holds the packets since the flow's event before.
 */
export class ActivityRecorder {
  readonly #labels: readonly Label[]
  readonly #labelsOf: (ends: Ends) => readonly number[]
  readonly #steps: ActivityStep[][]
  /** Packets already counted, by flow; only flows that some label concerns. */
  readonly #counted = new Map<number, number>()

  constructor(labels: readonly Label[]) {
    this.#labels = labels
    this.#labelsOf = labelsByEnd(labels)
    this.#steps = labels.map(() => [])
  }

  add(flow: FlowProgress): void {
    const concerned = this.#labelsOf(flow).filter((index) => concerns(this.#labels[index]!, flow))
    if (concerned.length === 0) return
    const packets = flow.packets - (this.#counted.get(flow.flowId) ?? 0)
    if (packets <= 0) return
    this.#counted.set(flow.flowId, flow.packets)
    for (const index of concerned) {
      if (isInWindow(this.#labels[index]!, flow.atMs)) append(this.#steps[index]!, { atMs: flow.atMs, packets })
    }
  }

  /** The flow has ended: its number is forgotten. */
  forget(flowId: number): void {
    this.#counted.delete(flowId)
  }

  /** For each label its steps, in the order they came. */
  steps(): readonly (readonly ActivityStep[])[] {
    return this.#steps
  }
}

function append(steps: ActivityStep[], step: ActivityStep): void {
  const last = steps.at(-1)
  if (last !== undefined && (last.atMs === step.atMs || steps.length >= STEPS_MAX)) {
    steps[steps.length - 1] = { atMs: Math.max(last.atMs, step.atMs), packets: last.packets + step.packets }
  } else {
    steps.push(step)
  }
}
