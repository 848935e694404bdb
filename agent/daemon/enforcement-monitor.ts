import type { Logger } from '../kit/index.ts'
import { canonicalPrefix, EnforcerError } from '../response/index.ts'
import type { Drift, EnforcementKeeper, EnforcementResult } from '../response/index.ts'

/** What is known of the enforcement right now. */
export interface EnforcementView {
  readonly enforcer: 'kernel' | 'unreachable'
  /** Undefined before the first read-back, and while the enforcer is out of reach. */
  readonly drift: Drift | undefined
  /** Whether the last read-back saw this target; null where nobody knows. */
  isHeld(target: string): boolean | null
}

/** Keeps the answer to "is it really in force?": reconciles, remembers what was read back, and speaks up when that changes. */
export class EnforcementMonitor {
  readonly #keeper: EnforcementKeeper
  readonly #listTargets: () => Promise<readonly string[]>
  readonly #logger: Logger
  #drift: Drift | undefined
  #isReachable: boolean | undefined
  #held: ReadonlySet<string> | undefined

  constructor(keeper: EnforcementKeeper, listTargets: () => Promise<readonly string[]>, logger: Logger) {
    this.#keeper = keeper
    this.#listTargets = listTargets
    this.#logger = logger
  }

  get view(): EnforcementView {
    return {
      enforcer: this.#isReachable === true ? 'kernel' : 'unreachable',
      drift: this.#drift,
      isHeld: (target) => this.#held?.has(canonicalPrefix(target) ?? target) ?? null,
    }
  }

  /** One round: read back, repair, remember. Gives what was repaired; an unreachable enforcer is a state, not an error. */
  async reconcile(): Promise<readonly EnforcementResult[]> {
    try {
      const { drift, repaired } = await this.#keeper.reconcile()
      this.#held = new Set((await this.#listTargets()).map((target) => canonicalPrefix(target) ?? target))
      this.#note(true, '')
      this.#drift = drift
      if (repaired.length > 0) this.#logger.warn({ repaired: repaired.length, missing: drift.missing }, 'Enforcement had drifted and was repaired')
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
