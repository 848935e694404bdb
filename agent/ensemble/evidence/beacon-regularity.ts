import type { EvidenceEvent } from './evidence-event.ts'
import { RECENT, WINDOW } from './evidence-event.ts'
import { clamp } from './evidence-test.ts'
import type { EvidenceTest } from './evidence-test.ts'
import { spreadOf } from './order-statistics.ts'
import type { Spread } from './order-statistics.ts'

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

/** Regular services that every host has: FTP control to NTP, name services, discovery, IKE keep-alive, STUN, WireGuard. */
const PERIODIC_PORTS = new Set([53, 67, 68, 123, 137, 138, 161, 500, 547, 1900, 3478, 3702, 4500, 5353, 5355, 51_820])

/** Ports where web sockets, push channels and long polling beat: regularity alone is ordinary there. */
const WEB_PORTS = new Set([80, 443, 993, 5222, 5223, 5228, 8080, 8443, 8883])
const UNUSUAL_PORT_RATIO = 2

/** A destination that only this client knows. */
const RARE_CLIENTS_MAX = 1.5
const RARE_RATIO = 2

/**
 * Burst regularity, as RITA scores beacons (github.com/activecm/rita: dispersion of intervals and of sizes by median absolute
 * deviation, connection count), on bursts and not on connections, so that a channel kept open shows as well.
 *
 * Software that keeps in touch is regular too, and far more common: regularity and size reach 5 nats, which the prior outweighs.
 * Only an unusual port and a destination that no other client of this gateway visits, both unusual for software that many use, bring
 * it to 9. Where few clients are behind the gateway, rarity says little: the day's distinct clients of the destination are in `detail`.
 */
export const beaconRegularity: EvidenceTest = {
  name: 'beacon.regularity',
  category: 'c2',
  scope: 'pair',
  about: 'source',
  isVictim: false,
  slots: 0,
  measure,
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
  const regularity = GAP_RATIO * (1 - gaps.relativeDeviation / GAP_DEVIATION_MAX)
    + SIZE_RATIO * clamp(1 - sizes.relativeDeviation / SIZE_DEVIATION_MAX, -1, 1)
  return Math.max(0, (regularity + unusualness(event)) * (count / RECENT))
}

function unusualness(event: EvidenceEvent): number {
  const port = event.destinationPort
  return (WEB_PORTS.has(port) ? 0 : UNUSUAL_PORT_RATIO) + (event.destinationPeers(WINDOW.d1) <= RARE_CLIENTS_MAX ? RARE_RATIO : 0)
}

/** Named services, multicast and broadcast, ICMP (monitoring), and exchanges without an answer. */
function isPeriodicByNature(event: EvidenceEvent): boolean {
  if (event.protocol !== 6 && event.protocol !== 17) return true
  if (PERIODIC_PORTS.has(event.destinationPort) || event.reversePackets === 0) return true
  const first = event.destinationOctet(0)
  return event.ipVersion === 6 ? first === 0xff : first >= 224 || event.destinationOctet(3) === 255
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
