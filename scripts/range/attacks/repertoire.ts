import type { Attack } from '../scene.ts'
import { SCANS } from './scans.ts'

/** Every attack that the range can show. Names are unique; a test keeps at least three tools in every category. */
export const REPERTOIRE: readonly Attack[] = [
  ...SCANS,
]
