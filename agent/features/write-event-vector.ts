import type { RecordView } from '../kit/index.ts'
import type { EventOffsets } from './event-offsets.ts'
import type { RowWriter } from './row-writer.ts'
import { destinationPortClass, durationMs, handshakeProgress } from './write-flow-features.ts'

const TCP = 6
const UDP = 17
const LOG_OCTETS = 20
const LOG_PACKETS = 15
const LOG_MS = 20
/** Length of an Ethernet packet without jumbo frames: most lengths are below. */
const LENGTH = 1500

/** The columns of EVENT_VECTOR_SCHEMA, in its order. The gap since the entity's previous event is left to the sequence memory. */
export function writeEventVector(row: RowWriter, event: RecordView, at: EventOffsets): void {
  const octets = event.f64(at.octetDeltaCount)
  const reverseOctets = event.f64(at.reverseOctetDeltaCount)
  const packets = event.f64(at.packetDeltaCount)
  const protocol = event.u8(at.protocolIdentifier)
  putScaled(row, Math.log1p(octets), LOG_OCTETS)
  putScaled(row, Math.log1p(reverseOctets), LOG_OCTETS)
  row.putBalance(octets, reverseOctets)
  putScaled(row, Math.log1p(packets + event.f64(at.reversePacketDeltaCount)), LOG_PACKETS)
  putScaled(row, Math.log1p(durationMs(event, at)), LOG_MS)
  row.absent()
  putScaled(row, event.f32(at.lengthMean), LENGTH)
  putScaled(row, event.f32(at.lengthMean + 1), LENGTH)
  const gapDeviation = event.f32(at.gapDeviationMs)
  row.putShare(gapDeviation, gapDeviation + event.f32(at.gapMeanMs), Number.MIN_VALUE)
  row.putKnown(handshakeProgress(event, at))
  row.putFlag(event.u8(at.contactFailed) !== 0)
  row.putFlag(protocol === TCP)
  row.putFlag(protocol === UDP)
  row.putKnown(destinationPortClass(event, at))
  row.putFlag(event.u8(at.isFirstContact) !== 0)
  row.putFlag(event.u8(at.flowEndReason) !== 0)
}

function putScaled(row: RowWriter, value: number, scale: number): void {
  row.put(Math.min(1, value / scale))
}
