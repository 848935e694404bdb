import type { EvidenceEvent } from './evidence-event.ts'
import { WINDOW } from './evidence-event.ts'
import { clamp, RATIO_MAX } from './evidence-test.ts'
import type { EvidenceTest, TestMemory } from './evidence-test.ts'

/** Half-open connections a second that a busy, healthy server leaves behind: scanners, crashed clients, lost packets. */
const ALLOWED_PER_SECOND = 10

/** Excess of SYNs at which the sum is worth the full ratio: at 10 000 SYNs a second it is there after 25 ms. */
const EXCESS_FULL = 250

const SYNS_PER_SCANNED_PORT = 3

/** Half-open connections since the last report, ten seconds before or more, beyond what a healthy server has then: it goes on. */
const SYNS_AGAIN = 2 * 10 * ALLOWED_PER_SECOND

const SYNS = 0
const HANDSHAKES = 1
const EXCESS = 2
const UPDATED_MS = 3

/**
 * Cumulative sum of SYNs without a handshake, less what the server's own rate excuses: Wang, Zhang, Shin, "Detecting SYN flooding
 * attacks", INFOCOM 2002 (non-parametric CUSUM of SYN - FIN pairs, normalised by the level of completed connections).
 * Handshakes stand in for FINs, so the sum reacts within a round trip and not within a connection.
 */
export const floodSynCusum: EvidenceTest = {
  name: 'flood.syn-cusum',
  category: 'flood',
  scope: 'host',
  about: 'destination',
  isVictim: true,
  slots: 4,
  measure,
  support: (event) => (event.destinationSynsTotal - event.destinationHandshakesTotal) / SYNS_AGAIN,
  explain: (event) =>
    `${event.destinationSyns(WINDOW.s10).toFixed(0)} SYNs and ${event.destinationHandshakes(WINDOW.s10).toFixed(0)} completed handshakes `
    + `in the last 10 s, from ${event.destinationPeers(WINDOW.s10).toFixed(0)} sources`,
}

function measure(event: EvidenceEvent, { slots, start }: TestMemory): number {
  const syns = event.destinationSynsTotal
  const handshakes = event.destinationHandshakesTotal
  const nowMs = event.observedAtMs
  if (slots[start + UPDATED_MS] === 0) {
    slots[start + SYNS] = Math.max(0, syns - Math.round(event.destinationSyns(WINDOW.s10)))
    slots[start + HANDSHAKES] = Math.max(0, handshakes - Math.round(event.destinationHandshakes(WINDOW.s10)))
    slots[start + UPDATED_MS] = nowMs
  }
  const isNewRecord = syns < slots[start + SYNS]! || handshakes < slots[start + HANDSHAKES]!
  const newSyns = isNewRecord ? syns : syns - slots[start + SYNS]!
  const newHandshakes = isNewRecord ? handshakes : handshakes - slots[start + HANDSHAKES]!
  const elapsedSeconds = Math.max(0, nowMs - slots[start + UPDATED_MS]!) / 1000
  // A decayed count over 10 s is ten times the rate.
  const completedPerSecond = event.destinationHandshakes(WINDOW.s10) / 10
  const allowed = Math.max(ALLOWED_PER_SECOND, completedPerSecond / 2) * elapsedSeconds
  const excess = Math.max(0, slots[start + EXCESS]! + (newSyns - newHandshakes) * floodShare(event) - allowed)
  // What a full-sized flood left behind is worked off within seconds of its end.
  slots[start + EXCESS] = Math.min(excess, 2 * full(completedPerSecond))
  slots[start + SYNS] = syns
  slots[start + HANDSHAKES] = handshakes
  slots[start + UPDATED_MS] = nowMs
  return clamp(RATIO_MAX * (excess / full(completedPerSecond)), 0, RATIO_MAX)
}

/** A crowd that arrives at once has as many handshakes under way as it completes in a round trip: allow a second of them. */
function full(completedPerSecond: number): number {
  return EXCESS_FULL + completedPerSecond
}

/**
 * SYNs that were refused, or spread over ports, are a scan of this host and no flood. Scanners ask a silent port up to three times
 * (nmap: twice), so a third of the SYNs going to ports of their own means a scan.
 */
function floodShare(event: EvidenceEvent): number {
  const syns = Math.max(1, event.destinationSyns(WINDOW.s10))
  const scanned = Math.max(event.destinationPorts(WINDOW.s10), event.destinationResetsSent(WINDOW.s10))
  return clamp(1 - SYNS_PER_SCANNED_PORT * (scanned / syns), 0, 1)
}
