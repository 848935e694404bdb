// How far an AUC strays from .5 when scores know nothing of labels.
import { LABEL } from '../../agent/learning/index.ts'
import type { TrainingSamples } from '../../agent/learning/index.ts'

/**
 * Standard deviation of the AUC over all ways to call `positives` of these scores positive: that of the Mann-Whitney
 * statistic with mid-ranks for ties (Lehmann, Nonparametrics, 1975, chapter 1, section 4).
 */
export function areaDeviation(scores: readonly number[], positives: number): number {
  const count = scores.length
  const negatives = count - positives
  const tied = [...Map.groupBy(scores, (score) => score).values()].reduce((sum, { length }) => sum + length ** 3 - length, 0)
  return Math.sqrt((count + 1 - tied / (count * (count - 1))) / (12 * positives * negatives))
}

/**
 * The same where labels were dealt out to whole captures and rows weigh 1/√n of their capture: each class then is worth as many
 * independent draws as (Σw)² / Σw² of its captures' weights w = √n says (Kish 1965). An upper bound, for it takes a
 * capture's rows as one draw.
 */
export function areaDeviationOfGroups({ labels, captures }: Pick<TrainingSamples, 'labels' | 'captures'>): number {
  const [positives, negatives] = [LABEL.attack, LABEL.benign].map((wanted) => {
    const rows = Array.from(captures).filter((_, row) => labels[row] === wanted)
    const weights = [...Map.groupBy(rows, (capture) => capture).values()].map(({ length }) => Math.sqrt(length))
    const sum = weights.reduce((total, weight) => total + weight, 0)
    return sum ** 2 / weights.reduce((total, weight) => total + weight ** 2, 0)
  })
  return Math.sqrt((positives! + negatives! + 1) / (12 * positives! * negatives!))
}
