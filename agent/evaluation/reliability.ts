import { proportion } from './exact-bounds.ts'
import type { Proportion } from './exact-bounds.ts'

/** Cases whose predicted probability lies in [from, to). */
export interface ReliabilityBin {
  readonly from: number
  readonly to: number
  readonly count: number
  /** Mean prediction; null in an empty bin. */
  readonly predicted: number | null
  /** Share that was true, with its exact interval. */
  readonly observed: Proportion
}

/** How far predictions can be taken at their word. */
export interface Reliability {
  readonly bins: readonly ReliabilityBin[]
  /** Expected calibration error: Σ share of the bin · |predicted − observed|. Null without cases. */
  readonly expectedError: number | null
  /** Share of true cases. A calibration holds for one base rate only. */
  readonly baseRate: number | null
}

/** Predictions in [0, 1] of true and false cases in bins of equal width. */
export function reliability(positive: ArrayLike<number>, negative: ArrayLike<number>, binCount = 10): Reliability {
  const [counts, hits, sums] = [new Float64Array(binCount), new Float64Array(binCount), new Float64Array(binCount)]
  const add = (values: ArrayLike<number>, hit: number): void => {
    for (let index = 0; index < values.length; index += 1) {
      const bin = Math.min(binCount - 1, Math.floor(values[index]! * binCount))
      counts[bin]! += 1
      hits[bin]! += hit
      sums[bin]! += values[index]!
    }
  }
  add(positive, 1)
  add(negative, 0)
  const total = positive.length + negative.length
  const bins = Array.from(counts, (count, bin): ReliabilityBin => ({
    from: bin / binCount, to: (bin + 1) / binCount, count,
    predicted: count === 0 ? null : sums[bin]! / count,
    observed: proportion(hits[bin]!, count),
  }))
  if (total === 0) return { bins, expectedError: null, baseRate: null }
  const error = bins.reduce((sum, { count }, bin) => sum + (count === 0 ? 0 : Math.abs(sums[bin]! - hits[bin]!)), 0)
  return { bins, expectedError: error / total, baseRate: positive.length / total }
}
