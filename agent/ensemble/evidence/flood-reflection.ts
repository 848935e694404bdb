import type { EvidenceEvent } from './evidence-event.ts'
import { WINDOW } from './evidence-event.ts'
import { clamp, RATIO_MAX } from './evidence-test.ts'
import type { EvidenceTest, TestMemory } from './evidence-test.ts'

/** Unsolicited answers a second that mean nothing: late answers after a time-out, the first seconds of a capture. */
const ALLOWED_PER_SECOND = 5

/** Unsolicited answers beyond that at which the sum is worth the full ratio. */
const EXCESS_FULL = 100

/** One answering host may be an exchange that began before the capture did; it takes several to reflect. */
const REFLECTORS_MIN = 3
const RATIO_OF_ONE_SENDER_MAX = 3

/** Unsolicited answers since the last report, ten seconds before or more, beyond those that mean nothing: it goes on. */
const ANSWERS_AGAIN = 2 * 10 * ALLOWED_PER_SECOND

const ANSWERS = 0
const EXCESS = 1
const UPDATED_MS = 2

/**
 * Cumulative sum of answers that the host never asked for. Reflectors answer to the victim, whose address the attacker put as source:
 * Rossow, "Amplification hell", NDSS 2014. The reflectors are innocent; the victim is named.
 */
export const floodReflection: EvidenceTest = {
  name: 'flood.reflection',
  category: 'flood',
  scope: 'host',
  about: 'destination',
  isVictim: true,
  slots: 3,
  measure,
  support: (event) => event.destinationUnsolicitedTotal / ANSWERS_AGAIN,
  explain: (event) =>
    `${event.destinationUnsolicitedTotal} answers that nobody asked for, ${event.destinationUnsolicited(WINDOW.s10).toFixed(0)} of them `
    + `in the last 10 s, from ${event.destinationPeers(WINDOW.s60).toFixed(0)} sources`,
}

function measure(event: EvidenceEvent, { slots, start }: TestMemory): number {
  const answers = event.destinationUnsolicitedTotal
  const nowMs = event.observedAtMs
  if (slots[start + UPDATED_MS] === 0) {
    slots[start + ANSWERS] = Math.max(0, answers - Math.round(event.destinationUnsolicited(WINDOW.s10)))
    slots[start + UPDATED_MS] = nowMs
  }
  const newAnswers = answers < slots[start + ANSWERS]! ? answers : answers - slots[start + ANSWERS]!
  const elapsedSeconds = Math.max(0, nowMs - slots[start + UPDATED_MS]!) / 1000
  const excess = Math.max(0, slots[start + EXCESS]! + newAnswers - ALLOWED_PER_SECOND * elapsedSeconds)
  slots[start + EXCESS] = Math.min(excess, 2 * EXCESS_FULL)
  slots[start + ANSWERS] = answers
  slots[start + UPDATED_MS] = nowMs
  const most = event.destinationPeers(WINDOW.s60) < REFLECTORS_MIN ? RATIO_OF_ONE_SENDER_MAX : RATIO_MAX
  return clamp(RATIO_MAX * (excess / EXCESS_FULL), 0, most)
}
