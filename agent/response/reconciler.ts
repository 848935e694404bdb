import { canonicalPrefix } from './address-interval.ts'
import { countOutside, remainingIn } from './coverage.ts'
import type { BlockRequest, EnforcedElement, EnforcementResult } from './enforcer.ts'

/** A ban that should be in force until an instant on the wall clock; what is stored and survives a restart. */
export interface DesiredBlock {
  readonly target: string
  /** Milliseconds since the epoch. */
  readonly untilMs: number
}

/** Limits of a reconciler. */
export interface ReconcilerOptions {
  readonly desiredMax: number
  /** Longest ban the enforcer takes at once; a longer one is renewed on the way. */
  readonly durationMsMax: number
}

/** What has to be done so that the kernel holds what is desired. */
export interface Repairs {
  readonly block: readonly BlockRequest[]
  readonly unblock: readonly string[]
}

/** How far kernel and wish are apart. */
export interface Drift {
  readonly desired: number
  /** Desired bans that the kernel holds for long enough. */
  readonly actual: number
  /** Desired bans that the enforcer refuses, never-block mostly; not counted as missing. */
  readonly refused: number
  readonly missing: number
  /** Elements in the kernel that nobody here asked for; they are left to time out. */
  readonly unexpected: number
  /** Since when the longest missing ban has been missing; 0 when none is. */
  readonly driftSeconds: number
}

interface Desired {
  untilMs: number
  missingSinceMs: number | undefined
  refusedUntilMs: number
}

/** Wall and kernel clocks, and the time an answer takes, stay within this. */
const TOLERANCE_MS = 2_000
/** A refusal may end: an SSH session closes, a list changes. */
const RETRY_REFUSED_MS = 30_000
/** The enforcer takes no shorter ban. */
const DURATION_MS_MIN = 1_000
/** Refusals that pass by themselves within the next periods, so that the ban counts as missing meanwhile. */
const PASSING_REASONS = new Set(['pace', 'cap'])

/**
 * Compares what should be in the kernel with what is. Owns no timer: the daemon reads back about every second, asks `plan`, has
 * the repairs done, and tells `settle` what came of them.
 */
export class Reconciler {
  readonly #options: ReconcilerOptions
  readonly #desired = new Map<string, Desired>()
  /** Given up, but perhaps still in the kernel; by when it has timed out in any case, as far as that is known. */
  readonly #releasing = new Map<string, number>()

  constructor(options: ReconcilerOptions) {
    this.#options = options
  }

  /** From now on the ban should be in force; a second wish for the same target extends it. `full` past `desiredMax`. */
  want(block: DesiredBlock): 'accepted' | 'full' | 'invalid-target' {
    const key = canonicalPrefix(block.target)
    if (key === undefined) return 'invalid-target'
    const known = this.#desired.get(key)
    if (known === undefined && this.#desired.size >= this.#options.desiredMax) return 'full'
    this.#releasing.delete(key)
    const untilMs = Math.max(known?.untilMs ?? 0, block.untilMs)
    this.#desired.set(key, { missingSinceMs: undefined, refusedUntilMs: 0, ...known, untilMs })
    return 'accepted'
  }

  /**
   * From now on the ban should not be in force any more, whoever asked for it: a former run may have. Tried until the kernel has it no
   * longer; past `desiredMax` of them only once.
   */
  release(target: string): void {
    const key = canonicalPrefix(target)
    if (key === undefined) return
    const untilMs = this.#desired.get(key)?.untilMs ?? Infinity
    this.#desired.delete(key)
    if (this.#releasing.size < this.#options.desiredMax || this.#releasing.has(key)) this.#releasing.set(key, untilMs)
  }

  /** What should be in force, in order of target: to be stored. */
  desired(): DesiredBlock[] {
    return [...this.#desired].map(([target, { untilMs }]) => ({ target, untilMs })).sort((a, b) => (a.target < b.target ? -1 : 1))
  }

  /** The requests for these targets, as far as they are desired, whatever the kernel holds: for a ban just decided. */
  requestsFor(targets: readonly string[], nowMs: number): BlockRequest[] {
    return targets.flatMap((target) => {
      const key = canonicalPrefix(target)
      const desired = key === undefined ? undefined : this.#desired.get(key)
      return key === undefined || desired === undefined ? [] : this.#request(key, desired, nowMs)
    })
  }

  /** @param actual what the kernel holds, read back after everything before was answered */
  plan(actual: readonly EnforcedElement[], nowMs: number): Repairs {
    this.#expire(nowMs)
    const remaining = remainingIn(actual)
    const block: BlockRequest[] = []
    for (const [key, desired] of this.#desired) {
      const isHeld = this.#isHeld(desired, remaining(key), nowMs)
      desired.missingSinceMs = isHeld ? undefined : (desired.missingSinceMs ?? nowMs)
      if (!isHeld && desired.refusedUntilMs <= nowMs) block.push(...this.#request(key, desired, nowMs))
    }
    const unblock: string[] = []
    for (const key of this.#releasing.keys()) {
      if (remaining(key) > 0) unblock.push(key)
      else this.#releasing.delete(key)
    }
    return { block, unblock }
  }

  /** Notes what came of requests; a refusal is tried again later, a failure in the next period. */
  settle(results: readonly EnforcementResult[], nowMs: number): void {
    for (const { target, outcome, reason } of results) {
      const desired = this.#desired.get(canonicalPrefix(target) ?? '')
      if (desired === undefined) continue
      if (outcome === 'enforced') Object.assign(desired, { missingSinceMs: undefined, refusedUntilMs: 0 })
      if (outcome === 'refused' && !PASSING_REASONS.has(reason)) desired.refusedUntilMs = nowMs + RETRY_REFUSED_MS
      if (outcome !== 'enforced') desired.missingSinceMs ??= nowMs
    }
  }

  /** Where things stood when `actual` was read; to be asked after `plan`, before its repairs. */
  drift(actual: readonly EnforcedElement[], nowMs: number): Drift {
    const all = [...this.#desired.values()]
    const refused = all.filter((each) => each.refusedUntilMs > nowMs)
    const missing = all.filter((each) => each.refusedUntilMs <= nowMs && each.missingSinceMs !== undefined)
    const oldestMs = missing.reduce((oldest, each) => Math.min(oldest, each.missingSinceMs ?? nowMs), nowMs)
    return {
      desired: all.length,
      actual: all.length - refused.length - missing.length,
      refused: refused.length,
      missing: missing.length,
      unexpected: countOutside(actual, [...this.#desired.keys()]),
      driftSeconds: (nowMs - oldestMs) / 1000,
    }
  }

  #isHeld(desired: Desired, remainingMs: number, nowMs: number): boolean {
    const leftMs = desired.untilMs - nowMs
    // Too short to ask for: it ends with what the kernel holds.
    if (leftMs < DURATION_MS_MIN) return true
    // A ban longer than the enforcer takes at once is renewed when half of a full term has passed.
    return remainingMs > 0 && remainingMs >= Math.min(leftMs - TOLERANCE_MS, this.#options.durationMsMax / 2)
  }

  #request(target: string, desired: Desired, nowMs: number): BlockRequest[] {
    const durationMs = Math.min(desired.untilMs - nowMs, this.#options.durationMsMax)
    return durationMs < DURATION_MS_MIN ? [] : [{ target, durationMs }]
  }

  #expire(nowMs: number): void {
    for (const [key, { untilMs }] of this.#desired) if (untilMs <= nowMs) this.#desired.delete(key)
    for (const [key, untilMs] of this.#releasing) if (untilMs <= nowMs) this.#releasing.delete(key)
  }
}
