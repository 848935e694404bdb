import type { EventBatch, EventLayout } from '../../capture/index.ts'
import { elementOffsets, RecordView } from '../../kit/index.ts'
import type { AddressKey } from '../../kit/index.ts'

/** Index of a decayed window (kWindowSeconds of event_record.h): 1 s, 10 s, 1 min, 1 h, 1 day. */
export type Window = 0 | 1 | 2 | 3 | 4

/** The windows by name. */
export const WINDOW = { s1: 0, s10: 1, s60: 2, h1: 3, d1: 4 } as const

/** Entries that a pair remembers of its bursts and ended flows (kRecent of event_record.h). */
export const RECENT = 16

/** TcpState of event_record.h: a SYN and no answer; the handshake is complete and nobody has closed. */
const SYN_SENT = 1
const ESTABLISHED = 3

/** Names for the fields of one event that evidence tests read; moved from event to event, allocates nothing. */
export class EvidenceEvent {
  readonly #view: RecordView
  readonly #at: ReturnType<typeof resolveOffsets>

  constructor(layout: EventLayout) {
    this.#view = new RecordView(layout)
    this.#at = resolveOffsets(layout)
  }

  select(batch: EventBatch, index: number): void {
    this.#view.select(batch, index)
  }

  get observedAtMs(): number { return this.#view.f64(this.#at.observedAtMs) }
  /** Time of the flow's last packet, seconds since the epoch. A flow that ends by silence does not move it. */
  get lastPacketSeconds(): number { return this.#view.f64(this.#at.flowEndMilliseconds) / 1000 }
  get durationMs(): number { return this.#view.f64(this.#at.flowEndMilliseconds) - this.#view.f64(this.#at.flowStartMilliseconds) }
  get packets(): number { return this.#view.f64(this.#at.packetDeltaCount) }
  get reversePackets(): number { return this.#view.f64(this.#at.reversePacketDeltaCount) }
  get octets(): number { return this.#view.f64(this.#at.octetDeltaCount) }
  get reverseOctets(): number { return this.#view.f64(this.#at.reverseOctetDeltaCount) }
  get payloadOctets(): number { return this.#view.f64(this.#at.payloadOctets) }
  get reversePayloadOctets(): number { return this.#view.f64(this.#at.reversePayloadOctets) }
  get lengthMean(): number { return this.#view.f32(this.#at.lengthMean) }
  get reverseLengthMean(): number { return this.#view.f32(this.#at.lengthMean + 1) }
  get lengthDeviation(): number { return this.#view.f32(this.#at.lengthDeviation) }
  get reverseLengthDeviation(): number { return this.#view.f32(this.#at.lengthDeviation + 1) }

  get protocol(): number { return this.#view.u8(this.#at.protocolIdentifier) }
  get ipVersion(): number { return this.#view.u8(this.#at.ipVersion) }
  get icmpType(): number { return this.#view.u8(this.#at.icmpType) }
  get isEstablished(): boolean { return this.#view.u8(this.#at.tcpState) === ESTABLISHED }
  /** A SYN, or several, and nothing else. */
  get isSynSent(): boolean { return this.#view.u8(this.#at.tcpState) === SYN_SENT }
  get hasEnded(): boolean { return this.#view.u8(this.#at.flowEndReason) !== 0 }
  get isTruncated(): boolean { return this.#view.u8(this.#at.isTruncated) !== 0 }
  get isReturnPathProven(): boolean { return this.#view.u8(this.#at.returnPathProven) !== 0 }
  get isFirstContact(): boolean { return this.#view.u8(this.#at.isFirstContact) !== 0 }
  get hasContactFailed(): boolean { return this.#view.u8(this.#at.contactFailed) !== 0 }
  get sourcePort(): number { return this.#view.u16(this.#at.sourceTransportPort) }
  get destinationPort(): number { return this.#view.u16(this.#at.destinationTransportPort) }
  get interfaceIndex(): number { return this.#view.u8(this.#at.interfaceIndex) }
  get segment(): number { return this.#view.u32(this.#at.segment) }
  get sourceKey(): AddressKey { return this.#view.addressKey(this.#at.sourceAddress, this.ipVersion) }
  get destinationKey(): AddressKey { return this.#view.addressKey(this.#at.destinationAddress, this.ipVersion) }

  get sourceTrialsFailed(): number { return this.#view.u32(this.#at.sourceTrialsFailed) }
  get sourceTrialsAnswered(): number { return this.#view.u32(this.#at.sourceTrialsAnswered) }
  get sourceTrialsPending(): number { return this.#view.u32(this.#at.sourceTrialsPending) }
  get destinationSynsTotal(): number { return this.#view.u32(this.#at.destinationSynsTotal) }
  get destinationHandshakesTotal(): number { return this.#view.u32(this.#at.destinationHandshakesTotal) }
  get destinationUnsolicitedTotal(): number { return this.#view.u32(this.#at.destinationUnsolicitedTotal) }
  get pairFlowsTotal(): number { return this.#view.u32(this.#at.pairFlowsTotal) }
  get pairFlowsEndedTotal(): number { return this.#view.u32(this.#at.pairFlowsEndedTotal) }
  get pairBurstsTotal(): number { return this.#view.u32(this.#at.pairBurstsTotal) }

  sourceAddress(): Uint8Array { return this.#view.bytes(this.#at.sourceAddress, 16) }
  destinationAddress(): Uint8Array { return this.#view.bytes(this.#at.destinationAddress, 16) }
  sourceOctet(index: number): number { return this.#view.u8(this.#at.sourceAddress + index) }
  /** Multicast, limited broadcast and, in the usual prefixes, directed broadcast. */
  get isToMany(): boolean {
    const first = this.destinationOctet(0)
    return this.ipVersion === 6 ? first === 0xff : first >= 224 || this.destinationOctet(3) === 255
  }

  destinationOctet(index: number): number { return this.#view.u8(this.#at.destinationAddress + index) }

  sourceFlows(window: Window): number { return this.#view.f32(this.#at.sourceFlows + window) }
  sourcePeers(window: Window): number { return this.#view.f32(this.#at.sourceDistinctPeers + window) }
  sourceContactsFailed(window: Window): number { return this.#view.f32(this.#at.sourceContactsFailed + window) }
  sourceContactsAnswered(window: Window): number { return this.#view.f32(this.#at.sourceContactsAnswered + window) }
  sourceOctetsSent(window: Window): number { return this.#view.f32(this.#at.sourceOctetsSent + window) }
  sourceUnsolicited(window: Window): number { return this.#view.f32(this.#at.sourceUnsolicitedAnswers + window) }
  destinationFlows(window: Window): number { return this.#view.f32(this.#at.destinationFlows + window) }
  destinationOctetsReceived(window: Window): number { return this.#view.f32(this.#at.destinationOctetsReceived + window) }
  destinationOctetsSent(window: Window): number { return this.#view.f32(this.#at.destinationOctetsSent + window) }
  destinationSyns(window: Window): number { return this.#view.f32(this.#at.destinationSyns + window) }
  destinationHandshakes(window: Window): number { return this.#view.f32(this.#at.destinationHandshakes + window) }
  destinationPeers(window: Window): number { return this.#view.f32(this.#at.destinationDistinctPeers + window) }
  destinationPorts(window: Window): number { return this.#view.f32(this.#at.destinationDistinctPorts + window) }
  destinationResetsSent(window: Window): number { return this.#view.f32(this.#at.destinationResetsSent + window) }
  destinationUnsolicited(window: Window): number { return this.#view.f32(this.#at.destinationUnsolicitedAnswers + window) }
  pairFlows(window: Window): number { return this.#view.f32(this.#at.pairFlows + window) }
  pairContactsFailed(window: Window): number { return this.#view.f32(this.#at.pairContactsFailed + window) }
  pairOctetsSent(window: Window): number { return this.#view.f32(this.#at.pairOctetsSent + window) }
  pairOctetsReceived(window: Window): number { return this.#view.f32(this.#at.pairOctetsReceived + window) }
  burstGapMs(index: number): number { return this.#view.f32(this.#at.pairBurstGapsMs + index) }
  burstOctets(index: number): number { return this.#view.f32(this.#at.pairBurstOctets + index) }
  endedFlowPackets(index: number): number { return this.#view.f32(this.#at.pairFlowPackets + index) }
  endedFlowOctets(index: number): number { return this.#view.f32(this.#at.pairFlowOctets + index) }
  endedFlowDurationMs(index: number): number { return this.#view.f32(this.#at.pairFlowDurationsMs + index) }
}

function resolveOffsets(layout: EventLayout) {
  return {
    ...elementOffsets(layout, 'f64', [
      'observedAtMs', 'flowStartMilliseconds', 'flowEndMilliseconds', 'packetDeltaCount', 'reversePacketDeltaCount',
      'octetDeltaCount', 'reverseOctetDeltaCount', 'payloadOctets', 'reversePayloadOctets',
    ]),
    ...elementOffsets(layout, 'f32', [
      'lengthMean', 'lengthDeviation', 'sourceFlows', 'sourceDistinctPeers', 'sourceContactsFailed', 'sourceContactsAnswered',
      'sourceOctetsSent', 'sourceUnsolicitedAnswers', 'destinationSyns', 'destinationHandshakes', 'destinationDistinctPeers',
      'destinationFlows', 'destinationOctetsReceived', 'destinationOctetsSent',
      'destinationDistinctPorts', 'destinationResetsSent', 'destinationUnsolicitedAnswers', 'pairFlows', 'pairContactsFailed',
      'pairOctetsSent', 'pairOctetsReceived', 'pairBurstGapsMs', 'pairBurstOctets', 'pairFlowPackets', 'pairFlowOctets',
      'pairFlowDurationsMs',
    ]),
    ...elementOffsets(layout, 'u32', [
      'sourceTrialsFailed', 'sourceTrialsAnswered', 'sourceTrialsPending', 'destinationSynsTotal', 'destinationHandshakesTotal',
      'destinationUnsolicitedTotal', 'pairFlowsTotal', 'pairFlowsEndedTotal', 'pairBurstsTotal', 'segment',
    ]),
    ...elementOffsets(layout, 'u16', ['sourceTransportPort', 'destinationTransportPort']),
    ...elementOffsets(layout, 'u8', [
      'sourceAddress', 'destinationAddress', 'protocolIdentifier', 'ipVersion', 'icmpType', 'tcpState', 'flowEndReason', 'isTruncated',
      'returnPathProven', 'isFirstContact', 'contactFailed', 'interfaceIndex',
    ]),
  }
}
