import type { Settings } from '../config/index.ts'
import type { Action } from './verdict.ts'

/** The cost table of the configuration. */
export type Costs = Settings<'decision'>['costs']

/** Actions from the mildest to the strongest. */
export const ACTIONS: readonly Action[] = ['none', 'log', 'alert', 'rate-limit', 'block']

const COST_KEY = { none: 'none', log: 'log', alert: 'alert', 'rate-limit': 'rateLimit', block: 'block' } as const

/** The expected cost of `action` when the entity is malicious with `probability`. */
export function expectedCost(action: Action, probability: number, costs: Costs): number {
  const key = COST_KEY[action]
  return probability * costs.whenMalicious[key] + (1 - probability) * costs.whenBenign[key]
}

/** The available action of least expected cost; of equals the mildest. */
export function leastCostAction(probability: number, costs: Costs, available: readonly Action[]): Action {
  let best: Action = 'none'
  let least = Infinity
  for (const action of ACTIONS) {
    if (!available.includes(action)) continue
    const cost = expectedCost(action, probability, costs)
    if (cost < least) {
      best = action
      least = cost
    }
  }
  return best
}

/** Expected cost of every available action, for explanations. */
export function expectedCosts(probability: number, costs: Costs, available: readonly Action[]): Partial<Record<Action, number>> {
  return Object.fromEntries(available.map((action) => [action, expectedCost(action, probability, costs)]))
}

/**
 * The least posterior at which an action at least as strong as `action` is taken; undefined when no posterior makes it worth its cost.
 * Costs are linear in p, so the choice changes only where two lines cross: it is enough to look at those points.
 */
export function actionThreshold(action: Action, costs: Costs, available: readonly Action[]): number | undefined {
  const isStrongEnough = (p: number): boolean => ACTIONS.indexOf(leastCostAction(p, costs, available)) >= ACTIONS.indexOf(action)
  const crossings = available.flatMap((a) => available.map((b) => crossing(a, b, costs))).filter((p) => p >= 0 && p <= 1)
  // Exactly at a crossing the milder action wins, so the neighbourhood above it decides.
  return [0, ...crossings].sort((a, b) => a - b).find((p) => isStrongEnough(Math.min(1, p + 1e-9)))
}

function crossing(a: Action, b: Action, costs: Costs): number {
  const atZero = expectedCost(a, 0, costs) - expectedCost(b, 0, costs)
  const atOne = expectedCost(a, 1, costs) - expectedCost(b, 1, costs)
  return atZero === atOne ? Number.NaN : atZero / (atZero - atOne)
}
