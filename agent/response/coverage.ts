import { compareIntervals, overlaps, parsePrefix } from './address-interval.ts'
import type { AddressInterval } from './address-interval.ts'
import { BlockMap } from './block-map.ts'
import type { EnforcedElement } from './enforcer.ts'

/**
 * How long the kernel still keeps out *every* address of a target. Mostly its very prefix is there; where bans overlap, the kernel
 * holds pieces, and the shortest of those that cover the target counts. 0 when an address of it is free.
 */
export function remainingIn(actual: readonly EnforcedElement[]): (target: string) => number {
  const byTarget = new Map(actual.map(({ target, remainingMs }) => [target, remainingMs]))
  let pieces: Piece[] | undefined
  return (target) => {
    const exact = byTarget.get(target)
    if (exact !== undefined) return exact
    pieces ??= sortedPieces(actual)
    return coveredFor(parsePrefix(target)!, pieces)
  }
}

/** How many elements of the kernel have no address in common with any of the prefixes. */
export function countOutside(actual: readonly EnforcedElement[], prefixes: readonly string[]): number {
  const known = new Set(prefixes)
  const unknown = actual.filter(({ target }) => !known.has(target)).map(({ target }) => parsePrefix(target))
  if (unknown.length === 0) return 0
  const wanted = new BlockMap()
  for (const prefix of prefixes) wanted.paint(parsePrefix(prefix)!, 0)
  return unknown.filter((interval) => interval !== undefined && !touches(interval, wanted.elements())).length
}

interface Piece {
  readonly interval: AddressInterval
  readonly remainingMs: number
}

function sortedPieces(actual: readonly EnforcedElement[]): Piece[] {
  const pieces = actual.flatMap(({ target, remainingMs }) => {
    const interval = parsePrefix(target)
    return interval === undefined ? [] : [{ interval, remainingMs }]
  })
  return pieces.sort((one, other) => compareIntervals(one.interval, other.interval))
}

function touches(interval: AddressInterval, sorted: readonly { readonly interval: AddressInterval }[]): boolean {
  const nearest = sorted[firstReaching(interval, sorted)]
  return nearest !== undefined && overlaps(nearest.interval, interval)
}

function coveredFor(target: AddressInterval, pieces: readonly Piece[]): number {
  let next = target.first
  let remainingMs = Infinity
  for (let i = firstReaching(target, pieces); i < pieces.length && next <= target.last; i += 1) {
    const piece = pieces[i]!
    if (!overlaps(piece.interval, target) || piece.interval.first > next) return 0
    next = piece.interval.last + 1n
    remainingMs = Math.min(remainingMs, piece.remainingMs)
  }
  return next > target.last ? remainingMs : 0
}

/** The first piece that ends at or after the target's first address. */
function firstReaching(target: AddressInterval, pieces: readonly { readonly interval: AddressInterval }[]): number {
  let [low, high] = [0, pieces.length]
  while (low < high) {
    const middle = (low + high) >> 1
    const { family, last } = pieces[middle]!.interval
    const isBefore = family === target.family ? last < target.first : family < target.family
    if (isBefore) low = middle + 1
    else high = middle
  }
  return low
}
