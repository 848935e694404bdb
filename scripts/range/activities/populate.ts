import type { Activity } from '../scene.ts'
import type { Machine, World } from '../world.ts'

/** Somebody's part in the play. */
export interface Part {
  readonly name: string
  readonly machine: Machine
  readonly activity: Activity
}

/** The ordinary parts of everybody: benign clients, infected ones beside what they are made to do, and the machines of LAN and Internet. */
export function populate(_world: World, _seed: number): readonly Part[] {
  return []
}
