import { pause } from '../lab/acting.ts'
import type { Lab } from '../lab/lab.ts'
import type { Network } from './network.ts'

export { pause, pick, thinkMs } from '../lab/acting.ts'

/** What every actor gets: the lab, its hosts, chance of its own, and when the curtain falls. */
export interface Stage {
  readonly lab: Lab
  readonly network: Network
  readonly startedAtMs: number
  readonly endAtMs: number
}

/** Waits until `afterMs` of the play have passed. */
export function cue(stage: Stage, afterMs: number): Promise<boolean> {
  return pause(stage, stage.startedAtMs + afterMs - Date.now())
}
