import { integerBelow, seededRandom } from '../../../agent/kit/index.ts'
import type { Random } from '../../../agent/kit/index.ts'

/** What people do beside reading pages, and on how many of the machines that people use. Heavy programs are few. */
const DEALT = [
  ['download', 4], ['stream', 2], ['radio', 2], ['chromium', 2], ['link-checker', 1], ['shop', 4], ['load-test', 1],
  ['photos', 3], ['speed-test', 2], ['api', 8], ['ssh', 4], ['scp', 4], ['git', 4], ['git-burst', 2], ['rsync', 2],
  ['mistype-password', 1], ['backup-restic', 1], ['backup-rsync', 1], ['backup-https', 1], ['look-around', 4],
  ['poll-mail', 7], ['idle-mail', 4], ['send-mail', 6], ['calls', 3], ['game', 2], ['packages', 3], ['swarm', 2],
  ['ftp', 3], ['share', 3], ['dead-server', 2], ['wrong-names', 2], ['wrong-ports', 2], ['stale-mail-password', 1],
  ['prefetch', 10],
] as const
type Dealt = (typeof DEALT)[number][0]

/** Something that somebody does; each is one activity of one machine. */
export type Persona = Dealt
  | 'browse-busily' | 'browse' | 'browse-rarely' | 'phone' | 'smart-home' | 'keep-time' | 'crowd-update'

/** Who does it. */
export interface Role {
  readonly machine: string
  readonly persona: Persona
}

/** Names of the machines to give roles to. */
export interface Cast {
  readonly benign: readonly string[]
  readonly infected: readonly string[]
}

/** Every persona that a cast of twenty or more shows. */
export const PERSONAS: readonly Persona[] = [
  ...DEALT.map(([persona]) => persona), 'browse-busily', 'browse', 'browse-rarely', 'phone', 'smart-home', 'keep-time',
    'crowd-update',
]

/**
 * Who does what, by seed alone: some machines are phones, some devices, the others people's, each with habits of its
 * own.
 */
export function assignRoles({ benign, infected }: Cast, seed: number): readonly Role[] {
  const random = seededRandom(seed)
  const shuffled = shuffle(random, benign)
  const phones = shuffled.slice(0, Math.ceil(benign.length * 0.12))
  const devices = shuffled.slice(phones.length, phones.length + Math.ceil(benign.length * 0.1))
  const people = shuffled.slice(phones.length + devices.length)
  const roles = (machines: readonly string[], ...personas: readonly Persona[]): Role[] => (
    machines.flatMap((machine) => personas.map((persona) => ({ machine, persona }))))
  return [
    ...roles(phones, 'phone', 'photos', 'browse-rarely', 'keep-time', 'crowd-update'),
    ...roles(devices, 'smart-home', 'keep-time'),
    ...people.flatMap((machine, index) => roles([machine], index % 3 === 0 ? 'browse-busily' : 'browse', 'keep-time',
      'crowd-update')),
    ...deal(random, people),
    ...roles(infected, 'browse-rarely', 'keep-time', 'poll-mail'),
  ]
}

/**
 * Deals the habits over the machines, one round after another, so that everybody has about as many; nobody gets one
 * twice.
 */
function deal(random: Random, people: readonly string[]): Role[] {
  const hands = new Map(people.map((machine) => [machine, new Set<Dealt>()]))
  const cards = shuffle(random, DEALT.flatMap(([persona, count]) => Array.from({ length: count }, () => persona)))
  let next = 0
  for (const persona of cards) {
    for (let tried = 0; tried < people.length; tried += 1) {
      const hand = hands.get(people[(next + tried) % people.length] ?? '')
      if (hand === undefined || hand.has(persona)) continue
      hand.add(persona)
      next += tried + 1
      break
    }
  }
  return [...hands].flatMap(([machine, hand]) => [...hand].map((persona) => ({ machine, persona })))
}

function shuffle<T>(random: Random, items: readonly T[]): T[] {
  const left = [...items]
  return items.flatMap(() => left.splice(integerBelow(random, left.length), 1))
}
