import type { EventLayout, PURPOSE } from '../capture/index.ts'
import { elementOffsets } from '../kit/index.ts'

/** `Purpose` of the event record: admitted to scoring. The type is capture's own literal, so the two cannot part. */
export const SCORE_PURPOSE: typeof PURPOSE.score = 1

/** Indexes of the decayed windows of a counter, and their time constants in seconds (kWindowSeconds of event_record.h). */
export const WINDOW = { s10: 1, s60: 2, h1: 3 } as const

/** Where the fields that features read stand in an event record, by element type. */
export type EventOffsets = ReturnType<typeof resolveEventOffsets>

/** Computed once from the layout that the addon exports. */
export function resolveEventOffsets(layout: EventLayout) {
  return {
    ...elementOffsets(layout, 'f64', [
      'observedAtMs', 'flowStartMilliseconds', 'flowEndMilliseconds', 'packetDeltaCount', 'reversePacketDeltaCount',
      'octetDeltaCount', 'reverseOctetDeltaCount', 'payloadOctets', 'reversePayloadOctets',
    ]),
    ...elementOffsets(layout, 'f32', [
      'lengthMean', 'lengthDeviation', 'gapMeanMs', 'gapDeviationMs',
      'sourceFlows', 'sourceContactsFailed', 'sourceContactsAnswered', 'sourceDistinctPeers', 'sourceDistinctPorts',
      'sourceOctetsSent', 'sourceOctetsReceived', 'sourceUnansweredSyns', 'sourceResetsReceived', 'sourceIcmpSent',
      'destinationFlows', 'destinationSyns', 'destinationUnansweredSyns', 'destinationHandshakes',
      'destinationDistinctPeers', 'destinationDistinctPorts', 'destinationOctetsReceived', 'destinationOctetsSent',
      'destinationUnsolicitedAnswers',
      'pairFlows', 'pairContactsFailed', 'pairDistinctPorts', 'pairOctetsSent', 'pairOctetsReceived',
      'pairBurstGapsMs', 'pairBurstOctets', 'pairFlowPackets', 'pairFlowOctets',
    ]),
    ...elementOffsets(layout, 'u32', ['pairBurstsTotal', 'pairFlowsEndedTotal', 'segment']),
    ...elementOffsets(layout, 'i16', ['firstLengths']),
    ...elementOffsets(layout, 'u16', ['destinationTransportPort', 'synCount', 'rstCount', 'pshCount']),
    ...elementOffsets(layout, 'u8', [
      'sourceAddress', 'ipVersion', 'purpose', 'protocolIdentifier', 'tcpState', 'flowEndReason', 'firstCount', 'isTruncated',
      'isFirstContact', 'contactFailed',
    ]),
  }
}
