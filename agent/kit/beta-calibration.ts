/**
 * Beta calibration of a score in (0, 1): Kull, Silva Filho, Flach, "Beta calibration" (AISTATS 2017).
 * With a, b >= 0 the map never falls as the score rises.
 */
export interface BetaCalibration {
  readonly a: number
  readonly b: number
  readonly c: number
}

/** Scores are float32: nearer to 0 or 1 than this they say nothing more about the odds. */
const SCORE_MARGIN = 1e-6

/** a ln s - b ln(1 - s) + c: the natural log of P(score | attack) / P(score | benign). */
export function calibratedLogRatio(calibration: BetaCalibration, score: number): number {
  const bounded = Math.min(1 - SCORE_MARGIN, Math.max(SCORE_MARGIN, score))
  return calibration.a * Math.log(bounded) - calibration.b * Math.log1p(-bounded) + calibration.c
}
