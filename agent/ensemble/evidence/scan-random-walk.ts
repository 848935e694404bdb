import type { EvidenceEvent } from './evidence-event.ts'
import { WINDOW } from './evidence-event.ts'
import { clamp, RATIO_MAX } from './evidence-test.ts'
import type { EvidenceTest, TestMemory } from './evidence-test.ts'

/** P(first contact succeeds | benign) = .8 and P(... | scanner) = .2: Jung et al., section 4. Both steps of the walk are then ln 4. */
const STEP = Math.log(4)

/**
 * Reflected here: however many successes a host had, four failures more than successes bring it back to even.
 * ln(beta / (1 - alpha)) with beta = 1 % missed scanners.
 */
const WALK_MIN = Math.log(0.01)

/**
 * Trials fade with this time constant. Jung's walk has no clock: there a host that fails one contact a quarter of an hour is decided in
 * the end, like one that fails ten in a second. Laptops off their VPN, P2P clients with old peer lists and dead printers fail slowly and
 * all day. With five minutes it takes more than one net failure in about 50 s, kept up, to be blocked; slower scans are not seen.
 */
const FADE_MS = 300_000

/** So many failures since the last report: it goes on. A walk from even crosses Jung's threshold ln(.99 / .01) with four. */
const FAILURES_AGAIN = 4

const FAILED = 0
const ANSWERED = 1
const WALK = 2
const UPDATED_MS = 3

/**
 * Threshold random walk over first contacts, horizontal and vertical alike because a contact is (destination, port):
 * Jung, Paxson, Berger, Balakrishnan, "Fast portscan detection using sequential hypothesis testing", IEEE S&P 2004.
 * Retransmissions and repeated attempts on one contact are one trial (the meter sees to that).
 */
export const scanRandomWalk: EvidenceTest = {
  name: 'scan.random-walk',
  category: 'scan',
  scope: 'host',
  about: 'source',
  isVictim: false,
  slots: 4,
  measure,
  support: (event) => event.sourceTrialsFailed / FAILURES_AGAIN,
  explain: (event) =>
    `${event.sourceTrialsFailed} of ${event.sourceTrialsFailed + event.sourceTrialsAnswered} first contacts failed; `
    + `in the last minute ${event.sourceContactsFailed(WINDOW.s60).toFixed(0)} failed and `
    + `${event.sourceContactsAnswered(WINDOW.s60).toFixed(0)} were answered, to ${event.sourcePeers(WINDOW.s60).toFixed(0)} hosts`,
}

function measure(event: EvidenceEvent, { slots, start }: TestMemory): number {
  const failed = event.sourceTrialsFailed
  const answered = event.sourceTrialsAnswered
  const nowMs = event.observedAtMs
  if (slots[start + UPDATED_MS] === 0) beginWalk(event, { slots, start })
  // The meter forgets idle hosts and starts their counters anew.
  const isNewRecord = failed < slots[start + FAILED]! || answered < slots[start + ANSWERED]!
  const newFailures = isNewRecord ? failed : failed - slots[start + FAILED]!
  const newAnswers = isNewRecord ? answered : answered - slots[start + ANSWERED]!
  const elapsedMs = Math.max(0, nowMs - slots[start + UPDATED_MS]!)
  const faded = slots[start + WALK]! * Math.exp(-elapsedMs / FADE_MS)
  const walk = clamp(faded + STEP * (newFailures - newAnswers), WALK_MIN, RATIO_MAX)
  slots[start + FAILED] = failed
  slots[start + ANSWERED] = answered
  slots[start + WALK] = walk
  slots[start + UPDATED_MS] = nowMs
  return isAnsweringHost(event) || isLoopback(event) ? Math.min(0, walk) : walk
}

/** An entity met for the first time, whose record in the meter may be old: only the last minute counts. */
function beginWalk(event: EvidenceEvent, { slots, start }: TestMemory): void {
  slots[start + FAILED] = Math.max(0, event.sourceTrialsFailed - Math.round(event.sourceContactsFailed(WINDOW.s60)))
  slots[start + ANSWERED] = Math.max(0, event.sourceTrialsAnswered - Math.round(event.sourceContactsAnswered(WINDOW.s60)))
  slots[start + UPDATED_MS] = event.observedAtMs
}

/** A host that talks to itself scans nobody: 127.0.0.0/8 and ::1 (RFC 6890). */
function isLoopback(event: EvidenceEvent): boolean {
  if (event.ipVersion !== 6) return event.sourceOctet(0) === 127
  for (let index = 0; index < 15; index++) if (event.sourceOctet(index) !== 0) return false
  return event.sourceOctet(15) === 1
}

/** Backscatter of a spoofed flood and reflectors send answers to hosts that never asked: they fail, and scan nobody. */
function isAnsweringHost(event: EvidenceEvent): boolean {
  return event.sourceUnsolicited(WINDOW.s60) > event.sourceContactsFailed(WINDOW.s60)
}
