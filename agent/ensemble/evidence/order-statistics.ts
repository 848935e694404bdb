/** Median and median absolute deviation of a few numbers. */
export interface Spread {
  readonly median: number
  /** MAD / median; 0 is perfectly regular. Infinite where the median is 0. */
  readonly relativeDeviation: number
}

/** Sorts in place and gives the median of the numbers, which must not be none. */
export function medianOf(values: Float64Array): number {
  values.sort()
  const middle = values.length >> 1
  return values.length % 2 === 1 ? values[middle]! : (values[middle - 1]! + values[middle]!) / 2
}

/** Robust centre and spread; the numbers are overwritten. */
export function spreadOf(values: Float64Array): Spread {
  const median = medianOf(values)
  for (let index = 0; index < values.length; index++) values[index] = Math.abs(values[index]! - median)
  return { median, relativeDeviation: median > 0 ? medianOf(values) / median : Number.POSITIVE_INFINITY }
}
