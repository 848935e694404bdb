import type { EvidenceEvent } from './evidence-event.ts'
import { WINDOW } from './evidence-event.ts'
import { clamp, RATIO_MAX } from './evidence-test.ts'
import type { EvidenceTest } from './evidence-test.ts'

/** A request that is not complete after this long, and this small, is held back on purpose: browsers send theirs at once. */
const DURATION_MS_MIN = 5_000
const PAYLOAD_OCTETS_MAX = 4_000

/** Browsers open at most six connections a host (HTTP/1.1), proxies some dozens; they are answered. */
const OPEN_MIN = 20
const OPEN_FULL = 100

/**
 * Slow exhaustion of a server (Slowloris, R-U-Dead-Yet): one source holds many connections on which it sends next to nothing and the
 * server, still waiting for the request, nothing at all. Cambiaso, Papaleo, Chiola, Aiello, "Slow DoS attacks: definition and
 * categorisation", IJTMCC 2013. Connections are complete, so the source is known and named.
 *
 * What separates benign twins: idle connections kept for push messages, web sockets, MQTT or databases were all answered before.
 */
export const floodMuteConnections: EvidenceTest = {
  name: 'flood.mute-connections',
  category: 'flood',
  scope: 'pair',
  about: 'source',
  isVictim: false,
  slots: 0,
  measure,
  support: (event) => event.lastPacketSeconds,
  explain: (event) =>
    `${openConnections(event).toFixed(0)} connections held open to one server; this one sent ${event.payloadOctets} octets of payload in `
    + `${(event.durationMs / 1000).toFixed(1)} s and was never answered`,
}

function measure(event: EvidenceEvent): number {
  const isMute = event.isEstablished && event.reversePayloadOctets === 0 && event.payloadOctets > 0
    && event.payloadOctets <= PAYLOAD_OCTETS_MAX && event.durationMs >= DURATION_MS_MIN
  if (!isMute) return 0
  return clamp((RATIO_MAX * (openConnections(event) - OPEN_MIN)) / (OPEN_FULL - OPEN_MIN), 0, RATIO_MAX)
}

/** Flows of the pair that have not ended; those of long ago have faded, so that scans without payload do not add up. */
function openConnections(event: EvidenceEvent): number {
  return Math.min(event.pairFlowsTotal - event.pairFlowsEndedTotal, event.pairFlows(WINDOW.h1))
}
