import type { CapturedPacket, Rewrite } from './captured-packet.ts'

/**
 * Two captures as one, in order of time: at each step the earlier of both heads, the first capture's where they are equal. Each keeps its
 * own order. An implant is a merge of a background with a clip that `shiftTime` and `remapAddresses` have brought into it.
 */
export function* merge(first: Iterable<CapturedPacket>, second: Iterable<CapturedPacket>): Generator<CapturedPacket> {
  const others = second[Symbol.iterator]()
  let other = others.next()
  for (const packet of first) {
    for (; other.done !== true && other.value.atNs < packet.atNs; other = others.next()) yield other.value
    yield packet
  }
  for (; other.done !== true; other = others.next()) yield other.value
}

/** Applies rewrites to every packet, the first one first. */
export function* rewriteAll(packets: Iterable<CapturedPacket>, ...rewrites: readonly Rewrite[]): Generator<CapturedPacket> {
  for (const packet of packets) yield rewrites.reduce((rewritten, rewrite) => rewrite(rewritten), packet)
}
