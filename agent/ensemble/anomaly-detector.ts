import type { EvidenceEvent } from './evidence/evidence-event.ts'
import { WINDOW } from './evidence/evidence-event.ts'
import { clamp } from './evidence/evidence-test.ts'
import { spreadOf } from './evidence/order-statistics.ts'

/** Own history of a host: one sample an hour of each rate, the last week. */
export interface HostProfile {
  /** Ring of HOURS x RATES logarithms. */
  readonly samples: Float64Array
  /** Hour of the day (UTC) of each sample. */
  readonly hours: Uint8Array
  count: number
  nextSampleMs: number
}

const HOUR_MS = 3_600_000
const HOURS = 168
const RATES = 3
const RATE_NAMES = ['octets sent', 'flows', 'distinct peers'] as const

/** A third of a day: fewer hours are no habit. */
const SAMPLES_MIN = 8

/**
 * Nights are compared with nights: with the same hour of other days, else with that and its neighbours, else with all hours, whichever
 * first has four samples. The same hour first, or a backup at three would stand out every night among two, three and four.
 */
const SAME_HOURS_MIN = 4
const HOUR_DISTANCES = [0, 1, 12] as const

/** A MAD below this (a factor of 1.35) is luck, not constancy. Natural logarithm. */
const DEVIATION_MIN = 0.3
/** MAD to standard deviation for normal numbers (Iglewicz, Hoaglin 1993: modified z-score; they flag above 3.5). */
const NORMAL = 0.6745
const Z_ORDINARY = 3.5
const NATS_PER_Z = 0.5
const RATIO_MAX = 3

const scratch = new Float64Array(HOURS)

/**
 * Behavioural profile of a host against its own past: robust z-scores of a few hourly rates, more than usual only. Changes of habit are
 * mostly benign, so the ratio stays at 3 nats: it strengthens other evidence and never acts alone.
 */
export class AnomalyDetector {
  #worstRate = 0
  #worstZ = 0

  /** A new profile; its first sample is due an hour from now, when the hourly counters have filled. */
  createProfile(nowMs: number): HostProfile {
    return { samples: new Float64Array(HOURS * RATES), hours: new Uint8Array(HOURS), count: 0, nextSampleMs: nowMs + HOUR_MS }
  }

  /** The log-likelihood ratio of the source host's last hour against its profile; takes the hour's sample when it is due. */
  measure(event: EvidenceEvent, profile: HostProfile): number {
    const nowMs = event.observedAtMs
    const rates = [event.sourceOctetsSent(WINDOW.h1), event.sourceFlows(WINDOW.h1), event.sourcePeers(WINDOW.h1)].map(Math.log1p)
    this.#judge(rates, profile, nowMs)
    if (nowMs >= profile.nextSampleMs) addSample(profile, rates, nowMs)
    return clamp((this.#worstZ - Z_ORDINARY) * NATS_PER_Z, 0, RATIO_MAX)
  }

  /** The rate that stood out most at the last `measure`. */
  explain(): string {
    return `${RATE_NAMES[this.#worstRate]} in the last hour stand ${this.#worstZ.toFixed(1)} robust deviations above this host's own habit`
  }

  #judge(rates: readonly number[], profile: HostProfile, nowMs: number): void {
    this.#worstZ = 0
    if (profile.count < SAMPLES_MIN) return
    rates.forEach((rate, index) => {
      const { median, deviation } = habitOf(profile, index, hourOf(nowMs))
      const z = (NORMAL * (rate - median)) / Math.max(deviation, DEVIATION_MIN)
      if (z <= this.#worstZ) return
      this.#worstZ = z
      this.#worstRate = index
    })
  }
}

function addSample(profile: HostProfile, rates: readonly number[], nowMs: number): void {
  const slot = profile.count % HOURS
  rates.forEach((rate, index) => {
    profile.samples[slot * RATES + index] = rate
  })
  profile.hours[slot] = hourOf(nowMs)
  profile.count++
  profile.nextSampleMs = nowMs + HOUR_MS
}

function habitOf(profile: HostProfile, rate: number, hour: number): { median: number; deviation: number } {
  let count = 0
  for (const distance of HOUR_DISTANCES) {
    count = gather(profile, { rate, hour, distance })
    if (count >= SAME_HOURS_MIN) break
  }
  const { median, relativeDeviation } = spreadOf(scratch.subarray(0, count))
  return { median, deviation: median > 0 ? relativeDeviation * median : 0 }
}

/** Samples of the hours of the day at most so far from `hour`, into the scratch array. */
function gather(profile: HostProfile, { rate, hour, distance }: { rate: number; hour: number; distance: number }): number {
  const filled = Math.min(HOURS, profile.count)
  let count = 0
  for (let slot = 0; slot < filled; slot++) {
    const apart = Math.abs(profile.hours[slot]! - hour)
    if (Math.min(apart, 24 - apart) <= distance) scratch[count++] = profile.samples[slot * RATES + rate]!
  }
  return count
}

function hourOf(nowMs: number): number {
  return Math.floor(nowMs / HOUR_MS) % 24
}
