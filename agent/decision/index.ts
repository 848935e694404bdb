/**
 * decision: posterior, costs, mode, never-block list and caps in; verdict out.
 *
 * In:     Posterior; Mode; the effective never-block list; what is already in force.
 * Out:    Verdict: the action of least expected cost that no safety rule forbids.
 * Units:  costs in minutes of an operator's work; milliseconds of whatever clock the caller uses (packet time in replay).
 * Bounds: remembered entities and active decisions are bounded; the oldest expire first.
 * Throws: nothing.
 */
export { decisionOf, scopeOf } from './active-decision.ts'
export type { ActiveDecision } from './active-decision.ts'
export type { AlertEnforcement, AlertRecord } from './alert.ts'
export { decide, isContainment, targetOf } from './decide.ts'
export type { DecisionContext, DecisionPolicy, Judgement } from './decide.ts'
export { Decider } from './decider.ts'
export type { DeciderCounters, DeciderStart, ModeEffect, OperatorAnswer, OperatorRequest } from './decider.ts'
export { ACTIONS, actionThreshold, expectedCost, leastCostAction } from './expected-cost.ts'
export type { Costs } from './expected-cost.ts'
export { defaultRouteInterface, localProtection, sshConnections } from './local-protection.ts'
export type { LocalTexts } from './local-protection.ts'
export { NeverBlockList, NO_HOST } from './never-block.ts'
export type { ProtectedPrefix } from './never-block.ts'
export { severityOf } from './severity.ts'
export type { Severity } from './severity.ts'
export { SshSessions } from './ssh-sessions.ts'
export type { SshConnection } from './ssh-sessions.ts'
export type { Action, Mode, Verdict } from './verdict.ts'
