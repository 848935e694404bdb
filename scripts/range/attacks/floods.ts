import type { Attack } from '../scene.ts'
import { DIRECT_FLOODS } from './floods-direct.ts'
import { KEPT_FLOODS } from './floods-kept.ts'
import { REFLECTED_FLOODS } from './floods-reflected.ts'

/** Floods of packets, connections and requests; real, spoofed and reflected; and slow ones. */
export const FLOODS: readonly Attack[] = [...DIRECT_FLOODS, ...REFLECTED_FLOODS, ...KEPT_FLOODS]
