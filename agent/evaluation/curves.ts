/** Attack flows of one kind; together they weigh `weight`, however many they are. */
export interface WeightedScores {
  readonly scores: Float64Array
  readonly weight: number
}

/** One operating point: the shares found and falsely called at a threshold. */
export interface CurvePoint {
  readonly falsePositiveRate: number
  readonly truePositiveRate: number
}

/**
 * ROC points from the strictest threshold to the laxest, one a distinct score; all groups share the threshold. Empty without both
 * classes. Groups are weighted so that a flood of a million flows has no more votes than a scan of a thousand.
 */
export function weightedCurve(groups: readonly WeightedScores[], negative: Float64Array): readonly CurvePoint[] {
  const filled = groups.filter(({ scores }) => scores.length > 0)
  const total = filled.reduce((sum, { weight }) => sum + weight, 0)
  if (total <= 0 || negative.length === 0) return []
  const lists = [negative, ...filled.map(({ scores }) => scores)].map((scores) => Float64Array.from(scores).sort().reverse())
  const share = [1 / negative.length, ...filled.map(({ scores, weight }) => weight / total / scores.length)]
  const next = new Uint32Array(lists.length)
  const sums = new Float64Array(lists.length)
  const points: CurvePoint[] = [{ falsePositiveRate: 0, truePositiveRate: 0 }]
  for (;;) {
    const score = lists.reduce((most, list, index) => Math.max(most, list[next[index]!] ?? -Infinity), -Infinity)
    if (score === -Infinity) return points
    for (const [index, list] of lists.entries()) {
      let at = next[index]!
      while (at < list.length && list[at] === score) at += 1
      sums[index] = at * share[index]!
      next[index] = at
    }
    append(points, { falsePositiveRate: sums[0]!, truePositiveRate: sums.subarray(1).reduce((sum, each) => sum + each, 0) })
  }
}

/** Smaller steps than this nobody sees in a picture, and a million points would be kept for nothing. */
const STEP_MIN = 1e-5

function append(points: CurvePoint[], point: CurvePoint): void {
  const [before, last] = [points.at(-2), points.at(-1)!]
  const isTiny = before !== undefined && point.falsePositiveRate - before.falsePositiveRate < STEP_MIN
    && point.truePositiveRate - before.truePositiveRate < STEP_MIN
  if (isTiny && last.falsePositiveRate > 0) points[points.length - 1] = point
  else points.push(point)
}

/** The share found at the laxest point that calls at most this share of benign flows; what a ranking without ties could promise. */
export function truePositiveRateAt(points: readonly CurvePoint[], falsePositiveRate: number): number {
  let found = 0
  for (const point of points) {
    if (point.falsePositiveRate > falsePositiveRate + 1e-12) break
    found = point.truePositiveRate
  }
  return found
}

/** Precision where the given share of all flows were attacks: shares found and falsely called do not depend on it, precision does. */
export function precisionAt({ falsePositiveRate, truePositiveRate }: CurvePoint, baseRate: number): number | null {
  const found = baseRate * truePositiveRate
  const called = found + (1 - baseRate) * falsePositiveRate
  return called > 0 ? found / called : null
}

/** At most `count` points, the first and the last among them, spread evenly along the curve's own length. */
export function thinCurve(points: readonly CurvePoint[], count: number): readonly CurvePoint[] {
  if (points.length <= count) return points
  const lengths = new Float64Array(points.length)
  for (let index = 1; index < points.length; index += 1) {
    lengths[index] = lengths[index - 1]! + distance(points[index - 1]!, points[index]!)
  }
  const step = lengths.at(-1)! / (count - 1)
  const kept: CurvePoint[] = []
  let due = 0
  for (const [index, point] of points.entries()) {
    if (lengths[index]! + 1e-12 < due && index < points.length - 1) continue
    kept.push(point)
    due = (Math.floor(lengths[index]! / step) + 1) * step
  }
  return kept
}

/** Rates of false alarms are looked at by their order of magnitude. */
const RATE_MIN = 1e-4

function distance(left: CurvePoint, right: CurvePoint): number {
  const magnitude = (rate: number): number => Math.log10(Math.max(rate, RATE_MIN)) / -Math.log10(RATE_MIN)
  return Math.abs(magnitude(right.falsePositiveRate) - magnitude(left.falsePositiveRate)) + right.truePositiveRate - left.truePositiveRate
}
