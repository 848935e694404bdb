import type { EvidenceEvent } from './evidence-event.ts'
import { clamp, RATIO_MAX } from './evidence-test.ts'
import type { EvidenceTest } from './evidence-test.ts'

const ICMP = 1
const ICMP6 = 58
const ECHO_REQUEST = 8
const ECHO_REPLY = 0
const ECHO_REQUEST6 = 128
const ECHO_REPLY6 = 129

/** Below this many packets a difference may be one lost reply. */
const PACKETS_MIN = 8

/** Octets by which the mean lengths of requests and replies must differ: none may, by the standard. */
const MISMATCH_OCTETS = 4
/** A ping has one size for the whole run; path-MTU searches change theirs a few times. */
const VARIATION_MIN = 0.1

const NATS_PER_MISMATCHED_PACKET = 0.5
const NATS_PER_VARIED_PACKET = 0.1
const VARIED_RATIO_MAX = 5

/**
 * Data in echo messages. RFC 792 and RFC 4443, section 4.2: "data received in the echo message must be returned" whole, so requests and
 * replies of an honest ping have the same lengths, and ping programs keep to one length. A tunnel's two directions carry different
 * data. Lost replies change counts, not mean lengths.
 */
export const icmpTunnelEcho: EvidenceTest = {
  name: 'icmp-tunnel.echo',
  category: 'icmp-tunnel',
  scope: 'pair',
  about: 'source',
  isVictim: false,
  slots: 0,
  measure,
  support: (event) => event.lastPacketSeconds,
  explain: (event) =>
    `${event.packets} echo messages of ${event.lengthMean.toFixed(0)} octets on average (deviation ${event.lengthDeviation.toFixed(0)}), `
    + `${event.reversePackets} back of ${event.reverseLengthMean.toFixed(0)}; honest replies repeat the request`,
}

function measure(event: EvidenceEvent): number {
  if (!isEcho(event) || event.packets + event.reversePackets < PACKETS_MIN) return 0
  const exchanged = Math.min(event.packets, event.reversePackets)
  const isMismatched = exchanged > 1 && Math.abs(event.lengthMean - event.reverseLengthMean) >= MISMATCH_OCTETS
  const varied = variation(event) >= VARIATION_MIN
    ? Math.min(VARIED_RATIO_MAX, NATS_PER_VARIED_PACKET * (event.packets + event.reversePackets))
    : 0
  return clamp((isMismatched ? NATS_PER_MISMATCHED_PACKET * exchanged : 0) + varied, 0, RATIO_MAX)
}

function isEcho(event: EvidenceEvent): boolean {
  const type = event.icmpType
  return event.protocol === ICMP
    ? type === ECHO_REQUEST || type === ECHO_REPLY
    : event.protocol === ICMP6 && (type === ECHO_REQUEST6 || type === ECHO_REPLY6)
}

function variation(event: EvidenceEvent): number {
  const forward = event.lengthMean > 0 ? event.lengthDeviation / event.lengthMean : 0
  const reverse = event.reverseLengthMean > 0 ? event.reverseLengthDeviation / event.reverseLengthMean : 0
  return Math.max(forward, reverse)
}
