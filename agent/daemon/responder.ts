import type { EventBatch } from '../capture/index.ts'
import { isContainment, severityOf } from '../decision/index.ts'
import type { ActiveDecision, AlertEnforcement, AlertRecord, Decider, DecisionPolicy, Verdict } from '../decision/index.ts'
import type { FlowNamer } from '../flows/index.ts'
import type { Clock, Logger } from '../kit/index.ts'
import { EnforcerError } from '../response/index.ts'
import type { EnforcementResult } from '../response/index.ts'
import type { AlertRepository, DecisionRepository } from '../storage/index.ts'
import { alertEvent, anomalyEvent, decisionEvent, enforcementEvent } from '../telemetry/index.ts'
import type { EnforcementReport, Metrics } from '../telemetry/index.ts'
import type { EnforcementMonitor } from './enforcement-monitor.ts'
import type { EventOutput } from './event-output.ts'

/** What carries verdicts out. */
export interface ResponderParts {
  readonly enforcement: Pick<EnforcementMonitor, 'apply' | 'release'>
  readonly decider: Decider
  readonly policy: DecisionPolicy
  readonly alerts: AlertRepository
  readonly decisions: DecisionRepository
  readonly output: EventOutput
  readonly metrics: Metrics
  readonly clock: Clock
  readonly logger: Logger
}

/** Verdicts that may wait while the enforcer or the disk is slow. Blocks are capped far below it by the decision room. */
const QUEUE_MAX = 8_192
const BATCH_MAX = 256
/** Refusals that pass by themselves: the reconciler goes on trying. Any other refusal ends the decision. */
const PASSING_REFUSALS = new Set(['cap', 'pace'])

/**
 * Carries verdicts into the kernel, the store and the event log, beside the pipeline: a slow disk or enforcer never holds up judging.
 * The kernel comes first, the store second: an element that nobody remembers times out, a remembered one that is missing is repaired.
 */
export class Responder {
  readonly #parts: ResponderParts
  #queue: AlertRecord[] = []
  #work: Promise<void> = Promise.resolve()
  #isWorking = false
  #dropped = 0

  constructor(parts: ResponderParts) {
    this.#parts = parts
  }

