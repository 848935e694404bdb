import type { EvidenceEvent } from './evidence-event.ts'
import { WINDOW } from './evidence-event.ts'
import { clamp, RATIO_MAX } from './evidence-test.ts'

/** The step of the threshold random walk, see scan-random-walk.ts. */
const STEP = Math.log(4)
const RATIO_MIN = Math.log(0.01)

/**
 * The random walk of Jung et al. restricted to one pair, without memory: its failed contacts of the last hour against all of its other
 * flows. Evidence about the flows of a scan that does not look at what else the source did.
 */
export function contactRatio(event: EvidenceEvent): number {
  const flows = event.pairFlows(WINDOW.h1)
  const failed = Math.min(flows, Math.max(event.pairContactsFailed(WINDOW.h1), event.hasContactFailed ? 1 : 0))
  return clamp(STEP * (2 * failed - flows), RATIO_MIN, RATIO_MAX)
}
