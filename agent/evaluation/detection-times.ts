/** The share of truths found until a moment, or until a number of packets. */
export interface ReachedShare {
  readonly at: number
  readonly share: number
}

/** Steps of the cumulative share, misses (infinite) in the denominator: a curve that ends below 1 missed the rest. */
export function reachedShares(values: readonly number[]): readonly ReachedShare[] {
  const found = values.filter(Number.isFinite).sort((left, right) => left - right)
  return found.flatMap((at, index) => (found[index + 1] === at ? [] : [{ at, share: (index + 1) / values.length }]))
}
