/** A threshold on scores with its guarantee. */
export interface ConformalThreshold {
  /** A score strictly above it is called positive. */
  readonly threshold: number
  readonly benign: number
  readonly exceeding: number
}

/**
 * The lowest threshold whose false-positive rate is at most `rateMax` with probability 1 - `failureProbability`: the (k+1)-th largest
 * benign score, k the largest with BinCDF(k; n, rateMax) <= failureProbability (order statistics; Vovk, "Conditional validity of
 * inductive conformal predictors", 2012). Undefined where there are too few scores: 1 % at 5 % needs 299, 0.1 % needs 2 995.
 *
 * Holds only while new benign scores are exchangeable with these: under a shift of traffic it does not (learning.md, section 3, point 4).
 */
export function conformalThreshold(
  benignScores: Float64Array, rateMax: number, failureProbability: number,
): ConformalThreshold | undefined {
  const sorted = Float64Array.from(benignScores).sort().reverse()
  const exceeding = exceedingMax(sorted.length, rateMax, failureProbability)
  return exceeding < 0 ? undefined : { threshold: sorted[exceeding]!, benign: sorted.length, exceeding }
}

/**
 * The largest k with BinCDF(k; n, rate) <= limit; -1 where even k = 0 is above it.
 * Each term follows from the one before, in logarithms against underflow.
 */
function exceedingMax(n: number, rate: number, limit: number): number {
  let logTerm = n * Math.log1p(-rate)
  let cumulative = Math.exp(logTerm)
  let k = -1
  while (cumulative <= limit && k < n - 1) {
    k += 1
    logTerm += Math.log((n - k) / (k + 1)) + Math.log(rate) - Math.log1p(-rate)
    cumulative += Math.exp(logTerm)
  }
  return k
}
