import { describeAlert, describeDecision, describeModeChange } from '../control/index.ts'
import type { AgentControl, AlertQuery, AlertSummary, DecisionSelector, EventBroadcast, NewDecision, Status } from '../control/index.ts'
import { actionThreshold } from '../decision/index.ts'
import type { ActiveDecision, AlertRecord, Decider, DecisionPolicy, Mode } from '../decision/index.ts'
import { FEATURE_SCHEMA } from '../features/index.ts'
import type { Clock, KeyValueStore } from '../kit/index.ts'
import { saveMode } from '../storage/index.ts'
import type { AlertRepository } from '../storage/index.ts'
import type { Metrics } from '../telemetry/index.ts'
import type { EnforcementMonitor } from './enforcement-monitor.ts'
import type { Responder } from './responder.ts'

/** What operators look at and change. */
export interface AgentControlParts {
  readonly version: string
  readonly node: string
  readonly modelVersion: string
  readonly policy: DecisionPolicy
  readonly decider: Decider
  readonly responder: Responder
  readonly monitor: EnforcementMonitor
  readonly alerts: AlertRepository
  readonly store: KeyValueStore
  readonly broadcast: EventBroadcast
  readonly metrics: Metrics
  readonly clock: Clock
  readonly status: () => Promise<Status>
}

/** The control room's port, on the running agent. */
export function createAgentControl(parts: AgentControlParts): AgentControl {
  const { decider, responder, monitor, alerts, broadcast, metrics, clock, policy, version, node, modelVersion } = parts
  const alertLogOdds = logit(actionThreshold('alert', policy.decision.costs, policy.available) ?? 1)
  return {
    status: parts.status,
    version: () => ({ version, node, modelVersion, featureSchema: FEATURE_SCHEMA.version }),
    alerts: async (query) => (await alerts.newest(query.limit, matcher(query))).map(summaryOf),
    async alert(id) {
      const record = await alerts.get(id)
      return record && describeAlert(record, alertLogOdds)
    },
    async decisions({ limit, target }) {
      const view = monitor.view
      const found = decider.active().filter(({ value }) => target === undefined || value === target)
      return found.slice(-limit).reverse().map((decision) => describeDecision(decision, clock.wallMs(), view.isHeld(decision.value)))
    },
    addDecision: (request) => addDecision(parts, request),
    async deleteDecisions(selector: DecisionSelector) {
      const view = monitor.view
      const removed = decider.remove(selector)
      await responder.lift(removed, 'lifted')
      return removed.map((decision) => describeDecision(decision, clock.wallMs(), view.isHeld(decision.value)))
    },
    mode: () => decider.mode,
    previewMode: async (mode) => describeModeChange({ from: decider.mode, to: mode }, decider.previewMode(mode), clock.wallMs()),
    setMode: (mode) => setMode(parts, mode),
    subscribe: (query) => broadcast.subscribe(query),
    metrics: () => metrics.text(),
  }
}

/** An operator's block: in the kernel and on disk before the answer, or refused with the rule's name and nothing changed. */
async function addDecision(
  parts: AgentControlParts, { target, durationMs, reason }: NewDecision,
): ReturnType<AgentControl['addDecision']> {
  const { decider, responder, clock } = parts
  const before = new Map(decider.active().map((decision) => [decision.value, decision]))
  const answer = decider.add({ target, durationMs, reason }, clock.wallMs())
  if (answer.outcome === 'refused') return answer
  const { decision } = answer
  const former = before.get(decision.value)
  // The kernel and the reconciler keep the later of two ends: a block that is made shorter is made anew.
  if (former !== undefined && !former.simulated && former.untilMs > decision.untilMs) await responder.release([former])
  const [result] = await responder.enforce([decision])
  if (result !== undefined && result.outcome !== 'enforced') {
    await takeBack(parts, decision, former)
    return { outcome: 'refused', reason: result.reason }
  }
  // Others go on changing decisions while the enforcer is asked: what was lifted meanwhile must not come back with the next start.
  const standing = decider.on(decision.value)
  if (standing?.id !== decision.id) return { outcome: 'refused', reason: 'lifted' }
  await rememberOrUndo(parts, standing, former)
  return { outcome: 'added', decision: describeDecision(standing, clock.wallMs(), standing.simulated ? null : true) }
}

/** The enforcer did not do it: what it replaced comes back. Only what still stands goes: a newer one may have the same target. */
async function takeBack(parts: AgentControlParts, decision: ActiveDecision, former: ActiveDecision | undefined): Promise<void> {
  const { decider, responder } = parts
  await responder.lift(decider.remove({ id: decision.id }), 'lifted')
  if (former === undefined || !reinstate(parts, former)) return
  await responder.remember([former])
  await responder.enforce([former])
}

/** What cannot be written down would be lost by a crash: then it is taken back, and the operator hears of the failure. */
async function rememberOrUndo(parts: AgentControlParts, decision: ActiveDecision, former: ActiveDecision | undefined): Promise<void> {
  const { decider, responder } = parts
  try {
    await responder.remember([decision])
  } catch (error) {
    await responder.release(decider.remove({ id: decision.id }).filter(({ simulated }) => !simulated))
    // The store still has the former one.
    if (former !== undefined && reinstate(parts, former)) await responder.enforce([former])
    throw error
  }
}

/** Puts the decision back that one which failed had replaced, unless a newer one stands there. */
function reinstate({ decider, clock }: AgentControlParts, former: ActiveDecision): boolean {
  if (decider.on(former.value) !== undefined) return false
  return decider.restore([former], clock.wallMs()).length === 0
}

/** The new mode is on disk before it takes effect, so that a crash in between cannot bring the old one back. */
async function setMode(parts: AgentControlParts, to: Mode): ReturnType<AgentControl['setMode']> {
  const { decider, responder, store, clock, metrics } = parts
  const from = decider.mode
  await saveMode(store, to)
  const before = decider.active()
  const effect = decider.setMode(to)
  metrics.mode(to)
  const still = new Set(decider.active().map(({ id }) => id))
  // What was real must leave the kernel; what is gone altogether must also leave the store.
  const ended = before.filter(({ id }) => !still.has(id))
  const demoted = effect.lift.filter(({ id }) => still.has(id))
  await responder.lift([...ended, ...demoted], 'lifted')
  // What was decided meanwhile is on its own way, and has the new mode already.
  const known = new Set(before.map(({ id }) => id))
  const kept = decider.active().filter(({ id }) => known.has(id))
  await responder.remember(kept)
  await responder.enforce(kept.filter(({ id }) => effect.enforce.some((decision) => decision.id === id)))
  return describeModeChange({ from, to }, effect, clock.wallMs())
}

function matcher({ category, entity }: AlertQuery): (alert: AlertRecord) => boolean {
  return ({ verdict }) =>
    (category === undefined || verdict.category === category) && (entity === undefined || verdict.posterior.entity.value === entity)
}

function summaryOf({ verdict }: AlertRecord): AlertSummary {
  const { id, posterior, category, action, target, isSimulated, heldBackBy } = verdict
  const { observedAtMs, entity, probability } = posterior
  return { id, observedAtMs, entity, category, probability, action, target, isSimulated, heldBackBy: [...heldBackBy] }
}

function logit(probability: number): number {
  return Math.log(probability / (1 - probability))
}
