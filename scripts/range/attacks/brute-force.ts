import type { Attack } from '../scene.ts'
import { TRAINED_GUESSING } from './brute-force-hydra.ts'
import { KEPT_GUESSING } from './brute-force-kept.ts'

/** Guessing of passwords: quick, one guess in many seconds, and by many machines at once. */
export const BRUTE_FORCE: readonly Attack[] = [...TRAINED_GUESSING, ...KEPT_GUESSING]
