import { incompleteBeta, upperIncompleteGamma } from './special-functions.ts'

/** A proportion with its exact two-sided 95 % interval; null without trials. */
export interface Proportion {
  readonly value: number | null
  readonly lower95: number | null
  readonly upper95: number | null
}

const MISS = 0.05
/** Halving an interval this often leaves it at the precision of a double. */
const HALVINGS = 200

/**
 * The exact upper 95 % bound (one-sided) of a Poisson mean after `count` events: the mean at which that few would come in 5 % of
 * the cases (Garwood 1936). For 0 events it is 2.996, the "rule of three".
 */
export function poissonUpper95(count: number): number {
  // P(X <= count; mean) = Q(count + 1, mean), falling in the mean.
  let high = count + 10
  while (upperIncompleteGamma(count + 1, high) > MISS) high *= 2
  return solve((mean) => MISS - upperIncompleteGamma(count + 1, mean), 0, high)
}

/** `successes` of `trials` with the Clopper-Pearson interval (Biometrika 1934), 2.5 % on each side. */
export function proportion(successes: number, trials: number): Proportion {
  if (trials === 0) return { value: null, lower95: null, upper95: null }
  const failures = trials - successes
  return {
    value: successes / trials,
    lower95: successes === 0 ? 0 : solve((p) => incompleteBeta(p, successes, failures + 1) - MISS / 2, 0, 1),
    upper95: failures === 0 ? 1 : solve((p) => incompleteBeta(p, successes + 1, failures) - (1 - MISS / 2), 0, 1),
  }
}

/** The zero of a rising function between `low` and `high`, by bisection. */
function solve(rising: (x: number) => number, low: number, high: number): number {
  let [below, above] = [low, high]
  for (let step = 0; step < HALVINGS; step += 1) {
    const middle = (below + above) / 2
    if (middle === below || middle === above) break
    if (rising(middle) < 0) below = middle
    else above = middle
  }
  return (below + above) / 2
}
