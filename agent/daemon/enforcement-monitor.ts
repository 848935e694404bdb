import type { Logger } from '../kit/index.ts'
import { canonicalPrefix, EnforcerError } from '../response/index.ts'
import type { DesiredBlock, Drift, EnforcementKeeper, EnforcementResult } from '../response/index.ts'

/** What is known of the enforcement right now. */
export interface EnforcementView {
  readonly enforcer: 'kernel' | 'unreachable'
  /** Undefined before the first read-back, and while the enforcer is out of reach. */
  readonly drift: Drift | undefined
  /** Whether the kernel holds this target, by the last read-back and the enforcer's word since; null where nobody knows. */
  isHeld(target: string): boolean | null
}

/**
 * Keeps the answer to "is it really in force?". Everything that changes enforcement goes through here: what was read back and what
 * the enforcer acknowledged since is remembered, and a change of its reach is said aloud.
 */
export class EnforcementMonitor {
  readonly #keeper: EnforcementKeeper
  readonly #logger: Logger
  #drift: Drift | undefined
  #isReachable: boolean | undefined
  #held: Set<string> | undefined

  constructor(keeper: EnforcementKeeper, logger: Logger) {
    this.#keeper = keeper
    this.#logger = logger
  }

  get view(): EnforcementView {
    return {
      enforcer: this.#isReachable === true ? 'kernel' : 'unreachable',
      drift: this.#drift,
      isHeld: (target) => this.#held?.has(keyOf(target)) ?? null,
    }
  }

  /** As EnforcementKeeper.apply. */
  async apply(blocks: readonly DesiredBlock[]): Promise<readonly EnforcementResult[]> {
    const results = await this.#keeper.apply(blocks)
    for (const { target, outcome } of results) if (outcome === 'enforced') this.#held?.add(keyOf(target))
    return results
  }

  /** As EnforcementKeeper.release. */
  async release(targets: readonly string[]): Promise<readonly EnforcementResult[]> {
    const results = await this.#keeper.release(targets)
    for (const { target, outcome } of results) if (outcome === 'enforced') this.#held?.delete(keyOf(target))
    return results
  }

  /** One round: read back, repair, remember. Gives what was repaired; an unreachable enforcer is a state, not an error. */
  async reconcile(): Promise<readonly EnforcementResult[]> {
    try {
      const { held, drift, repaired } = await this.#keeper.reconcile()
      // The kernel's spelling is the canonical one already; to parse sixty thousand prefixes a second is no way to learn that.
      this.#held = new Set(held)
      this.#note(true, '')
      this.#drift = drift
      if (repaired.length > 0) {
        this.#logger.warn({ repaired: repaired.length, missing: drift.missing }, 'Enforcement had drifted and was repaired')
      }
      return repaired
    } catch (error) {
      if (!(error instanceof EnforcerError)) throw error
      this.#drift = undefined
      this.#held = undefined
      this.#note(false, error.message)
      return []
    }
  }

  #note(isReachable: boolean, reason: string): void {
    if (isReachable === this.#isReachable) return
    this.#isReachable = isReachable
    if (isReachable) this.#logger.info({}, 'Enforcer reached')
    else this.#logger.warn({ reason }, 'Enforcer out of reach: nothing new can be blocked')
  }
}

function keyOf(target: string): string {
  return canonicalPrefix(target) ?? target
}
