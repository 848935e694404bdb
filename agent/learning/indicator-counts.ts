/** How often a binary indicator held among attacks and among benign rows. */
export interface IndicatorCounts {
  readonly attackPresent: number
  readonly attackTotal: number
  readonly benignPresent: number
  readonly benignTotal: number
}

/** Log-likelihood ratios of an indicator, nats: where it holds, and where it does not, for absence counts too. */
export interface IndicatorRatios {
  readonly present: number
  readonly absent: number
}

/** One imagined observation of each kind: never seen is not impossible (Beta(1, 1), the rule of succession). */
const PSEUDO_COUNT = 1

/** Beta-Bernoulli: the posterior mean of each class's rate, as log ratios. */
export function indicatorRatios(counts: IndicatorCounts): IndicatorRatios {
  const attackRate = (counts.attackPresent + PSEUDO_COUNT) / (counts.attackTotal + 2 * PSEUDO_COUNT)
  const benignRate = (counts.benignPresent + PSEUDO_COUNT) / (counts.benignTotal + 2 * PSEUDO_COUNT)
  return { present: Math.log(attackRate / benignRate), absent: Math.log((1 - attackRate) / (1 - benignRate)) }
}
