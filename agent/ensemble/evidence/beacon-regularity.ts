import type { EvidenceEvent } from './evidence-event.ts'
import { RECENT, WINDOW } from './evidence-event.ts'
import { clamp } from './evidence-test.ts'
import type { EvidenceTest } from './evidence-test.ts'
import { spreadOf } from './order-statistics.ts'
import type { Spread } from './order-statistics.ts'

const TCP = 6
const UDP = 17

/** Fewer gaps are no rhythm; the full ratio needs all that the pair remembers. */
const GAPS_MIN = 8

/** Faster is a conversation, slower than an hour is a schedule that 16 gaps do not show. */
const PERIOD_MS_MIN = 2_000
const PERIOD_MS_MAX = 3_600_000

/** Above this relative deviation (MAD / median) the rhythm is a person's. Jitter of +-30 % gives .15; half of it counts half. */
const GAP_DEVIATION_MAX = 0.3
const SIZE_DEVIATION_MAX = 0.2
const GAP_RATIO = 3
const SIZE_RATIO = 2

/**
 * Protocols that every host has or whose own standard prescribes a heartbeat: FTP control to NTP, name services, discovery, IKE, BGP
 * (RFC 4271), OpenVPN, L2TP (RFC 2661), GTP echo (TS 29.281), STUN and TURN (RFC 8489, 8656), SIP (RFC 5626), IAX2 (RFC 5456), IEC
 * 60870-5-104 (test frame every t3), WireGuard. Whoever beacons there is not found by rhythm.
 */
const PERIODIC_PORTS = new Set([
  53, 67, 68, 123, 137, 138, 161, 179, 500, 547, 1194, 1701, 1900, 2123, 2152, 2404, 3478, 3702, 4500, 4569, 5060, 5061, 5349,
  5353, 5355, 51_820,
])

/**
 * An exchange of datagrams this small, both ways, keeps a NAT binding alive. A binding may end after two minutes of silence (RFC 4787,
 * REQ-5), so everything that must stay reachable over UDP does it: ICE (RFC 8445, 11), SIP outbound (RFC 5626), RTP (RFC 6263), games.
 */
const KEEPALIVE_OCTETS_MAX = 256

/**
 * Ports where regularity is ordinary: web sockets, push channels and long polling; mail, logins and databases, which are polled, kept
 * alive and monitored (and tried by password guessers, whose rhythm is another test's).
 */
const ORDINARY_PORTS = new Set([
  80, 443, 1883, 5222, 5223, 5228, 8080, 8443, 8883, 25, 110, 143, 465, 587, 993, 995,
  22, 389, 445, 636, 1433, 1521, 3306, 3389, 5432, 6379,
])
const UNUSUAL_PORT_RATIO = 2

/** With all that is learned (ln 10) this stays below the block threshold of the default costs: -6.9 + 6.5 + 2.3 = 1.9 < 1.98. */
const REGULARITY_RATIO_MAX = 6.5

/**
 * Burst regularity, as RITA scores beacons (github.com/activecm/rita: dispersion of intervals and of sizes by median absolute
 * deviation, connection count), on bursts and not on connections, so that a channel kept open shows as well.
 *
 * Software that keeps in touch is regular too, and far more common than malware, so regularity never blocks and alerts only where a model
 * or the host's habit finds the traffic unusual too. What separates the two is who else talks to that destination and what software
 * speaks: rarity and identity, which this test does not see. The day's distinct clients are in `detail`, for people.
 *
 * A heartbeat inside one flow that stays open is what keep-alives of any protocol look like, so its port is no evidence there; a new
 * connection to an unusual port for every beat is a program that checks in.
 */
export const beaconRegularity: EvidenceTest = {
  name: 'beacon.regularity',
  category: 'c2',
  scope: 'pair',
  about: 'source',
  isVictim: false,
  slots: 0,
  measure,
  support: (event) => event.pairBurstsTotal,
  explain: (event) => {
    const gaps = spreadOf(recentGaps(event))
    const sizes = spreadOf(recentSizes(event))
    return `${event.pairBurstsTotal} bursts every ${(gaps.median / 1000).toFixed(1)} s (deviation ${percent(gaps)}) of `
      + `${sizes.median.toFixed(0)} octets (deviation ${percent(sizes)}) to port ${event.destinationPort}; `
      + `${event.destinationPeers(WINDOW.d1).toFixed(0)} client(s) of it in a day`
  },
}

const gapScratch = new Float64Array(RECENT)
const sizeScratch = new Float64Array(RECENT)

function measure(event: EvidenceEvent): number {
  const count = burstCount(event)
  if (count < GAPS_MIN || isPeriodicByNature(event)) return 0
  const gaps = spreadOf(recentGaps(event))
  if (gaps.median < PERIOD_MS_MIN || gaps.median > PERIOD_MS_MAX || gaps.relativeDeviation >= GAP_DEVIATION_MAX) return 0
  const sizes = spreadOf(recentSizes(event))
  if (event.protocol === UDP && sizes.median <= KEEPALIVE_OCTETS_MAX) return 0
  const regularity = GAP_RATIO * (1 - gaps.relativeDeviation / GAP_DEVIATION_MAX)
    + SIZE_RATIO * clamp(1 - sizes.relativeDeviation / SIZE_DEVIATION_MAX, -1, 1)
  return clamp((regularity + portRatio(event)) * (count / RECENT), 0, REGULARITY_RATIO_MAX)
}

function portRatio(event: EvidenceEvent): number {
  const isCheckingIn = 2 * event.pairFlowsTotal >= event.pairBurstsTotal
  return isCheckingIn && !ORDINARY_PORTS.has(event.destinationPort) ? UNUSUAL_PORT_RATIO : 0
}

/** Named services, multicast and broadcast, ICMP (monitoring), and exchanges without an answer. */
function isPeriodicByNature(event: EvidenceEvent): boolean {
  if (event.protocol !== TCP && event.protocol !== UDP) return true
  return PERIODIC_PORTS.has(event.destinationPort) || event.reversePackets === 0 || event.isToMany
}

/** Only bursts that the next one has ended are listed. */
function burstCount(event: EvidenceEvent): number {
  return Math.min(RECENT, event.pairBurstsTotal - 1)
}

function recentGaps(event: EvidenceEvent): Float64Array {
  const count = burstCount(event)
  for (let index = 0; index < count; index++) gapScratch[index] = event.burstGapMs(index)
  return gapScratch.subarray(0, count)
}

function recentSizes(event: EvidenceEvent): Float64Array {
  const count = burstCount(event)
  for (let index = 0; index < count; index++) sizeScratch[index] = event.burstOctets(index)
  return sizeScratch.subarray(0, count)
}

function percent(spread: Spread): string {
  return `${(100 * spread.relativeDeviation).toFixed(0)} %`
}
