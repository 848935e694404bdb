import type { EvidenceEvent } from './evidence-event.ts'
import { WINDOW } from './evidence-event.ts'
import { clamp, RATIO_MAX } from './evidence-test.ts'
import type { EvidenceTest } from './evidence-test.ts'

const DNS_PORT = 53
const UDP = 17

/** A conversation of one socket with this many queries is a channel; stub resolvers take a new port each time (RFC 5452). */
const QUERIES_MIN = 16

/** Ordinary names make queries of 55 to 80 octets with IP and UDP headers; a tunnel packs data into the name, up to 255 octets. */
const QUERY_OCTETS_ORDINARY = 85
/** Ordinary answers are below 250 octets on average; a tunnel's downstream fills what EDNS lets through. */
const ANSWER_OCTETS_ORDINARY = 300
const NATS_PER_QUERY_OCTET = 0.1
const NATS_PER_ANSWER_OCTET = 0.01
const NATS_OF_ONE_SOCKET = 2

/** Octets a minute, both ways, of a busy forwarder's single client; beyond it each doubling counts. */
const OCTETS_PER_MINUTE_ORDINARY = 12_000
const VOLUME_RATIO_MAX = 5
const SHAPE_RATIO_MAX = 6

/**
 * DNS tunnel by volume and length, without reading names: Born, Gustafson, "Detecting DNS tunnels using character frequency analysis",
 * 2010, and Ellens et al., "Flow-based detection of DNS tunnels", AIMS 2013 (bytes per flow and packets per flow suffice for most).
 *
 * What separates benign twins: resolvers that forward for many clients are busy but their queries are short; zone transfers and
 * DNSSEC answers are long but few. Both shape and volume must be unusual; neither alone reaches the prior.
 */
export const dnsTunnelVolume: EvidenceTest = {
  name: 'dns-tunnel.volume',
  category: 'dns-tunnel',
  scope: 'pair',
  about: 'source',
  isVictim: false,
  slots: 0,
  measure,
  support: (event) => event.lastPacketSeconds,
  explain: (event) =>
    `${minuteOctets(event).toFixed(0)} octets a minute with one DNS server; this socket sent ${event.packets} queries of `
    + `${event.lengthMean.toFixed(0)} octets on average and received answers of ${event.reverseLengthMean.toFixed(0)}`,
}

function measure(event: EvidenceEvent): number {
  if (event.destinationPort !== DNS_PORT || event.protocol !== UDP || event.reversePackets === 0) return 0
  const isOneSocket = event.packets >= QUERIES_MIN
  if (!isOneSocket && event.pairFlows(WINDOW.s60) < QUERIES_MIN) return 0
  const shape = (event.lengthMean - QUERY_OCTETS_ORDINARY) * NATS_PER_QUERY_OCTET
    + (event.reverseLengthMean - ANSWER_OCTETS_ORDINARY) * NATS_PER_ANSWER_OCTET
    + (isOneSocket ? NATS_OF_ONE_SOCKET : 0)
  const volume = Math.log2(Math.max(1, minuteOctets(event)) / OCTETS_PER_MINUTE_ORDINARY)
  if (shape <= 0 || volume <= 0) return 0
  return clamp(Math.min(shape, SHAPE_RATIO_MAX) + Math.min(volume * 2, VOLUME_RATIO_MAX), 0, RATIO_MAX)
}

function minuteOctets(event: EvidenceEvent): number {
  return event.pairOctetsSent(WINDOW.s60) + event.pairOctetsReceived(WINDOW.s60)
}
