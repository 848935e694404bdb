import { formatPrefix, parseAddress, parsePrefix } from '../kit/index.ts'
import type { Settings } from '../config/index.ts'
import type { Entity, Posterior } from '../ensemble/index.ts'
import { expectedCosts, leastCostAction } from './expected-cost.ts'
import type { NeverBlockList } from './never-block.ts'
import type { Action, Mode, Verdict } from './verdict.ts'

/** What holds for all verdicts until the configuration changes. */
export interface DecisionPolicy {
  readonly decision: Settings<'decision'>
  readonly response: Settings<'response'>
  /** Actions that somebody can carry out: without a rate limiter in the kernel, `rate-limit` is not among them. */
  readonly available: readonly Action[]
}

/** What else a verdict depends on. */
export interface DecisionContext {
  readonly nowMs: number
  readonly mode: Mode
  readonly policy: DecisionPolicy
  readonly neverBlock: NeverBlockList
  /** How often this target was blocked before, within the memory for offenders. */
  readonly formerOffences: number
  /** Whether the caps leave room for one more block. */
  readonly hasRoom: boolean
  /** Whether the enforcer refused this target a moment ago. */
  readonly isRefused: boolean
}

/** A verdict before it has a number. */
export type Judgement = Omit<Verdict, 'id'>

/**
 * The action of least expected cost that no safety rule forbids. A rule that forbids containment leaves an alert, never silence.
 *
 * Rules, in the words of `heldBackBy`:
 * `victim` — the entity suffers a spoofed or reflected flood; its sources are unknown and it must not be punished.
 * `no-address` — a VPN peer's name has no address to act on.
 * `uncorroborated` — only learned models speak against it.
 * `never-block` — the target overlaps the effective list. `refused` — the enforcer, whose list knows more, would not do it.
 * `cap` — too many blocks at once or within a minute.
 * `unverified-source` — the address may be forged, so the block is short. `mode` — observed, not enforced.
 */
export function decide(posterior: Posterior, context: DecisionContext): Judgement {
  const { policy, nowMs } = context
  const wanted = context.mode === 'off' ? 'none' : leastCostAction(posterior.probability, policy.decision.costs, policy.available)
  const judgement = {
    posterior,
    category: posterior.category,
    decidedAtMs: nowMs,
    expectedCosts: expectedCosts(posterior.probability, policy.decision.costs, policy.available),
  }
  const mild = { ...judgement, target: '', durationMs: 0, isSimulated: false }
  if (!isContainment(wanted)) return { ...mild, action: wanted, heldBackBy: context.mode === 'off' ? ['mode'] : [] }

  const target = targetOf(posterior.entity, policy.response.blockPrefixLength6)
  const objections = objectionsTo(posterior, target, context)
  if (objections.length > 0) return { ...mild, action: 'alert', heldBackBy: objections }

  const isSimulated = context.mode !== 'enforce'
  const heldBackBy = [...(posterior.sourceVerified ? [] : ['unverified-source']), ...(isSimulated ? ['mode'] : [])]
  return { ...judgement, action: wanted, target, durationMs: durationOf(posterior, context), isSimulated, heldBackBy }
}

/** Whether an action keeps packets out, wholly or in part. */
export function isContainment(action: Action): boolean {
  return action === 'rate-limit' || action === 'block'
}

/** The address to act on: the entity's own, for IPv6 as wide as configured; empty for victims and names. */
export function targetOf(entity: Entity, prefixLength6: number): string {
  if (entity.kind === 'victim' || entity.kind === 'vpn-peer') return ''
  const address = parseAddress(entity.value)
  if (address === undefined) return ''
  if (address.version === 4 || prefixLength6 === 128) return entity.value
  const prefix = parsePrefix(`${entity.value}/${prefixLength6}`)
  return prefix === undefined ? '' : formatPrefix(prefix)
}

function objectionsTo(posterior: Posterior, target: string, context: DecisionContext): string[] {
  const { policy, neverBlock, hasRoom, isRefused } = context
  if (posterior.entity.kind === 'victim') return ['victim']
  if (target === '') return ['no-address']
  return [
    ...(isCorroborated(posterior, policy.decision.corroborationMin) ? [] : ['uncorroborated']),
    ...(neverBlock.neverBlockReason(target) === undefined ? [] : ['never-block']),
    ...(hasRoom ? [] : ['cap']),
    ...(isRefused ? ['refused'] : []),
  ]
}

/**
 * No automatic containment on a model's word alone (splunk/security_content#4220). Evidence tests carry a dotted name, `what.test`
 * (`scan.random-walk`); models and the prior a plain one (`forest`, `sequence`, `prior`); what is merely unusual for the entity is
 * `anomaly.` something, learned as well, and corroborates nothing.
 */
function isCorroborated({ contributions }: Posterior, minimum: number): boolean {
  const evidence = contributions.filter(({ source }) => source.includes('.') && !source.startsWith('anomaly.'))
  return evidence.reduce((sum, { weight, logLikelihoodRatio }) => sum + weight * logLikelihoodRatio, 0) >= minimum
}

function durationOf(posterior: Posterior, { policy, formerOffences }: DecisionContext): number {
  const { durationMs, escalationFactor, durationMsMax, unverifiedDurationMsMax } = policy.response
  const escalated = Math.min(durationMsMax, durationMs * escalationFactor ** formerOffences)
  return posterior.sourceVerified ? escalated : Math.min(durationMs, unverifiedDurationMsMax)
}
