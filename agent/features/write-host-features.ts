import type { RecordView } from '../kit/index.ts'
import { WINDOW } from './event-offsets.ts'
import type { EventOffsets } from './event-offsets.ts'
import type { RowWriter } from './row-writer.ts'

const { s10, s60, h1 } = WINDOW

// A counter decayed with time constant T stands at rate * T in the steady state, so counter * 60 / T is a rate per minute.
const PER_MINUTE_10S = 6
const PER_MINUTE_1H = 1 / 60

/** Below this many decayed contacts, flows or SYNs a share is noise: one failure would be 100 %. */
const SHARE_MIN = 1

/** Entries that a pair remembers of bursts and of ended flows (kRecent of event_record.h). */
const RECENT = 16

/** A variation of fewer entries than this is no estimate. */
const VARIATION_ENTRIES_MIN = 4

/** The columns `source.*`: what the source host started lately, and what came back. */
export function writeSourceFeatures(row: RowWriter, event: RecordView, at: EventOffsets): void {
  const flows = event.f32(at.sourceFlows + s60)
  const peers = event.f32(at.sourceDistinctPeers + s60)
  row.putLog(event.f32(at.sourceFlows + s10) * PER_MINUTE_10S)
  row.putLog(event.f32(at.sourceFlows + h1) * PER_MINUTE_1H)
  writeFailedShare(row, event.f32(at.sourceContactsFailed + s60), event.f32(at.sourceContactsAnswered + s60))
  writeFailedShare(row, event.f32(at.sourceContactsFailed + h1), event.f32(at.sourceContactsAnswered + h1))
  row.putShare(peers, flows, SHARE_MIN)
  row.putLog(event.f32(at.sourceDistinctPorts + s60) / Math.max(1, peers))
  row.putBalance(event.f32(at.sourceOctetsSent + h1), event.f32(at.sourceOctetsReceived + h1))
  row.putShare(event.f32(at.sourceUnansweredSyns + s60), flows, SHARE_MIN)
  row.putShare(event.f32(at.sourceResetsReceived + s60), flows, SHARE_MIN)
  row.putLog(event.f32(at.sourceIcmpSent + s60))
}

/** The columns `destination.*`: what others started towards the destination host lately. */
export function writeDestinationFeatures(row: RowWriter, event: RecordView, at: EventOffsets): void {
  const flows = event.f32(at.destinationFlows + s60)
  row.putLog(event.f32(at.destinationFlows + s10) * PER_MINUTE_10S)
  row.putShare(event.f32(at.destinationUnansweredSyns + s10), event.f32(at.destinationSyns + s10), SHARE_MIN)
  row.putShare(event.f32(at.destinationHandshakes + s60), event.f32(at.destinationSyns + s60), SHARE_MIN)
  row.putShare(event.f32(at.destinationDistinctPeers + s60), flows, SHARE_MIN)
  row.putShare(event.f32(at.destinationDistinctPorts + s60), flows, SHARE_MIN)
  row.putBalance(event.f32(at.destinationOctetsSent + s60), event.f32(at.destinationOctetsReceived + s60))
  row.putLog(event.f32(at.destinationUnsolicitedAnswers + s60))
}

/** The columns `pair.*`: source towards destination, over all their flows. */
export function writePairFeatures(row: RowWriter, event: RecordView, at: EventOffsets): void {
  row.putLog(event.f32(at.pairFlows + s60))
  row.putLog(event.f32(at.pairFlows + h1) * PER_MINUTE_1H)
  row.putShare(event.f32(at.pairContactsFailed + h1), event.f32(at.pairFlows + h1), SHARE_MIN)
  row.putLog(event.f32(at.pairDistinctPorts + h1))
  row.putBalance(event.f32(at.pairOctetsSent + h1), event.f32(at.pairOctetsReceived + h1))
  // Only bursts that the next one has ended are listed: n bursts give n - 1 entries.
  const bursts = event.u32(at.pairBurstsTotal) - 1
  row.putKnown(recentVariation(event, at.pairBurstGapsMs, bursts))
  row.putKnown(recentVariation(event, at.pairBurstOctets, bursts))
  const ended = event.u32(at.pairFlowsEndedTotal)
  row.putKnown(recentVariation(event, at.pairFlowPackets, ended))
  row.putKnown(recentVariation(event, at.pairFlowOctets, ended))
}

function writeFailedShare(row: RowWriter, failed: number, answered: number): void {
  row.putShare(failed, failed + answered, SHARE_MIN)
}

/** deviation / mean of the last entries of a list, at most 10; NaN with too few entries. Two passes: no cancellation. */
function recentVariation(event: RecordView, offset: number, total: number): number {
  const count = Math.min(RECENT, total)
  if (count < VARIATION_ENTRIES_MIN) return Number.NaN
  let sum = 0
  for (let index = 0; index < count; index++) sum += event.f32(offset + index)
  const mean = sum / count
  if (!(mean > 0)) return Number.NaN
  let squares = 0
  for (let index = 0; index < count; index++) squares += (event.f32(offset + index) - mean) ** 2
  return Math.min(10, Math.sqrt(squares / count) / mean)
}
