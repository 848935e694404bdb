/**
 * decision: posterior, costs, mode, never-block list and caps in; verdict out.
 *
 * In:     Posterior; Mode; the effective never-block list; what is already in force.
 * Out:    Verdict: the action of least expected cost that no safety rule forbids.
 * Bounds: remembered entities and active decisions are bounded; the oldest expire first.
 * Throws: nothing.
 */
export type { Action, Mode, Verdict } from './verdict.ts'
