import { overlaps, parsePrefix, prefixLength, toPrefixes } from './address-interval.ts'
import type { AddressInterval } from './address-interval.ts'
import { BlockMap } from './block-map.ts'
import type { BlockRequest, EnforcedElement, EnforcementResult, Enforcer } from './enforcer.ts'
import { EnforcerError } from './errors.ts'

/** What one caller may ask for; the privileged program takes the same limits as arguments. */
export interface EnforcerCaps {
  readonly elementsMax: number
  /** No wider prefix than this length. */
  readonly prefixLengthMinV4: number
  readonly prefixLengthMinV6: number
  readonly durationMsMin: number
  readonly durationMsMax: number
  readonly newBlocksPerMinute: number
}

/** The limits of native/enforcer/enforcer.h. */
export const DEFAULT_CAPS: EnforcerCaps = {
  elementsMax: 65_536,
  prefixLengthMinV4: 24,
  prefixLengthMinV6: 56,
  durationMsMin: 1_000,
  durationMsMax: 7 * 24 * 3_600_000,
  newBlocksPerMinute: 6_000,
}

/** As native/enforcer/never_block.cc: nobody who could be told apart has such an address (RFC 6890, RFC 5771, RFC 4291). */
const BUILT_IN = [
  '0.0.0.0/8', '127.0.0.0/8', '169.254.0.0/16', '224.0.0.0/4', '255.255.255.255', '::', '::1', 'fe80::/10', 'ff00::/8',
].map((prefix) => parsePrefix(prefix)!)

/**
 * Judges and remembers as the privileged program does, and touches nothing: for `observe`, replays and tests.
 * It knows the built-in never-block prefixes and the configured ones; the node's own addresses only if they are among those.
 */
export class DryRunEnforcer implements Enforcer {
  readonly #nowMs: () => number
  readonly #caps: EnforcerCaps
  readonly #blocked = new BlockMap()
  /** What was let in, until when, by its text: asking for it again is no new block. */
  readonly #granted = new Map<string, number>()
  #neverBlock: readonly AddressInterval[] = []
  #paceLeft: number
  #paceFilledAtMs: number

  /** @param nowMs tells the time on the scale that the deadlines count on; packet time in a replay */
  constructor(nowMs: () => number, caps: EnforcerCaps = DEFAULT_CAPS) {
    this.#nowMs = nowMs
    this.#caps = caps
    this.#paceLeft = caps.newBlocksPerMinute
    this.#paceFilledAtMs = nowMs()
  }

  async block(requests: readonly BlockRequest[]): Promise<readonly EnforcementResult[]> {
    const nowMs = this.#expire()
    return requests.map((request) => {
      const interval = parsePrefix(request.target)
      const reason = interval === undefined ? 'invalid-target' : this.#refusal(request, interval, nowMs)
      if (interval === undefined || reason !== '') return { target: request.target, outcome: 'refused', reason }
      const deadlineMs = nowMs + request.durationMs
      const key = toPrefixes(interval)[0]!
      this.#granted.set(key, Math.max(this.#granted.get(key) ?? 0, deadlineMs))
      this.#blocked.paint(interval, deadlineMs)
      return { target: request.target, outcome: 'enforced', reason: '' }
    })
  }

  async unblock(targets: readonly string[]): Promise<readonly EnforcementResult[]> {
    this.#expire()
    return targets.map((target) => {
      const interval = parsePrefix(target)
      if (interval === undefined) return { target, outcome: 'refused', reason: 'invalid-target' }
      this.#granted.delete(toPrefixes(interval)[0]!)
      this.#blocked.cut(interval)
      return { target, outcome: 'enforced', reason: '' }
    })
  }

  async list(): Promise<readonly EnforcedElement[]> {
    const nowMs = this.#expire()
    return this.#blocked
      .elements()
      .flatMap(({ interval, deadlineMs }) => toPrefixes(interval).map((target) => ({ target, remainingMs: deadlineMs - nowMs })))
  }

  async neverBlock(prefixes: readonly string[]): Promise<void> {
    this.#neverBlock = prefixes.map((prefix) => {
      const interval = parsePrefix(prefix)
      if (interval !== undefined) return interval
      const reason = `invalid-target: ${prefix}`
      throw new EnforcerError({ code: 'ENFORCER_REFUSED', command: 'neverBlock', reason }, `neverBlock was refused: ${reason}`)
    })
    for (const interval of this.#neverBlock) this.#blocked.lift(interval)
  }

  async cleanup(): Promise<void> {
    this.#blocked.clear()
    this.#granted.clear()
  }

  async close(): Promise<void> {}

  #refusal({ durationMs }: BlockRequest, interval: AddressInterval, nowMs: number): string {
    const caps = this.#caps
    // Asked this way around, NaN is refused too.
    if (!(durationMs >= caps.durationMsMin && durationMs <= caps.durationMsMax)) return 'invalid-duration'
    if (prefixLength(interval) < (interval.family === 4 ? caps.prefixLengthMinV4 : caps.prefixLengthMinV6)) return 'too-wide'
    if ([...BUILT_IN, ...this.#neverBlock].some((spared) => overlaps(spared, interval))) return 'never-block'
    if (this.#granted.has(toPrefixes(interval)[0]!)) return ''
    if (this.#granted.size >= caps.elementsMax || this.#blocked.size >= caps.elementsMax) return 'cap'
    return this.#takePace(nowMs) ? '' : 'pace'
  }

  #takePace(nowMs: number): boolean {
    const perMinute = this.#caps.newBlocksPerMinute
    this.#paceLeft = Math.min(perMinute, this.#paceLeft + (perMinute * (nowMs - this.#paceFilledAtMs)) / 60_000)
    this.#paceFilledAtMs = nowMs
    if (this.#paceLeft < 1) return false
    this.#paceLeft -= 1
    return true
  }

  #expire(): number {
    const nowMs = this.#nowMs()
    this.#blocked.expire(nowMs)
    for (const [key, untilMs] of this.#granted) if (untilMs <= nowMs) this.#granted.delete(key)
    return nowMs
  }
}