  /** Verdicts waiting, and alerts lost because too many waited. */
  get queue(): { readonly length: number; readonly dropped: number } {
    return { length: this.#queue.length, dropped: this.#dropped }
  }

  /** Takes the verdicts of one batch; returns at once. Flows are named now, while the batch is valid. */
  accept(verdicts: readonly Verdict[], batch: EventBatch, namer: FlowNamer): void {
    const { clock, metrics } = this.#parts
    for (const verdict of verdicts) {
      const decisionLatencyMs = Math.max(0, clock.wallMs() - verdict.posterior.observedAtMs)
      metrics.verdict(verdict)
      metrics.decisionLatency(decisionLatencyMs / 1_000)
      if (this.#queue.length >= QUEUE_MAX) {
        this.#dropped++
        if (isContainment(verdict.action)) this.#parts.decider.remove({ id: verdict.id })
        continue
      }
      this.#queue.push({ verdict, flow: namer.name(batch, verdict.posterior.eventIndex), decisionLatencyMs, enforcement: null })
    }
    if (this.#queue.length > 0 && !this.#isWorking) this.#work = this.#drain()
  }

  /** Puts decisions into force that are known already: after a change of mode, an operator's word, a restart. A final refusal ends one. */
  async enforce(decisions: readonly ActiveDecision[]): Promise<readonly EnforcementResult[]> {
    const real = decisions.filter(({ simulated }) => !simulated)
    const results = await this.#apply(real.map(({ value, untilMs }) => ({ target: value, untilMs })))
    const refused: ActiveDecision[] = []
    for (const [index, result] of results.entries()) {
      const { id, value: target } = real[index]!
      this.#report({ action: 'block', result, decisionId: id, latencyMs: null })
      if (!isFinalRefusal(result)) continue
      this.#forget({ id, target })
      refused.push(real[index]!)
    }
    await this.lift(refused, 'ended')
    return results
  }

  /** Takes decisions out of the kernel that nobody believes in any more: what a former run left behind. */
  async release(decisions: readonly ActiveDecision[]): Promise<void> {
    if (decisions.length === 0) return
    const targets = decisions.map(({ value }) => value)
    const results = await this.#parts.enforcement.release(targets).catch((error: unknown) => failed(targets, error))
    for (const [index, result] of results.entries()) {
      this.#report({ action: 'unblock', result, decisionId: decisions[index]!.id, latencyMs: null })
    }
  }

  /** Ends decisions: out of the kernel, the store and the log. */
  async lift(decisions: readonly ActiveDecision[], change: 'ended' | 'lifted'): Promise<void> {
    const { decisions: repository, decider, output, clock } = this.#parts
    // What ended by itself has timed out in the kernel too.
    if (change === 'lifted') await this.release(decisions.filter(({ simulated }) => !simulated))
    // The store has one decision a target: that of a newer one must stay.
    await repository.update([], decisions.filter(({ value }) => decider.on(value) === undefined))
    for (const decision of decisions) output.emit('decision', () => decisionEvent(decision, change, clock.wallMs()))
  }

  /** Writes decisions down; on disk when it resolves. */
  async remember(decisions: readonly ActiveDecision[]): Promise<void> {
    const { decisions: repository, output, clock } = this.#parts
    await repository.update(decisions)
    for (const decision of decisions) output.emit('decision', () => decisionEvent(decision, 'added', clock.wallMs()))
  }

  /** Resolves when everything accepted so far has been carried out. */
  async settle(): Promise<void> {
    while (this.#isWorking || this.#queue.length > 0) await this.#work
  }

  async #drain(): Promise<void> {
    this.#isWorking = true
    while (this.#queue.length > 0) {
      const batch = this.#queue.slice(0, BATCH_MAX)
      this.#queue = this.#queue.slice(BATCH_MAX)
      try {
        await this.#respond(batch)
      } catch (error) {
        this.#parts.logger.error({ error, alerts: batch.length }, 'Verdicts could not be written down')
      }
    }
    this.#isWorking = false
  }

  async #respond(batch: readonly AlertRecord[]): Promise<void> {
    const { alerts, output, policy } = this.#parts
    const answered = await this.#enforceVerdicts(batch)
    try {
      // Operators and the mode go on changing while the enforcer is asked: only what still stands is written down.
      const held = answered.filter(isInForce).flatMap(({ verdict }) => this.#standing(verdict) ?? [])
      if (held.length > 0) await this.remember(held)
      await alerts.put(answered.filter(({ verdict }) => verdict.action !== 'log'))
    } finally {
      for (const alert of answered) {
        const { verdict, flow } = alert
        if (verdict.action === 'log') output.emit('anomaly', () => anomalyEvent(verdict, flow))
        else output.emit('alert', () => alertEvent(alert, severityOf(verdict.posterior, policy)))
      }
    }
  }

  async #enforceVerdicts(batch: readonly AlertRecord[]): Promise<AlertRecord[]> {
    const { clock, metrics } = this.#parts
    // What was lifted, or made simulated by a change of mode, while it waited must not reach the kernel any more.
    const asked = batch.filter(({ verdict }) => this.#standing(verdict)?.simulated === false)
    const results = await this.#apply(asked.map(({ verdict }) => (
      { target: verdict.target, untilMs: verdict.decidedAtMs + verdict.durationMs }
    )))
    const answers = new Map<number, AlertEnforcement>()
    for (const [index, { verdict }] of asked.entries()) {
      const result = results[index]!
      const isEnforced = result.outcome === 'enforced'
      const latencyMs = isEnforced ? Math.max(0, clock.wallMs() - verdict.posterior.observedAtMs) : null
      if (latencyMs !== null) metrics.enforcementLatency(latencyMs / 1_000)
      if (isFinalRefusal(result)) this.#forget({ id: verdict.id, target: verdict.target })
      answers.set(verdict.id, { outcome: result.outcome, reason: result.reason, latencyMs })
      this.#report({ action: 'block', result, decisionId: verdict.id, latencyMs })
    }
    return batch.map((alert) => ({ ...alert, enforcement: answers.get(alert.verdict.id) ?? null }))
  }

  /** The verdict's decision as the decider has it now, if it still does. */
  #standing({ id, target }: Verdict): ActiveDecision | undefined {
    const decision = this.#parts.decider.on(target)
    return decision?.id === id ? decision : undefined
  }

  /** The enforcer will never do it: nobody here believes in it any longer, and the reconciler stops trying. */
  #forget({ id, target }: { readonly id: number; readonly target: string }): void {
    const { decider, clock } = this.#parts
    decider.refuse(id, clock.wallMs())
    this.#parts.enforcement.release([target]).catch((error: unknown) => failed([target], error))
  }

  async #apply(blocks: readonly { target: string; untilMs: number }[]): Promise<readonly EnforcementResult[]> {
    if (blocks.length === 0) return []
    try {
      return await this.#parts.enforcement.apply(blocks)
    } catch (error) {
      return failed(blocks.map(({ target }) => target), error)
    }
  }

  #report(report: EnforcementReport): void {
    const { output, metrics, clock } = this.#parts
    metrics.enforcementResult(report.result.outcome)
    output.emit('enforcement', () => enforcementEvent(report, clock.wallMs()))
  }
}

/** Whether a verdict became a decision that goes on: simulated, in the kernel, or on its way there. */
function isInForce({ verdict, enforcement }: AlertRecord): boolean {
  if (!isContainment(verdict.action)) return false
  return enforcement === null || enforcement.outcome !== 'refused' || PASSING_REFUSALS.has(enforcement.reason)
}

function isFinalRefusal({ outcome, reason }: Pick<EnforcementResult, 'outcome' | 'reason'>): boolean {
  return outcome === 'refused' && !PASSING_REFUSALS.has(reason)
}

/** What was asked while the enforcer was out of reach stays desired; the reconciler makes it good. Anything else is a bug. */
function failed(targets: readonly string[], error: unknown): EnforcementResult[] {
  if (!(error instanceof EnforcerError)) throw error
  return targets.map((target) => ({ target, outcome: 'failed', reason: error.code }))
}
