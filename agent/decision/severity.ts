import type { Posterior } from '../ensemble/index.ts'
import { leastCostAction } from './expected-cost.ts'
import type { DecisionPolicy } from './decide.ts'
import type { Action } from './verdict.ts'

/** Suricata's severities: 1 is the gravest. */
export type Severity = 1 | 2 | 3 | 4

const SEVERITY: Readonly<Record<Action, Severity>> = { none: 4, log: 4, alert: 3, 'rate-limit': 2, block: 1 }

/** How grave a posterior is: by the action its costs ask for, whether or not a rule held it back. */
export function severityOf(posterior: Posterior, policy: DecisionPolicy): Severity {
  return SEVERITY[leastCostAction(posterior.probability, policy.decision.costs, policy.available)]
}
