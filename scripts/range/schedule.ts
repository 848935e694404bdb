import type { Random } from '../../agent/kit/index.ts'
import { integerBelow } from '../../agent/kit/index.ts'
import { shuffled } from './scene.ts'
import type { Attack } from './scene.ts'

/** One play of an attack: when it starts and ends, ms after the curtain, and who acts. */
export interface Play {
  readonly attack: Attack
  /** Unique: the attack's name, and how often it was played before. */
  readonly name: string
  readonly startMs: number
  readonly endMs: number
  /** Index among the infected machines; undefined for attackers on the Internet, each of whom has a machine of his own. */
  readonly actor: number | undefined
}

/** What may be planned with. */
export interface Room {
  readonly durationMs: number
  /** How each infected machine is linked; its place is its index. */
  readonly infected: readonly string[]
  /** Plays that every category has at least, by repeating attacks where there are too few of them. */
  readonly playsPerCategoryMin: number
  /** And at most, so that the machine has room for all of them: which ones is up to chance, but every tool has its turn. */
  readonly playsPerCategoryMax: number
}

/** Attacks begin when everybody has settled, and end before the curtain. */
const MARGIN_MS = { before: 25_000, after: 8_000 } as const
/** Plays of these categories take turns: two floods at once would measure the range, and one keeps the other's victims from answering. */
const TURNS: ReadonlySet<string> = new Set(['flood', 'vpn-abuse'])
/** Tries to find a free hour for a play, before it takes whatever hurts least. */
const TRIES = 60

/**
 * Deals attacks over time and machines. Same attacks, room and chance give the same plays, in order of their start. An infected machine
 * plays one attack at a time, and as few as the room allows.
 */
export function schedule(attacks: readonly Attack[], room: Room, random: Random): Play[] {
  const plays: Play[] = []
  // Long ones first: they have the least choice of a start.
  const wanted = chosen(attacks, room, random).toSorted((a, b) => b.attack.seconds - a.attack.seconds)
  for (const { attack, name } of wanted) plays.push(place({ attack, name, plays, room }, random))
  return plays.toSorted((a, b) => a.startMs - b.startMs || (a.name < b.name ? -1 : 1))
}

function chosen(attacks: readonly Attack[], { playsPerCategoryMin, playsPerCategoryMax }: Room, random: Random): Named[] {
  const byCategory = Map.groupBy(attacks, ({ category }) => category)
  return [...byCategory.values()].flatMap((all) => {
    const some = toolsInTurn(shuffled(random, all)).slice(0, playsPerCategoryMax)
    const rounds = Math.max(1, Math.ceil(playsPerCategoryMin / some.length))
    return Array.from({ length: rounds }, (_, round) =>
      some.map((attack) => ({ attack, name: round === 0 ? attack.name : `${attack.name}-${round + 1}` }))).flat()
  })
}

interface Named {
  readonly attack: Attack
  readonly name: string
}

/** One attack of each tool, then a second of each, and so on. */
function toolsInTurn(attacks: readonly Attack[]): Attack[] {
  const turns = attacks.map((attack, index) => attacks.slice(0, index).filter(({ tool }) => tool === attack.tool).length)
  return attacks.map((attack, index) => ({ attack, turn: turns[index]! })).toSorted((a, b) => a.turn - b.turn).map(({ attack }) => attack)
}

interface Placing {
  readonly attack: Attack
  readonly name: string
  readonly plays: readonly Play[]
  readonly room: Room
}

function place(placing: Placing, random: Random): Play {
  let best: { play: Play; cost: number } | undefined
  for (let round = 0; round < TRIES; round += 1) {
    const play = draw(placing, random)
    const cost = costOf(play, placing.plays)
    if (best === undefined || cost < best.cost) best = { play, cost }
  }
  if (best === undefined) throw new Error('no try at all')
  return best.play
}

function draw({ attack, name, room }: Placing, random: Random): Play {
  const free = room.durationMs - MARGIN_MS.before - MARGIN_MS.after
  const lengthMs = Math.min(attack.seconds * 1_000, free)
  const startMs = MARGIN_MS.before + Math.floor(random.uniform() * (free - lengthMs))
  return { attack, name, startMs, endMs: startMs + lengthMs, actor: actorFor(attack, room, random) }
}

function actorFor({ place, links, name }: Attack, { infected }: Room, random: Random): number | undefined {
  if (place === 'outside') return undefined
  const fitting = [...infected.keys()].filter((index) => links === undefined || links.some((link) => link === infected[index]))
  const chosen = fitting[integerBelow(random, fitting.length)]
  if (chosen === undefined) throw new Error(`no infected machine can play ${name}: it needs a link of ${links?.join(' or ')}`)
  return chosen
}

/** Two attacks at once on one machine are out of the question as long as anything else is possible. */
function costOf(play: Play, plays: readonly Play[]): number {
  const overlapping = plays.filter((other) => play.startMs < other.endMs + GAP_MS && other.startMs < play.endMs + GAP_MS)
  const clashes = overlapping.filter(({ actor }) => actor !== undefined && actor === play.actor).length
  const turns = TURNS.has(play.attack.category) ? overlapping.filter(({ attack }) => TURNS.has(attack.category)).length : 0
  const before = plays.filter(({ actor }) => actor !== undefined && actor === play.actor).length
  return clashes * 10_000 + turns * 1_000 + before * 100 + overlapping.length
}

const GAP_MS = 5_000

/** A stretch of the play, ms after the curtain. */
export interface Stretch {
  readonly startMs: number
  readonly endMs: number
}

/** When machine `actor` may do ordinary things: not while an attack of its own wants to be alone. */
export function ordinaryStretches(plays: readonly Play[], actor: number, durationMs: number): Stretch[] {
  const alone = plays.filter((play) => play.actor === actor && play.attack.isAlone)
  const stretches: Stretch[] = []
  let fromMs = 0
  for (const { startMs, endMs } of alone) {
    if (startMs - QUIET_MS > fromMs) stretches.push({ startMs: fromMs, endMs: startMs - QUIET_MS })
    fromMs = Math.max(fromMs, endMs + QUIET_MS)
  }
  if (fromMs < durationMs) stretches.push({ startMs: fromMs, endMs: durationMs })
  return stretches
}

/** Ordinary connections of before need this long to close. */
const QUIET_MS = 15_000
