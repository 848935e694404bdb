import type { ReplayedFlow } from './capture-replay.ts'
import type { Label, LabelledCapture } from './labelled-capture.ts'

/** What the manifest says a flow is. `unknown` counts nowhere. */
export type FlowClass = 'attack' | 'benign' | 'unknown'

/** The two ends of a flow or a packet. */
export interface Ends {
  readonly source: string
  readonly destination: string
}

/** Whether the label speaks of traffic between these two: its entity is one of the ends, or its victim the destination. */
export function concerns(label: Label, { source, destination }: Ends): boolean {
  const other = otherEnd(label, { source, destination })
  return other !== undefined && (label.peer === undefined || label.peer === other)
}

/** What labels look at in a flow: who, and when. */
export type FlowSpan = Pick<ReplayedFlow, 'source' | 'destination' | 'startMs' | 'endMs'>

/** An attack when any label matches it; the capture's default otherwise. */
export function classifyFlow(flow: FlowSpan, capture: Pick<LabelledCapture, 'default' | 'labels'>): FlowClass {
  if (capture.labels.some((label) => matchesFlow(label, flow))) return 'attack'
  return capture.default === 'malicious' ? 'attack' : capture.default
}

/** A flow lies inside a window when some part of it does: an attack that began before its window is the attack all the same. */
export function matchesFlow(label: Label, flow: FlowSpan): boolean {
  return concerns(label, flow) && flow.startMs <= label.toMs && flow.endMs >= label.fromMs
}

/** Whether a moment lies inside the label's window, both ends included. */
export function isInWindow(label: Label, atMs: number): boolean {
  return atMs >= label.fromMs && atMs <= label.toMs
}

/**
 * For the two ends of a flow the labels (by index, rising) that may concern it, found by address: asking hundreds of labels about each of
 * millions of flows takes too long.
 */
export function labelsByEnd(labels: readonly Label[]): (ends: Ends) => readonly number[] {
  const byAddress = new Map<string, number[]>()
  for (const [index, { address }] of labels.entries()) byAddress.set(address, [...(byAddress.get(address) ?? []), index])
  const none: readonly number[] = []
  return ({ source, destination }) => {
    const [first, second] = [byAddress.get(source) ?? none, byAddress.get(destination) ?? none]
    if (second.length === 0 || first === second) return first
    return first.length === 0 ? second : [...first, ...second].sort((left, right) => left - right)
  }
}

function otherEnd(label: Label, { source, destination }: Ends): string | undefined {
  if (destination === label.address) return source
  return label.role === 'entity' && source === label.address ? destination : undefined
}
