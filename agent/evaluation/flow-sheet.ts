import type { ReplayedFlow } from './capture-replay.ts'
import { classifyFlow, labelsByEnd, matchesFlow } from './label-matching.ts'
import { CATEGORIES } from './labelled-capture.ts'
import type { Label, LabelCategory, LabelledCapture } from './labelled-capture.ts'

/** What a flow is an attack of. A capture that is malicious as a whole does not say of what. */
export type FlowCategory = LabelCategory | 'unnamed'

/** In the order of the numbers in `FlowSheet.classes`, from 1 on. */
export const FLOW_CATEGORIES: readonly FlowCategory[] = [...CATEGORIES, 'unnamed']

/** The class of a benign flow. */
export const BENIGN = 0

/** Flows whose class is known, as numbers: captures may hold millions. */
export interface KnownFlows {
  /** BENIGN, or 1 + the index in FLOW_CATEGORIES. */
  readonly classes: Uint8Array
  /** Index of each into the replayed flows. */
  readonly indexes: Uint32Array
}

/** Flows with their class; those of unknown class are left out. A flow that several labels claim is the first one's. */
export function knownFlows(capture: LabelledCapture, flows: readonly ReplayedFlow[]): KnownFlows {
  const labelsOf = labelsByEnd(capture.labels)
  const classes = new Uint8Array(flows.length)
  const indexes = new Uint32Array(flows.length)
  let known = 0
  for (const [index, flow] of flows.entries()) {
    const labels = labelsOf(flow).map((each) => capture.labels[each]!)
    const found = classifyFlow(flow, { default: capture.default, labels })
    if (found === 'unknown') continue
    indexes[known] = index
    classes[known++] = found === 'benign' ? BENIGN : 1 + FLOW_CATEGORIES.indexOf(categoryOf(flow, labels))
  }
  return { classes: classes.slice(0, known), indexes: indexes.slice(0, known) }
}

/** The scores of the known flows out of all flows' scores. */
export function pickScores(scores: ArrayLike<number>, { indexes }: KnownFlows): Float32Array {
  return Float32Array.from(indexes, (index) => scores[index]!)
}

/** The scores of one class. */
export function scoresOfClass(scores: Float32Array, classes: Uint8Array, wanted: number): Float32Array {
  return scores.filter((_, index) => classes[index] === wanted)
}

function categoryOf(flow: ReplayedFlow, labels: readonly Label[]): FlowCategory {
  return labels.find((label) => matchesFlow(label, flow))?.category ?? 'unnamed'
}
