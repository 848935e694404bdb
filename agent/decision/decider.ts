import { ExpiringMap, formatPrefix, parsePrefix } from '../kit/index.ts'
import type { Posterior } from '../ensemble/index.ts'
import { decisionOf, scopeOf } from './active-decision.ts'
import type { ActiveDecision } from './active-decision.ts'
import { decide, isContainment, targetOf } from './decide.ts'
import type { DecisionPolicy, Judgement } from './decide.ts'
import { leastCostAction } from './expected-cost.ts'
import type { NeverBlockList } from './never-block.ts'
import { severityOf } from './severity.ts'
import type { Severity } from './severity.ts'
import type { Mode, Verdict } from './verdict.ts'

/** What an operator asks for. */
export interface OperatorRequest {
  readonly target: string
  readonly durationMs: number
  readonly reason: string
}

/** What became of it; a refusal names its rule. */
export type OperatorAnswer =
  | { readonly outcome: 'added'; readonly decision: ActiveDecision }
  | { readonly outcome: 'refused'; readonly reason: 'invalid-target' | 'too-wide' | 'never-block' | 'cap' | 'off' }

/** Decisions that a change of mode puts into the kernel, takes out of it, or leaves out because of the never-block list. */
export interface ModeEffect {
  readonly enforce: readonly ActiveDecision[]
  readonly lift: readonly ActiveDecision[]
  readonly heldBack: readonly ActiveDecision[]
}

/** What a Decider begins with. */
export interface DeciderStart {
  readonly policy: DecisionPolicy
  readonly mode: Mode
  readonly neverBlock: NeverBlockList
  /** Gives every verdict its number, unique and growing over the life of the store. */
  readonly nextId: () => number
}

/** Counts for metrics and status. */
export interface DeciderCounters {
  /** Verdicts that repeated an alert or a decision in force. */
  readonly repeated: number
  /** Entities forgotten because the memory was full. */
  readonly forgotten: number
}

/** A decision is renewed once less than this share of it remains and the evidence goes on. */
const RENEWAL_RATIO = 0.1
const MINUTE_MS = 60_000
/** What was decided further ahead than this is of another time: of a later capture in the same replay, or before the clock was set. */
const STEP_BACK_MS = 3_600_000
/** A refusal of the enforcer may end: an SSH session closes. Until then nothing is gained by asking with every event. */
const REFUSED_MS = 30_000

/**
 * Remembers what was decided, so that one attack gives one decision: decisions in force, former offenders, alerts already raised.
 * Pure, given the time; every memory is bounded.
 */
export class Decider {
  readonly #nextId: () => number
  readonly #policy: DecisionPolicy
  readonly #active = new Map<string, ActiveDecision>()
  readonly #raised: ExpiringMap<string, { readonly severity: Severity; readonly atMs: number }>
  readonly #offences: ExpiringMap<string, number>
  readonly #refusedUntilMs: ExpiringMap<string, number>
  /** When the blocks of the last minute were decided, oldest first. */
  #recentBlocksAtMs: number[] = []
  #neverBlock: NeverBlockList
  #mode: Mode
  #repeated = 0

  constructor({ policy, mode, neverBlock, nextId }: DeciderStart) {
    this.#policy = policy
    this.#mode = mode
    this.#neverBlock = neverBlock
    this.#nextId = nextId
    const capacity = policy.decision.entitiesMax
    this.#raised = new ExpiringMap({ capacity, idleTimeoutMs: policy.decision.alertRepeatMs })
    this.#refusedUntilMs = new ExpiringMap({ capacity, idleTimeoutMs: REFUSED_MS })
    this.#offences = new ExpiringMap({ capacity, idleTimeoutMs: policy.response.offenderMemoryMs + policy.response.durationMsMax })
  }

  get mode(): Mode {
    return this.#mode
  }

