/** One bucket of a cumulative histogram: how many observations were at most `upTo`. */
export interface Bucket {
  readonly upTo: number
  readonly count: number
}

/**
 * The quantile of a cumulative histogram as Prometheus computes it (histogram_quantile): linear within the bucket, and the lower
 * bound of the last bucket when it falls beyond all finite ones. Buckets are sorted and end with infinity.
 */
export function quantile(share: number, buckets: readonly Bucket[]): number {
  const total = buckets.at(-1)?.count ?? 0
  if (total === 0) return Number.NaN
  const rank = share * total
  const index = buckets.findIndex((bucket) => bucket.count >= rank)
  const bucket = buckets[index]!
  const below = buckets[index - 1] ?? { upTo: 0, count: 0 }
  if (!Number.isFinite(bucket.upTo)) return below.upTo
  return below.upTo + (bucket.upTo - below.upTo) * ((rank - below.count) / (bucket.count - below.count))
}
