/** The only source of chance in the agent. Never for keys, nonces or tokens: those come from node:crypto through its edge. */
export interface Random {
  /** A number in [0, 1), uniform. */
  uniform(): number
}

/**
 * A small deterministic generator for training, simulation and tests.
 *
 * SplitMix32: a Weyl sequence put through the murmur3 finaliser variant of Steele, Lea and Flood,
 * "Fast splittable pseudorandom number generators" (OOPSLA 2014), cut to 32 bits. Period 2^32.
 *
 * @param seed any integer; only its low 32 bits count
 */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0
  return {
    uniform() {
      state = (state + 0x9e3779b9) >>> 0
      let mixed = state ^ (state >>> 16)
      mixed = Math.imul(mixed, 0x21f0aaad)
      mixed ^= mixed >>> 15
      mixed = Math.imul(mixed, 0x735a2d97)
      mixed ^= mixed >>> 15
      return (mixed >>> 0) / 0x1_0000_0000
    },
  }
}

/** A whole number in [0, below). `below` is a positive integer up to 2^32. */
export function integerBelow(random: Random, below: number): number {
  return Math.floor(random.uniform() * below)
}
