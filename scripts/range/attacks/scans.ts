import type { Attack } from '../scene.ts'
import { HAND_SCANS } from './scans-hand.ts'
import { KEPT_SCANS } from './scans-kept.ts'
import { NMAP_SCANS } from './scans-nmap.ts'

/** Scans: vertical and horizontal, fast and one probe in a dozen seconds, from outside and from inside. */
export const SCANS: readonly Attack[] = [...NMAP_SCANS, ...HAND_SCANS, ...KEPT_SCANS]
