/** Scores of attack flows and of benign flows. */
export interface ScoredFlows {
  readonly positive: ArrayLike<number>
  readonly negative: ArrayLike<number>
}

/** How well the scores tell the classes apart, whatever the threshold. Null without both classes. */
export interface Ranking {
  /** Probability that an attack flow scores above a benign one, ties counting half (Mann-Whitney). */
  readonly auc: number | null
  /** Largest share of attack flows found by any threshold that takes at most the given share of benign flows. */
  readonly truePositiveRate: number | null
}

/** Scores of several captures as one array; millions of them are no list of arguments. */
export function joinScores(parts: readonly ArrayLike<number>[]): Float64Array {
  const joined = new Float64Array(parts.reduce((sum, part) => sum + part.length, 0))
  let start = 0
  for (const part of parts) {
    joined.set(part, start)
    start += part.length
  }
  return joined
}

/** One pass over all scores from the highest down; equal scores are taken together, because no threshold can part them. */
export function rank({ positive, negative }: ScoredFlows, falsePositiveRateMax: number): Ranking {
  if (positive.length === 0 || negative.length === 0) return { auc: null, truePositiveRate: null }
  const attacks = Float64Array.from(positive).sort().reverse()
  const benign = Float64Array.from(negative).sort().reverse()
  const benignMax = Math.floor(falsePositiveRateMax * benign.length + 1e-9)
  let [attack, innocent, pairsWon, found] = [0, 0, 0, 0]
  while (attack < attacks.length || innocent < benign.length) {
    const score = Math.max(attacks[attack] ?? Number.NEGATIVE_INFINITY, benign[innocent] ?? Number.NEGATIVE_INFINITY)
    const attackEnd = endOfRun(attacks, attack, score)
    const innocentEnd = endOfRun(benign, innocent, score)
    const tied = attackEnd - attack
    pairsWon += tied * (benign.length - innocentEnd + (innocentEnd - innocent) / 2)
    attack = attackEnd
    innocent = innocentEnd
    if (innocent <= benignMax) found = attack
  }
  return { auc: pairsWon / (attacks.length * benign.length), truePositiveRate: found / attacks.length }
}

function endOfRun(sorted: Float64Array, start: number, score: number): number {
  let end = start
  while (end < sorted.length && sorted[end] === score) end += 1
  return end
}
