import type { RecordView } from '../kit/index.ts'
import type { EventOffsets } from './event-offsets.ts'
import type { RowWriter } from './row-writer.ts'

const TCP = 6
const UDP = 17
const FORWARD = 0
const REVERSE = 1
const FIRST_LENGTHS = 4

/**
 * TcpState by number (kNotTcp, kSynSent, kSynReceived, kEstablished, kClosing, kClosed, kReset, kMidstream) as progress of the
 * handshake; NaN where there is none to see.
 */
const HANDSHAKE_PROGRESS: readonly number[] = [Number.NaN, 0, 0.5, 1, 1, 1, 0, Number.NaN]

/** The columns `flow.*` of FEATURE_SCHEMA, in its order. */
export function writeFlowFeatures(row: RowWriter, event: RecordView, at: EventOffsets): void {
  writeVolume(row, event, at)
  writeMoments(row, event, at)
  writePayload(row, event, at)
  writeFirstLengths(row, event, at)
  writeTransport(row, event, at)
}

/** Progress of the TCP handshake, 0..1; NaN where there is none to see. */
export function handshakeProgress(event: RecordView, at: EventOffsets): number {
  return HANDSHAKE_PROGRESS[event.u8(at.tcpState)] ?? Number.NaN
}

/** RFC 6335 section 6: system ports 0, user ports 1/2, dynamic ports 1; NaN where the transport has no ports. */
export function destinationPortClass(event: RecordView, at: EventOffsets): number {
  const protocol = event.u8(at.protocolIdentifier)
  if (protocol !== TCP && protocol !== UDP) return Number.NaN
  const port = event.u16(at.destinationTransportPort)
  if (port < 1024) return 0
  return port < 49_152 ? 0.5 : 1
}

/** From the flow's first packet to its last. */
export function durationMs(event: RecordView, at: EventOffsets): number {
  return Math.max(0, event.f64(at.flowEndMilliseconds) - event.f64(at.flowStartMilliseconds))
}

function writeVolume(row: RowWriter, event: RecordView, at: EventOffsets): void {
  const octets = event.f64(at.octetDeltaCount)
  const reverseOctets = event.f64(at.reverseOctetDeltaCount)
  row.putLog(octets)
  row.putLog(reverseOctets)
  row.putLog(event.f64(at.packetDeltaCount))
  row.putLog(event.f64(at.reversePacketDeltaCount))
  row.putBalance(octets, reverseOctets)
  row.putLog(durationMs(event, at))
}

function writeMoments(row: RowWriter, event: RecordView, at: EventOffsets): void {
  const packets = event.f64(at.packetDeltaCount)
  const reversePackets = event.f64(at.reversePacketDeltaCount)
  writeMean(row, event.f32(at.lengthMean), packets >= 1)
  writeMean(row, event.f32(at.lengthMean + REVERSE), reversePackets >= 1)
  row.putVariation(event.f32(at.lengthDeviation), packets >= 2 ? event.f32(at.lengthMean) : 0)
  row.putVariation(event.f32(at.lengthDeviation + REVERSE), reversePackets >= 2 ? event.f32(at.lengthMean + REVERSE) : 0)
  writeMean(row, event.f32(at.gapMeanMs), packets >= 2)
  writeMean(row, event.f32(at.gapMeanMs + REVERSE), reversePackets >= 2)
  // Two gaps, three packets: below that a deviation is no number.
  row.putVariation(event.f32(at.gapDeviationMs), packets >= 3 ? event.f32(at.gapMeanMs) : 0)
  row.putVariation(event.f32(at.gapDeviationMs + REVERSE), reversePackets >= 3 ? event.f32(at.gapMeanMs + REVERSE) : 0)
}

function writeMean(row: RowWriter, mean: number, isKnown: boolean): void {
  if (isKnown) row.putLog(mean)
  else row.absent()
}

function writePayload(row: RowWriter, event: RecordView, at: EventOffsets): void {
  if (event.u8(at.isTruncated) !== 0) {
    row.truncated()
    row.truncated()
    return
  }
  row.putShare(event.f64(at.payloadOctets), event.f64(at.octetDeltaCount))
  row.putShare(event.f64(at.reversePayloadOctets), event.f64(at.reverseOctetDeltaCount))
}

function writeFirstLengths(row: RowWriter, event: RecordView, at: EventOffsets): void {
  const count = event.u8(at.firstCount)
  for (let index = 0; index < FIRST_LENGTHS; index++) {
    const length = event.i16(at.firstLengths + index)
    if (index >= count) row.absent()
    else row.put(Math.sign(length) * Math.log1p(Math.abs(length)))
  }
  let turns = 0
  for (let index = 1; index < count; index++) {
    if (event.i16(at.firstLengths + index) < 0 !== event.i16(at.firstLengths + index - 1) < 0) turns++
  }
  row.putShare(turns, count - 1)
}

function writeTransport(row: RowWriter, event: RecordView, at: EventOffsets): void {
  const protocol = event.u8(at.protocolIdentifier)
  if (protocol !== TCP) writeNoTcp(row)
  else if (event.u8(at.isTruncated) !== 0) writeTruncatedTcp(row)
  else writeTcp(row, event, at)
  row.putFlag(event.u8(at.contactFailed) !== 0)
  row.putKnown(destinationPortClass(event, at))
  row.putFlag(protocol === TCP)
  row.putFlag(protocol === UDP)
}

function writeTcp(row: RowWriter, event: RecordView, at: EventOffsets): void {
  const packets = event.f64(at.packetDeltaCount)
  const resets = event.u16(at.rstCount + FORWARD) + event.u16(at.rstCount + REVERSE)
  row.putShare(event.u16(at.synCount), packets)
  row.putShare(resets, packets + event.f64(at.reversePacketDeltaCount))
  row.putShare(event.u16(at.pshCount), packets)
  row.putKnown(handshakeProgress(event, at))
}

function writeNoTcp(row: RowWriter): void {
  for (let column = 0; column < 4; column++) row.absent()
}

function writeTruncatedTcp(row: RowWriter): void {
  for (let column = 0; column < 4; column++) row.truncated()
}
