/**
 * A duration in whole seconds as Go prints it: `59m58s`, `4h0m0s`. Hours are the largest unit, because Go has no days
 * and CrowdSec's bouncers parse this field.
 */
export function goDuration(durationMs: number): string {
  const seconds = Math.max(0, Math.floor(durationMs / 1_000))
  const hours = Math.floor(seconds / 3_600)
  const minutes = Math.floor(seconds / 60) % 60
  const tail = `${seconds % 60}s`
  if (hours > 0) return `${hours}h${minutes}m${tail}`
  return minutes > 0 ? `${minutes}m${tail}` : tail
}
