import type { Cancel, Clock } from '../kit/index.ts'

/** The machine's clock. `wallMs` has microseconds in its fraction, so that it compares with kernel timestamps of packets. */
export const systemClock: Clock = {
  wallMs: () => performance.timeOrigin + performance.now() + wallDriftMs(),
  monotonicMs: () => performance.now(),
  after(delayMs: number, task: () => void): Cancel {
    const timer = setTimeout(task, delayMs)
    return () => clearTimeout(timer)
  },
}

/**
 * `performance.timeOrigin` is taken once, at start; when NTP steps or slews the wall clock the sum drifts away from it.
 * Whole-millisecond `Date.now()` tells by how much; differences below 2 ms are its rounding and are left alone.
 */
function wallDriftMs(): number {
  const drift = Date.now() - (performance.timeOrigin + performance.now())
  return Math.abs(drift) < 2 ? 0 : drift
}
