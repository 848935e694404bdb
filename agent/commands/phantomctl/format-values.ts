/** Numbers and instants as people read them. Pure; UTC everywhere, so that lines of several nodes compare. */

/** `2026-11-23 18:00:00Z` */
export function formatInstant(atMs: number): string {
  return `${new Date(atMs).toISOString().slice(0, 19).replace('T', ' ')}Z`
}

/** `12`, `4.2 k`, `1.25 M`: three digits that count. */
export function formatCount(count: number): string {
  const scale = [[1e9, 'G'], [1e6, 'M'], [1e4, 'k']] as const
  const [divisor, unit] = scale.find(([least]) => count >= least) ?? [1, '']
  if (divisor === 1) return String(count)
  const value = count / (unit === 'k' ? 1e3 : divisor)
  return `${value.toPrecision(3)} ${unit}`
}

/** A probability with as many digits as it takes not to look certain: `0.9994`, `0.50`. */
export function formatProbability(probability: number): string {
  const distance = Math.min(probability, 1 - probability)
  const digits = distance <= 0 ? 2 : Math.min(6, Math.max(2, Math.ceil(-Math.log10(distance) - 1e-9)))
  return probability.toFixed(digits)
}

/** `1.2 ms`, `3.40 s` */
export function formatLatency(latencyMs: number): string {
  return latencyMs < 1_000 ? `${latencyMs.toFixed(1)} ms` : `${(latencyMs / 1_000).toFixed(2)} s`
}

/** `+7.40`, `-0.10` */
export function formatSigned(value: number): string {
  return `${value < 0 ? '-' : '+'}${Math.abs(value).toFixed(2)}`
}
