import { setTimeout as sleep } from 'node:timers/promises'
import type { Random } from '../../agent/kit/index.ts'
import type { Lab } from '../lab/lab.ts'
import { populate } from './activities/populate.ts'
import type { Part } from './activities/populate.ts'
import { PLAN, rentedAddress, strangerAddress } from './plan.ts'
import { chanceOf } from './scenarios.ts'
import { shuffled } from './scene.ts'
import type { AttackScene, RentedServer, Scene, Truth } from './scene.ts'
import { ordinaryStretches } from './schedule.ts'
import type { Play } from './schedule.ts'
import { addInternetMachine } from './world.ts'
import type { Machine, World } from './world.ts'

/** What the play needs. */
export interface Performance {
  readonly lab: Lab
  readonly world: World
  readonly seed: number
  readonly plays: readonly Play[]
  readonly startedAtMs: number
  readonly durationMs: number
  readonly log: (text: string) => void
}

/** What happened, and which attacks did not go as their tool should. */
export interface Performed {
  readonly truths: readonly Truth[]
  readonly failed: readonly string[]
  /** What attackers said, each with the attack's name and seconds after the curtain. */
  readonly notes: readonly string[]
}

/** Strangers from here on are the ordinary visitors'. */
const STRANGERS_OF_ATTACKERS = 300
/** How long a part that overran its end is waited for. */
const OVERRUN_MS = 15_000

/** Everybody acts, until the curtain. */
export async function perform(performance: Performance): Promise<Performed> {
  const { world, seed, durationMs, startedAtMs } = performance
  const parts = populate(world, seed).map((part) => playPart(performance, part))
  const truths: Truth[] = []
  const failed: string[] = []
  const notes: string[] = []
  const supplies = new Supplies(world, chanceOf(seed, 'supplies'))
  const attacks = performance.plays.map((play) => playAttack({ performance, supplies, truths, failed, notes }, play))
  await sleep(startedAtMs + durationMs - Date.now())
  await Promise.race([Promise.all([...parts, ...attacks]), sleep(OVERRUN_MS)])
  return { truths, failed, notes }
}

/** An ordinary part, in the stretches in which its machine is not busy with an attack that wants to be alone. */
async function playPart({ lab, world, seed, plays, startedAtMs, durationMs, log }: Performance, part: Part): Promise<void> {
  const random = chanceOf(seed, `${part.name} ${part.machine.name}`)
  const actor = world.infected.indexOf(part.machine)
  for (const { startMs, endMs } of ordinaryStretches(plays, actor, durationMs)) {
    await sleep(Math.max(0, startedAtMs + startMs - Date.now()))
    const scene: Scene = { lab, world, random, endAtMs: startedAtMs + endMs }
    try {
      await part.activity(scene, part.machine)
    } catch (error) {
      log(`${part.name} of ${part.machine.name} gave up: ${words(error)}`)
      return
    }
  }
}

interface Attacking {
  readonly performance: Performance
  readonly supplies: Supplies
  readonly truths: Truth[]
  readonly failed: string[]
  readonly notes: string[]
}

async function playAttack({ performance, supplies, truths, failed, notes }: Attacking, play: Play): Promise<void> {
  const { lab, world, seed, startedAtMs, log } = performance
  const { attack, name, startMs, endMs, actor } = play
  await sleep(Math.max(0, startedAtMs + startMs - Date.now()))
  const machine = actor === undefined ? supplies.outsider() : world.infected[actor]
  if (machine === undefined) throw new Error(`no machine ${actor} for ${name}`)
  const scene: AttackScene = {
    lab, world, actor: machine, random: chanceOf(seed, name), endAtMs: startedAtMs + endMs,
    rent: () => supplies.rent(),
    recruit: async (count) => supplies.recruit(attack.place, count, machine),
    stranger: () => supplies.stranger(),
    blame: (truth) => truths.push(truth),
    note: (text) => notes.push(`${((Date.now() - startedAtMs) / 1_000).toFixed(0)} s: ${name}: ${text}`),
  }
  log(`${name} by ${machine.name} (${machine.address})`)
  try {
    await attack.play(scene)
  } catch (error) {
    failed.push(name)
    log(`${name} FAILED: ${words(error)}`)
  }
}

/** Machines, servers and addresses that attacks ask for, each handed out once. */
class Supplies {
  readonly #world: World
  readonly #strangers: number[]
  #outsiders = 0
  #rented = 0

  constructor(world: World, random: Random) {
    this.#world = world
    this.#strangers = shuffled(random, Array.from({ length: STRANGERS_OF_ATTACKERS }, (_, index) => index))
  }

  /** An attacker's machine on the Internet. */
  outsider(): Machine {
    this.#outsiders += 1
    return addInternetMachine(this.#world, { name: `atk${this.#outsiders}`, addresses: [this.stranger()] })
  }

  stranger(): string {
    const number = this.#strangers.pop()
    if (number === undefined) throw new Error(`all ${STRANGERS_OF_ATTACKERS} strangers are taken`)
    return strangerAddress(number)
  }

  rent(): RentedServer {
    const number = this.#rented
    this.#rented += 1
    if (number >= PLAN.rented) throw new Error(`all ${PLAN.rented} rented servers are taken`)
    return { address: rentedAddress(number), name: `srv${number}.example`, zone: `z${number}.example`, machine: this.#world.rented }
  }

  recruit(place: 'inside' | 'outside', count: number, actor: Machine): readonly Machine[] {
    if (place === 'outside') return Array.from({ length: count }, () => this.outsider())
    return this.#world.infected.filter((each) => each !== actor).slice(0, count)
  }
}

function words(error: unknown): string {
  return error instanceof Error ? error.message.slice(0, 500) : String(error)
}
