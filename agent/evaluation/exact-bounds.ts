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

/**
 * The mean of `n` independent values in [0, 1] with an interval that holds at 95 % whatever their distribution: Chernoff's bound in the
 * form of Hoeffding (1963, theorem 1), n · KL(mean, bound) = ln 40 on each side. At 0 and 1 it is the interval of Clopper and Pearson.
 */
export function boundedMean(values: readonly number[]): Proportion {
  const n = values.length
  if (n === 0) return { value: null, lower95: null, upper95: null }
  const value = values.reduce((sum, each) => sum + each, 0) / n
  const limit = Math.log(2 / MISS) / n
  return {
    value,
    lower95: value <= 0 ? 0 : solve((p) => limit - divergence(value, p), 0, value),
    upper95: value >= 1 ? 1 : solve((p) => divergence(value, p) - limit, value, 1),
  }
}

/** Kullback-Leibler divergence of two coins, nats. */
function divergence(p: number, q: number): number {
  const part = (share: number, of: number): number => (share <= 0 ? 0 : share * Math.log(share / of))
  return part(p, q) + part(1 - p, 1 - q)
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
