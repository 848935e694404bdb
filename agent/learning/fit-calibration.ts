import type { BetaCalibration } from '../kit/index.ts'
import { fitBoundedLogistic } from './bounded-logistic.ts'

/** Scores with labels (1 attack, 0 benign) and weights. */
export interface ScoredRows {
  readonly scores: ArrayLike<number>
  readonly labels: ArrayLike<number>
  readonly weights: ArrayLike<number>
}

/** Slopes above this say that the classes were separated, which a sample of captures cannot prove. */
const SLOPE_MAX = 100
const INTERCEPT_MAX = 1_000
/** Just enough for a unique minimum where one class is missing on one side. */
const RIDGE = 1e-4
const SCORE_MARGIN = 1e-6

/**
 * Beta calibration (Kull 2017): logistic regression on ln s and -ln(1 - s) with slopes of at least 0, so that the map never falls.
 * The classes are weighted equally, so what comes out is a log-likelihood ratio and carries no base rate.
 */
export function fitBetaCalibration(rows: ScoredRows): BetaCalibration {
  const count = rows.scores.length
  const features = new Float64Array(count * 3)
  for (let row = 0; row < count; row += 1) {
    const score = Math.min(1 - SCORE_MARGIN, Math.max(SCORE_MARGIN, rows.scores[row]!))
    features.set([Math.log(score), -Math.log1p(-score), 1], row * 3)
  }
  const [a, b, c] = fitBoundedLogistic({
    features, width: 3, labels: rows.labels, weights: balanceClasses(rows.labels, rows.weights),
    lower: [0, 0, -INTERCEPT_MAX], upper: [SLOPE_MAX, SLOPE_MAX, INTERCEPT_MAX], ridge: [RIDGE, RIDGE, RIDGE * 1e-3], centre: [1, 1, 0],
  })
  return { a: a!, b: b!, c: c! }
}

/** Scales the weights so that both classes weigh the same in all. */
export function balanceClasses(labels: ArrayLike<number>, weights: ArrayLike<number>): Float64Array {
  const totals = [0, 0]
  for (let row = 0; row < labels.length; row += 1) totals[labels[row]!]! += weights[row]!
  return Float64Array.from({ length: labels.length }, (_, row) => weights[row]! / totals[labels[row]!]!)
}
