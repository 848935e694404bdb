import type { Verdict } from './verdict.ts'

/** A decision in force, with CrowdSec's words for its fields. `value` is unique among those in force. */
export interface ActiveDecision {
  readonly id: number
  /** `phantommesh` for the agent's own, `phantomctl` for an operator's. */
  readonly origin: 'phantommesh' | 'phantomctl'
  readonly type: 'ban' | 'throttle'
  readonly scope: 'Ip' | 'Range'
  readonly value: string
  readonly scenario: string
  /** True where the mode keeps it out of the kernel. */
  readonly simulated: boolean
  readonly createdAtMs: number
  readonly untilMs: number
  /** The alert it came from, null for an operator's. */
  readonly alertId: number | null
  readonly reason: string
}

/** The decision that a verdict to rate-limit or block asks for. */
export function decisionOf(verdict: Verdict): ActiveDecision {
  return {
    id: verdict.id,
    origin: 'phantommesh',
    type: verdict.action === 'rate-limit' ? 'throttle' : 'ban',
    scope: scopeOf(verdict.target),
    value: verdict.target,
    scenario: `phantommesh/${verdict.category}`,
    simulated: verdict.isSimulated,
    createdAtMs: verdict.decidedAtMs,
    untilMs: verdict.decidedAtMs + verdict.durationMs,
    alertId: verdict.id,
    reason: verdict.posterior.contributions[0]?.detail ?? '',
  }
}

/** CrowdSec's scope of a target. */
export function scopeOf(target: string): 'Ip' | 'Range' {
  return target.includes('/') ? 'Range' : 'Ip'
}
