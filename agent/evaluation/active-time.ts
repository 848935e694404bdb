/** A silence longer than this is time in which nothing was watched. */
export const GAP_MS_MAX = 60_000
/** Moments that would start yet another stretch are left out: the hours then come out too small, never too large. */
const STRETCHES_MAX = 10_000

interface Stretch {
  startMs: number
  endMs: number
}

/**
 * How long a capture watched the network: Σ min(gap, 60 s) between packets in order of time. Packets may come in any order,
 * and time that is seen twice counts once, because what is kept are stretches of time and not a running sum.
 */
export class ActiveTime {
  /** Sorted, more than GAP_MS_MAX apart. */
  readonly #stretches: Stretch[] = []

  /** A packet was seen at this moment. */
  add(atMs: number): void {
    const index = this.#indexBefore(atMs)
    const before = this.#stretches[index]
    if (before !== undefined && atMs <= before.endMs + GAP_MS_MAX) {
      before.endMs = Math.max(before.endMs, atMs)
      this.#mergeWithNext(index)
    } else if (this.#stretches.length < STRETCHES_MAX) {
      this.#stretches.splice(index + 1, 0, { startMs: atMs, endMs: atMs })
      this.#mergeWithNext(index + 1)
    }
  }

  /** The sum so far, ms. */
  totalMs(): number {
    const within = this.#stretches.reduce((sum, { startMs, endMs }) => sum + endMs - startMs, 0)
    return within + Math.max(0, this.#stretches.length - 1) * GAP_MS_MAX
  }

  #mergeWithNext(index: number): void {
    const current = this.#stretches[index]!
    const next = this.#stretches[index + 1]
    if (next === undefined || next.startMs > current.endMs + GAP_MS_MAX) return
    current.endMs = Math.max(current.endMs, next.endMs)
    this.#stretches.splice(index + 1, 1)
  }

  /** The last stretch that starts at or before the moment, -1 without one. Packets mostly come in order: the last is tried first. */
  #indexBefore(atMs: number): number {
    const last = this.#stretches.length - 1
    if (last < 0 || this.#stretches[last]!.startMs <= atMs) return last
    let [low, high] = [0, last]
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#stretches[middle]!.startMs <= atMs) low = middle + 1
      else high = middle
    }
    return low - 1
  }
}
