/**
 * Edits that turn `a` into `b`: insertions, deletions, substitutions and swaps of neighbours
 * (optimal string alignment; Damerau, "A technique for computer detection and correction of spelling errors", CACM 1964).
 */
export function editDistance(a: string, b: string): number {
  let before: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const substituted = last[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      row.push(Math.min(last[j]! + 1, row[j - 1]! + 1, substituted, isSwap ? before[j - 2]! + 1 : Infinity))
    }
    before = last
    last = row
  }
  return last[b.length]!
}

/** The candidate nearest to `text`, if it is near enough to be what was meant: at most a third of it wrong. */
export function nearest(text: string, candidates: readonly string[]): string | undefined {
  const wanted = text.slice(0, 64).toLowerCase()
  let best: string | undefined
  let bestDistance = Math.max(1, Math.floor(wanted.length / 3)) + 1
  for (const candidate of candidates) {
    const distance = editDistance(wanted, candidate.toLowerCase())
    if (distance < bestDistance) {
      best = candidate
      bestDistance = distance
    }
  }
  return best
}
