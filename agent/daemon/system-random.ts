import type { Random } from '../kit/index.ts'

/** Chance from the JavaScript engine: for jitter and sampling, never for keys, nonces or tokens. */
export const systemRandom: Random = { uniform: () => Math.random() }
