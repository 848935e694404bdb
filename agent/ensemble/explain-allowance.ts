import type { Posterior } from './posterior.ts'

/**
 * The sentence an operator asks for: without which of its reasons would this entity have been left alone? The fewest, strongest first,
 * whose absence brings the log-odds to `thresholdLogOdds` or below.
 */
export function explainAllowance(posterior: Posterior, thresholdLogOdds: number): string {
  if (posterior.logOdds <= thresholdLogOdds) return 'It was allowed: the evidence stays below the threshold.'
  let logOdds = posterior.logOdds
  const missing: string[] = []
  for (const { source, weight, logLikelihoodRatio } of posterior.contributions) {
    if (weight * logLikelihoodRatio <= 0) continue
    logOdds -= weight * logLikelihoodRatio
    missing.push(source)
    if (logOdds <= thresholdLogOdds) {
      return `It would have been allowed without ${missing.join(' and ')}: log-odds ${logOdds.toFixed(1)} `
        + `instead of ${posterior.logOdds.toFixed(1)} nats, threshold ${thresholdLogOdds.toFixed(1)}.`
    }
  }
  return `No evidence could be missing: the prior alone exceeds the threshold of ${thresholdLogOdds.toFixed(1)} nats.`
}
