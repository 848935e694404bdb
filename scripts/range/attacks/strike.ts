import { during } from '../scene.ts'
import type { Attack, AttackScene } from '../scene.ts'
import { runTool } from './run-tool.ts'
import type { Tool } from './run-tool.ts'
import { PEERS_MAX } from './targets.ts'

/** What an attack with one tool does in one play: the tool's run, and whom it concerns. */
export interface Strike extends Tool {
  /** Whom it attacks; too many to name makes a truth about the whole address. */
  readonly targets: readonly string[]
  /** Set where the sources are spoofed or reflected: then the victim is named instead of the attacker. */
  readonly victim?: string
  /** What the manifest says of it. */
  readonly note: string
}

type Wanted = Omit<Attack, 'play' | 'isAlone'> & {
  readonly isAlone?: boolean
  readonly plan: (scene: AttackScene) => Strike | Promise<Strike>
}

/** An attack that is one run of one tool. */
export function attackOf({ plan, ...wanted }: Wanted): Attack {
  return {
    // Who attacks from outside does nothing else there, so that nothing of his own needs to rest.
    isAlone: wanted.place === 'outside',
    ...wanted,
    play: async (scene) => strike(scene, wanted, await plan(scene)),
  }
}

/** Runs one strike and says who did it to whom. */
export async function strike(scene: AttackScene, { category }: Pick<Attack, 'category'>, wanted: Strike): Promise<void> {
  const { targets, victim, note } = wanted
  const peers = targets.length > 0 && targets.length <= PEERS_MAX ? { peers: targets } : {}
  const who = victim === undefined
    ? { role: 'entity', address: (wanted.on ?? scene.actor).address } as const
    : { role: 'victim', address: victim } as const
  await during(scene, { ...who, ...peers, category, tool: note }, async () => {
    await runTool(scene, wanted)
  })
}