  get counters(): DeciderCounters {
    return { repeated: this.#repeated, forgotten: this.#raised.evicted + this.#offences.evicted + this.#refusedUntilMs.evicted }
  }

  /** The verdict on `posterior`, or undefined when there is nothing to do or nothing new. A containment is in force from here on. */
  judge(posterior: Posterior, nowMs: number): Verdict | undefined {
    if (this.#mode === 'off') return undefined
    const wanted = leastCostAction(posterior.probability, this.#policy.decision.costs, this.#policy.available)
    if (wanted === 'none') return undefined

    const target = targetOf(posterior.entity, this.#policy.response.blockPrefixLength6)
    if (isContainment(wanted) && this.#isHeld(target, nowMs)) return this.#repeat()

    const judgement = decide(posterior, {
      nowMs,
      mode: this.#mode,
      policy: this.#policy,
      neverBlock: this.#neverBlock,
      formerOffences: this.#offences.peek(target) ?? 0,
      hasRoom: this.#hasRoom(nowMs),
      isRefused: (this.#refusedUntilMs.peek(target) ?? -Infinity) > nowMs,
    })
    const severity = severityOf(posterior, this.#policy)
    const isContained = isContainment(judgement.action)
    const isKnown = isContained ? this.#outlasts(target, judgement) : this.#wasRaised(posterior, severity, nowMs)
    if (isKnown) return this.#repeat()

    const verdict: Verdict = { id: this.#nextId(), ...judgement }
    this.#raised.set(alertKey(posterior), { severity, atMs: nowMs }, nowMs)
    if (isContained) this.#hold(verdict, nowMs)
    return verdict
  }

  /** Adds an operator's decision; it replaces one on the same target. Only the mode, the never-block list and width limit it. */
  add({ target, durationMs, reason }: OperatorRequest, nowMs: number): OperatorAnswer {
    const prefix = parsePrefix(target)
    if (prefix === undefined) return { outcome: 'refused', reason: 'invalid-target' }
    if (this.#mode === 'off') return { outcome: 'refused', reason: 'off' }
    const { prefixLength4Min, prefixLength6Min, elementsMax } = this.#policy.response
    if (prefix.length < (prefix.version === 4 ? prefixLength4Min : prefixLength6Min)) return { outcome: 'refused', reason: 'too-wide' }
    if (this.#neverBlock.neverBlockReason(target) !== undefined) return { outcome: 'refused', reason: 'never-block' }
    const value = prefix.length === (prefix.version === 4 ? 32 : 128) ? formatPrefix(prefix).split('/')[0]! : formatPrefix(prefix)
    if (this.#active.size >= elementsMax && !this.#active.has(value)) return { outcome: 'refused', reason: 'cap' }
    const decision: ActiveDecision = {
      id: this.#nextId(),
      origin: 'phantomctl',
      type: 'ban',
      scope: scopeOf(value),
      value,
      scenario: 'phantommesh/operator',
      simulated: this.#mode !== 'enforce',
      createdAtMs: nowMs,
      untilMs: nowMs + durationMs,
      alertId: null,
      reason,
    }
    this.#active.set(value, decision)
    return { outcome: 'added', decision }
  }

  /** Lifts what the selector names and returns it. The operator knows better: the targets are no former offenders any more. */
  remove(selector: { readonly id: number } | { readonly target: string }): readonly ActiveDecision[] {
    const wanted = 'target' in selector ? parsePrefix(selector.target) : undefined
    const found = [...this.#active.values()].filter((decision) => {
      if ('id' in selector) return decision.id === selector.id
      const prefix = parsePrefix(decision.value)
      return prefix !== undefined && wanted !== undefined && formatPrefix(prefix) === formatPrefix(wanted)
    })
    for (const { value } of found) {
      this.#active.delete(value)
      this.#offences.delete(value)
    }
    return found
  }

  /** The enforcer will not carry this decision out: it ends, and its target is alerted on only for a while. */
  refuse(id: number, nowMs: number): void {
    for (const { value } of this.remove({ id })) this.#refusedUntilMs.set(value, nowMs + REFUSED_MS, nowMs)
  }

  /** Takes over decisions of a former run; those that ended meanwhile, or contradict the never-block list, are left out and returned. */
  restore(decisions: readonly ActiveDecision[], nowMs: number): readonly ActiveDecision[] {
    const left: ActiveDecision[] = []
    for (const decision of decisions) {
      const isGone = decision.untilMs <= nowMs || this.#neverBlock.neverBlockReason(decision.value) !== undefined
      if (isGone || this.#active.size >= this.#policy.response.elementsMax) left.push(decision)
      else this.#active.set(decision.value, { ...decision, simulated: this.#mode !== 'enforce' })
    }
    return left
  }

  /** Decisions in force, simulated ones included, the oldest first. */
  active(): readonly ActiveDecision[] {
    return [...this.#active.values()]
  }

  /** The decision in force on this target, as it is spelled in `value`. */
  on(target: string): ActiveDecision | undefined {
    return this.#active.get(target)
  }

  /** Forgets what has ended by `nowMs` and returns the decisions among it. */
  expire(nowMs: number): readonly ActiveDecision[] {
    const ended = [...this.#active.values()].filter((decision) => decision.untilMs <= nowMs)
    for (const { value } of ended) this.#active.delete(value)
    this.#raised.expire(nowMs)
    this.#offences.expire(nowMs)
    this.#refusedUntilMs.expire(nowMs)
    return ended
  }

  /** What `setMode` would do now. */
  previewMode(mode: Mode): ModeEffect {
    const all = this.active()
    const mustStay = (decision: ActiveDecision): boolean => this.#neverBlock.neverBlockReason(decision.value) === undefined
    return {
      enforce: mode === 'enforce' ? all.filter((decision) => decision.simulated && mustStay(decision)) : [],
      lift: mode === 'enforce' ? [] : all.filter((decision) => !decision.simulated),
      heldBack: all.filter((decision) => !mustStay(decision)),
    }
  }

  /**
   * Changes the mode. To `enforce`: simulated decisions become real for what remains of them. To `observe`: real ones become simulated.
   * To `off`: all end. The caller carries the effect into the kernel and the store.
   */
  setMode(mode: Mode): ModeEffect {
    const effect = this.previewMode(mode)
    this.#mode = mode
    for (const { value } of effect.heldBack) this.#active.delete(value)
    if (mode === 'off') this.#active.clear()
    for (const decision of this.#active.values()) this.#active.set(decision.value, { ...decision, simulated: mode !== 'enforce' })
    return effect
  }

  /** Replaces the effective never-block list; decisions that contradict it end and are returned. */
  setNeverBlock(list: NeverBlockList): readonly ActiveDecision[] {
    this.#neverBlock = list
    const freed = this.active().filter((decision) => list.neverBlockReason(decision.value) !== undefined)
    for (const { value } of freed) this.#active.delete(value)
    return freed
  }

  #repeat(): undefined {
    this.#repeated++
    return undefined
  }

  /** The decision on this target that holds now. */
  #heldAt(target: string, nowMs: number): ActiveDecision | undefined {
    const held = this.#active.get(target)
    return held !== undefined && held.untilMs > nowMs && isOfThisTime(held.createdAtMs, nowMs) ? held : undefined
  }

  #isHeld(target: string, nowMs: number): boolean {
    const held = this.#heldAt(target, nowMs)
    return held !== undefined && held.untilMs - nowMs > RENEWAL_RATIO * (held.untilMs - held.createdAtMs)
  }

  /** An operator's long block must not end early because the agent would block for a minute. */
  #outlasts(target: string, { decidedAtMs, durationMs }: Judgement): boolean {
    return (this.#heldAt(target, decidedAtMs)?.untilMs ?? -Infinity) >= decidedAtMs + durationMs
  }

  #wasRaised(posterior: Posterior, severity: Severity, nowMs: number): boolean {
    const former = this.#raised.peek(alertKey(posterior))
    if (former === undefined || !isOfThisTime(former.atMs, nowMs)) return false
    return nowMs - former.atMs < this.#policy.decision.alertRepeatMs && severity >= former.severity
  }

  #hasRoom(nowMs: number): boolean {
    const { elementsMax, blocksPerMinuteMax } = this.#policy.response
    const first = this.#recentBlocksAtMs.findIndex((atMs) => nowMs - atMs < MINUTE_MS && isOfThisTime(atMs, nowMs))
    if (first !== 0) this.#recentBlocksAtMs = first < 0 ? [] : this.#recentBlocksAtMs.slice(first)
    return this.#active.size < elementsMax && this.#recentBlocksAtMs.length < blocksPerMinuteMax
  }

  #hold(verdict: Verdict, nowMs: number): void {
    this.#active.set(verdict.target, decisionOf(verdict))
    this.#recentBlocksAtMs.push(nowMs)
    // A forged address must not make its owner an offender.
    if (!verdict.posterior.sourceVerified) return
    this.#offences.set(verdict.target, (this.#offences.peek(verdict.target) ?? 0) + 1, nowMs)
  }
}

function isOfThisTime(atMs: number, nowMs: number): boolean {
  return atMs - nowMs <= STEP_BACK_MS
}

function alertKey({ entity, category }: Posterior): string {
  return `${category} ${entity.kind} ${entity.value}`
}
