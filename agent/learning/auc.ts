/**
 * Area under the ROC curve: the probability that an attack scores above a benign row, ties counting half (Mann-Whitney U with mid-ranks).
 * With weights, rows are drawn in proportion to them. Null without both classes.
 */
export function areaUnderRoc(scores: ArrayLike<number>, labels: ArrayLike<number>, weights?: ArrayLike<number>): number | null {
  const order = Array.from({ length: scores.length }, (_, row) => row).sort((left, right) => scores[left]! - scores[right]!)
  let [attacks, benign, pairs] = [0, 0, 0]
  for (let start = 0; start < order.length;) {
    let [tiedAttacks, tiedBenign, end] = [0, 0, start]
    for (; end < order.length && scores[order[end]!] === scores[order[start]!]; end += 1) {
      const weight = weights?.[order[end]!] ?? 1
      if (labels[order[end]!] === 1) tiedAttacks += weight
      else tiedBenign += weight
    }
    pairs += tiedAttacks * (benign + tiedBenign / 2)
    attacks += tiedAttacks
    benign += tiedBenign
    start = end
  }
  return attacks > 0 && benign > 0 ? pairs / (attacks * benign) : null
}
