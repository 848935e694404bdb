/** Durations as operators and CrowdSec write them (Go's time.ParseDuration with days): `90s`, `1h30m`, `7d`. */

/** The shortest enforcement; the enforcer's own bound. */
export const DURATION_MS_MIN = 1_000
/** The longest enforcement, 7 d; the enforcer's own bound. */
export const DURATION_MS_MAX = 7 * 24 * 3_600_000

const UNITS: readonly (readonly [suffix: string, ms: number])[] = [['d', 86_400_000], ['h', 3_600_000], ['m', 60_000], ['s', 1_000]]

/** Milliseconds of `text`, or undefined when it is not a duration. */
export function parseDuration(text: string): number | undefined {
  const match = /^(?:(\d{1,9})d)?(?:(\d{1,9})h)?(?:(\d{1,9})m)?(?:(\d{1,9})s)?$/.exec(text)
  if (match === null || text === '') return undefined
  return UNITS.reduce((sum, [, ms], index) => sum + Number(match[index + 1] ?? 0) * ms, 0)
}

/**
 * A duration in whole seconds as Go prints it: `59m58s`, `4h0m0s`. Hours are the largest unit, because Go has no days
 * and CrowdSec's bouncers parse this field.
 */
export function formatDuration(durationMs: number): string {
  const seconds = Math.max(0, Math.floor(durationMs / 1_000))
  const hours = Math.floor(seconds / 3_600)
  const minutes = Math.floor(seconds / 60) % 60
  const tail = `${seconds % 60}s`
  if (hours > 0) return `${hours}h${minutes}m${tail}`
  return minutes > 0 ? `${minutes}m${tail}` : tail
}
