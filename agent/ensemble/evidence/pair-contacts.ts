import type { EvidenceEvent } from './evidence-event.ts'
import { WINDOW } from './evidence-event.ts'
import { clamp, RATIO_MAX } from './evidence-test.ts'

/** The step of the threshold random walk, see scan-random-walk.ts. */
const STEP = Math.log(4)
const RATIO_MIN = Math.log(0.01)

/** The least packet that answers, IPv4 and TCP headers without options: so many octets back are at most one answered flow. */
const ANSWER_OCTETS_MIN = 40

const UDP = 17

/**
 * The random walk of Jung et al. restricted to one pair, without memory: its failed contacts of the last hour against its answered flows.
 * Evidence about the flows of a scan that does not look at what else the source did.
 *
 * A flow that ended without any answer is one failed contact even where the meter tried none: it holds no trials of spoofed floods beyond
 * its bounds, and a reflector's answer that nobody asked for is no request at all.
 */
export function contactRatio(event: EvidenceEvent): number {
  const flows = event.pairFlows(WINDOW.h1)
  const failed = Math.max(event.pairContactsFailed(WINDOW.h1), event.hasContactFailed || isUnanswered(event) ? 1 : 0)
  const answered = Math.min(Math.max(0, flows - failed), event.pairOctetsReceived(WINDOW.h1) / ANSWER_OCTETS_MIN)
  return clamp(STEP * (failed - answered), RATIO_MIN, RATIO_MAX)
}

/** A SYN, or datagrams to one host, and nothing came back until the flow ended. */
function isUnanswered(event: EvidenceEvent): boolean {
  if (!event.hasEnded || event.reversePackets > 0) return false
  return event.isSynSent || (event.protocol === UDP && !event.isToMany)
}
