import { integerBelow } from '../../agent/kit/index.ts'
import type { Random } from '../../agent/kit/index.ts'
import type { LabelCategory } from '../../agent/evaluation/index.ts'
import type { Lab } from '../lab/lab.ts'
import type { Machine, World } from './world.ts'

export { pause, pick, thinkMs } from '../lab/acting.ts'

/** What every actor of the play gets: the world, chance of its own, and when its part ends. */
export interface Scene {
  readonly lab: Lab
  readonly world: World
  readonly random: Random
  /** Wall time, ms since the epoch: nothing new is begun after it. */
  readonly endAtMs: number
}

/** Something ordinary that somebody does on `machine` until the scene ends. Failures of its programs belong to the traffic. */
export type Activity = (scene: Scene, machine: Machine) => Promise<void>

/** What really happened, for the manifest. Several peers make several labels of one truth. */
export interface Truth {
  readonly role: 'entity' | 'victim'
  readonly address: string
  /** Absent: all traffic of the address in the window. */
  readonly peers?: readonly string[]
  readonly category: LabelCategory
  readonly fromMs: number
  readonly toMs: number
  /** The tool and its essential settings, as a comment beside the label. */
  readonly tool: string
}

/** A server that an attacker rented: an address on the Internet with a name and a zone that the world's resolver delegates to it. */
export interface RentedServer {
  readonly address: string
  /** `srvN.example`, which resolves to the address. */
  readonly name: string
  /** `zN.example`: questions about names below it are asked at the address. */
  readonly zone: string
  /** Where to run its programs; listen on the address only, for other rented servers live on the same machine. */
  readonly machine: Machine
}

/** What an attack gets beside that. */
export interface AttackScene extends Scene {
  /** The attacker's own machine. */
  readonly actor: Machine
  /** A server on the Internet that is the attacker's. Every call gives another. */
  readonly rent: () => RentedServer
  /** More machines like the actor, for distributed attacks. Every call gives others. */
  readonly recruit: (count: number) => Promise<readonly Machine[]>
  /** A stranger's address, for spoofing; no machine has it unless `hostStranger` was called. Every call gives another. */
  readonly stranger: () => string
  /** Records what happened. */
  readonly blame: (truth: Truth) => void
  /** Says something for people to read in range.json: that the attacker changed his address, say. */
  readonly note: (text: string) => void
}

/** One attack of the repertoire. */
export interface Attack {
  /** `tool-manner`, unique. */
  readonly name: string
  /** The program that makes the traffic; a tool kept for tests is in no attack of the training corpus. */
  readonly tool: string
  readonly category: LabelCategory
  /** Which corpora may show it. Tools kept for tests never appear in training. */
  readonly corpora: readonly ('train' | 'test')[]
  /** Where the attacker sits: a VPN client or host behind one, or the open Internet. */
  readonly place: 'inside' | 'outside'
  /** How the actor may be connected, where its tool needs Ethernet or a network of its own; absent: in any way. */
  readonly links?: readonly Machine['link'][]
  /** How long it takes, seconds; the scene ends then. */
  readonly seconds: number
  /** Whether the actor's own ordinary traffic must rest meanwhile, because no peer tells its attack from it. */
  readonly isAlone: boolean
  /** Plays it to its end. Throws when the tool did not do what it should. */
  readonly play: (scene: AttackScene) => Promise<void>
}

/** The same in an order of chance (Fisher, Yates). */
export function shuffled<T>(random: Random, from: readonly T[]): T[] {
  const all = [...from]
  for (let last = all.length - 1; last > 0; last -= 1) {
    const other = integerBelow(random, last + 1)
    const [a, b] = [all[last]!, all[other]!]
    all[last] = b
    all[other] = a
  }
  return all
}

/** A whole number from `low` to `high`, both included. */
export function between(random: Random, low: number, high: number): number {
  return low + Math.floor(random.uniform() * (high - low + 1))
}

/** Records `truth` with the window in which `act` ran, also when it throws. */
export async function during(scene: AttackScene, truth: Omit<Truth, 'fromMs' | 'toMs'>, act: () => Promise<void>): Promise<void> {
  const fromMs = Date.now()
  try {
    await act()
  } finally {
    scene.blame({ ...truth, fromMs, toMs: Date.now() })
  }
}
