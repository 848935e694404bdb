import { compareIntervals, overlaps } from './address-interval.ts'
import type { AddressInterval } from './address-interval.ts'

/** Addresses that are kept out until a deadline. */
export interface Blocked {
  readonly interval: AddressInterval
  readonly deadlineMs: number
}

/**
 * Disjoint blocked intervals with a deadline each: the meaning of the kernel's sets, as native/enforcer/block_map.h has it.
 * Every address keeps the latest deadline it was given; sorted by address.
 */
export class BlockMap {
  #elements: Blocked[] = []

  get size(): number {
    return this.#elements.length
  }

  elements(): readonly Blocked[] {
    return this.#elements
  }

  /** Blocks `interval` at least until `deadlineMs`; never shortens a ban. */
  paint(interval: AddressInterval, deadlineMs: number): void {
    const { at, overlapping } = this.#find(interval)
    const kept: Blocked[] = []
    let next = interval.first
    for (const old of overlapping) {
      if (old.deadlineMs < deadlineMs) {
        kept.push(...sticksOut(old, interval))
        continue
      }
      if (old.interval.first > next) kept.push({ interval: { ...interval, first: next, last: old.interval.first - 1n }, deadlineMs })
      kept.push(old)
      next = old.interval.last + 1n
    }
    if (next <= interval.last) kept.push({ interval: { ...interval, first: next }, deadlineMs })
    kept.sort((one, other) => compareIntervals(one.interval, other.interval))
    this.#elements.splice(at, overlapping.length, ...kept)
  }

  /** Frees `interval`; what sticks out of it stays as it was. */
  cut(interval: AddressInterval): void {
    const { at, overlapping } = this.#find(interval)
    this.#elements.splice(at, overlapping.length, ...overlapping.flatMap((old) => sticksOut(old, interval)))
  }

  /** Ends every ban that touches `interval`, whole. */
  lift(interval: AddressInterval): void {
    const { at, overlapping } = this.#find(interval)
    this.#elements.splice(at, overlapping.length)
  }

  /** Forgets what has ended. */
  expire(nowMs: number): void {
    this.#elements = this.#elements.filter((each) => each.deadlineMs > nowMs)
  }

  clear(): void {
    this.#elements = []
  }

  #find(interval: AddressInterval): { at: number; overlapping: Blocked[] } {
    let [low, high] = [0, this.#elements.length]
    while (low < high) {
      const middle = (low + high) >> 1
      const each = this.#elements[middle]!.interval
      const isBefore = each.family === interval.family ? each.last < interval.first : each.family < interval.family
      if (isBefore) low = middle + 1
      else high = middle
    }
    let end = low
    while (end < this.#elements.length && overlaps(this.#elements[end]!.interval, interval)) end += 1
    return { at: low, overlapping: this.#elements.slice(low, end) }
  }
}

function sticksOut({ interval, deadlineMs }: Blocked, hole: AddressInterval): Blocked[] {
  const parts: Blocked[] = []
  if (interval.first < hole.first) parts.push({ interval: { ...interval, last: hole.first - 1n }, deadlineMs })
  if (interval.last > hole.last) parts.push({ interval: { ...interval, first: hole.last + 1n }, deadlineMs })
  return parts
}
