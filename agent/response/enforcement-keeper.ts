import type { EnforcementResult, Enforcer } from './enforcer.ts'
import type { DesiredBlock, Drift, Reconciler } from './reconciler.ts'

/** What one round of reconciliation found and did. */
export interface ReconcileReport {
  readonly drift: Drift
  /** What the kernel holds now, repairs included. */
  readonly held: ReadonlySet<string>
  /** Requests sent to repair, with what became of them. */
  readonly repaired: readonly EnforcementResult[]
}

/**
 * Brings Enforcer and Reconciler together: one operation after the other, so that nothing is judged by a list that is older than
 * what was done. Owns no timer: the daemon calls `reconcile` every second or so.
 *
 * Throws EnforcerError through every method; what is desired stays desired, and the next round makes it good.
 */
export class EnforcementKeeper {
  readonly #enforcer: Enforcer
  readonly #reconciler: Reconciler
  readonly #wallMs: () => number
  #tail: Promise<unknown> = Promise.resolve()

  constructor(enforcer: Enforcer, reconciler: Reconciler, wallMs: () => number) {
    this.#enforcer = enforcer
    this.#reconciler = reconciler
    this.#wallMs = wallMs
  }

  /** Blocks at once, and from now on keeps blocked. One result per block, in order. */
  apply(blocks: readonly DesiredBlock[]): Promise<readonly EnforcementResult[]> {
    return this.#inTurn(async () => {
      const refusals = blocks.map((block) => refusal(block, this.#reconciler.want(block)))
      const targets = blocks.filter((_, i) => refusals[i] === undefined).map(({ target }) => target)
      const requests = targets.map((target) => this.#reconciler.requestsFor([target], this.#wallMs())[0])
      const sent = requests.filter((request) => request !== undefined)
      const results = sent.length === 0 ? [] : await this.#enforcer.block(sent)
      this.#reconciler.settle(results, this.#wallMs())
      const answers = inOrder(targets, requests, results)
      return refusals.map((each) => each ?? answers.shift()!)
    })
  }

  /** Frees at once, and keeps trying if that fails. */
  release(targets: readonly string[]): Promise<readonly EnforcementResult[]> {
    return this.#inTurn(() => {
      // In turn as well: an `apply` that still waits would wish for the target again, and the next round would put it back for good.
      for (const target of targets) this.#reconciler.release(target)
      return this.#enforcer.unblock(targets)
    })
  }

  /** Reads back, repairs, and says how far wish and kernel were apart. */
  reconcile(): Promise<ReconcileReport> {
    return this.#inTurn(async () => {
      const actual = await this.#enforcer.list()
      const { block, unblock } = this.#reconciler.plan(actual, this.#wallMs())
      const drift = this.#reconciler.drift(actual, this.#wallMs())
      const freed = unblock.length === 0 ? [] : await this.#enforcer.unblock(unblock)
      const blocked = block.length === 0 ? [] : await this.#enforcer.block(block)
      this.#reconciler.settle(blocked, this.#wallMs())
      const held = new Set([...actual, ...blocked.filter(isEnforced)].map(({ target }) => target))
      for (const { target } of freed.filter(isEnforced)) held.delete(target)
      return { drift, held, repaired: [...freed, ...blocked] }
    })
  }

  #inTurn<T>(task: () => Promise<T>): Promise<T> {
    const result = this.#tail.then(task, task)
    this.#tail = result.catch(() => {})
    return result
  }
}

function isEnforced({ outcome }: EnforcementResult): boolean {
  return outcome === 'enforced'
}

function refusal({ target }: DesiredBlock, answer: 'accepted' | 'full' | 'invalid-target'): EnforcementResult | undefined {
  return answer === 'accepted' ? undefined : { target, outcome: 'refused', reason: answer === 'full' ? 'cap' : answer }
}

function inOrder(targets: readonly string[], requests: readonly unknown[], results: readonly EnforcementResult[]): EnforcementResult[] {
  let next = 0
  return targets.map((target, i) => {
    if (requests[i] === undefined) return { target, outcome: 'refused', reason: 'invalid-duration' }
    next += 1
    return { ...results[next - 1]!, target }
  })
}
