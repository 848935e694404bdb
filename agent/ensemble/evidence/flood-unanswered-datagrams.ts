import type { EvidenceEvent } from './evidence-event.ts'
import { WINDOW } from './evidence-event.ts'
import { clamp, RATIO_MAX } from './evidence-test.ts'
import type { EvidenceTest } from './evidence-test.ts'

/** New flows within the last 10 s, from so many sources, at which the ratio starts and is full. */
const FLOWS_MIN = 300
const FLOWS_FULL = 1_000
const SOURCES_MIN = 100

/** A host that answers serves; what it sends back is then a good part of what it gets. */
const SENT_SHARE_MAX = 0.05
const UDP = 17

/**
 * Datagrams by the hundred from ever new sources to a host that answers none of them: a distributed or spoofed flood, or reflectors on
 * ports that no list of amplifiers has. Mirkovic, Prier, Reiher, "Attacking DDoS at the source" (D-WARD), ICNP 2002: legitimate
 * exchanges are two-way, and the ratio of what is sent to what comes back tells.
 *
 * What separates benign twins: collectors of logs and flow records are one-way too, but their senders keep their ports, so there are no
 * new flows; DNS, QUIC, game and DHT hosts answer.
 */
export const floodUnansweredDatagrams: EvidenceTest = {
  name: 'flood.unanswered-datagrams',
  category: 'flood',
  scope: 'host',
  about: 'destination',
  isVictim: true,
  slots: 0,
  measure,
  support: (event) => event.lastPacketSeconds,
  explain: (event) =>
    `${event.destinationFlows(WINDOW.s10).toFixed(0)} new flows from ${event.destinationPeers(WINDOW.s10).toFixed(0)} sources `
    + `in the last 10 s, ${(event.destinationOctetsReceived(WINDOW.s10) / 1e3).toFixed(0)} kB in `
    + `and ${(event.destinationOctetsSent(WINDOW.s10) / 1e3).toFixed(0)} kB out`,
}

function measure(event: EvidenceEvent): number {
  if (event.protocol !== UDP || event.reversePackets > 0) return 0
  const flows = event.destinationFlows(WINDOW.s10)
  if (flows < FLOWS_MIN || event.destinationPeers(WINDOW.s10) < SOURCES_MIN) return 0
  if (event.destinationOctetsSent(WINDOW.s10) > SENT_SHARE_MAX * event.destinationOctetsReceived(WINDOW.s10)) return 0
  // Packets that the reflection test counts are not independent of these: they must not count twice.
  if (event.destinationUnsolicited(WINDOW.s10) > flows / 2) return 0
  return clamp((RATIO_MAX * (flows - FLOWS_MIN)) / (FLOWS_FULL - FLOWS_MIN), 0, RATIO_MAX)
}
