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
