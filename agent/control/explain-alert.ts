import type { Alert, Explanation } from './schema.ts'

/**
 * An alert with its counterfactuals. The log-odds are a plain sum, so leaving summands out gives exactly what the posterior
 * would have been without them: first every contribution whose absence alone would have sufficed; where none does, the
 * fewest that suffice together (the largest first, which no other choice of as many can beat).
 */
export function explainAlert(alert: Alert): Explanation {
  const reasons = alert.contributions
    .map(({ source, weight, logLikelihoodRatio }) => ({ source, share: weight * logLikelihoodRatio }))
    .filter(({ source, share }) => share > 0 && source !== 'prior')
    .sort((a, b) => b.share - a.share)
  const without = (leftOut: typeof reasons) => {
    const logOdds = leftOut.reduce((sum, { share }) => sum - share, alert.logOdds)
    return { without: leftOut.map(({ source }) => source), logOdds, probability: 1 / (1 + Math.exp(-logOdds)) }
  }

  const isAllowed = ({ logOdds }: { readonly logOdds: number }) => logOdds < alert.thresholdLogOdds
  const alone = reasons.map((reason) => without([reason])).filter(isAllowed)
  if (alone.length > 0) return { ...alert, wouldBeAllowedIf: alone }
  const together = reasons.map((_, index) => without(reasons.slice(0, index + 1))).find(isAllowed)
  return { ...alert, wouldBeAllowedIf: together === undefined ? [] : [together] }
}
