import { PLAN } from '../plan.ts'
import { between, during, pause, pick } from '../scene.ts'
import type { Attack, AttackScene } from '../scene.ts'
import type { Machine } from '../world.ts'
import { listFile, range, runTool } from './run-tool.ts'
import { ports } from './targets.ts'
import { passwords, userNames } from './word-lists.ts'

/** What an attacker does who finds that nothing gets through any more. */
export type Reaction = 'back-off' | 'change-address' | 'move-gateway'

/** From where to where an attacker works at the moment. */
export interface Position {
  readonly machine: Machine
  readonly target: string
}

/** Rounds of one tool at one service. */
export interface Campaign {
  readonly category: Attack['category']
  readonly tool: string
  readonly server: 'jump' | 'www'
  readonly port: number
  readonly reactions: readonly Reaction[]
  /** The command of one round. It need not succeed, for it may be stopped in the middle; that the canary came through is enough. */
  readonly round: (scene: AttackScene, position: Position) => readonly string[]
}

/** What a campaign did: rounds that ran, and how it reacted, in order. */
export interface Course {
  readonly rounds: number
  readonly reactions: readonly Reaction[]
}

/** Canaries in a row that must die before the attacker believes that somebody acts against him. */
const DEAD_CANARIES = 2
const CANARY_MS = 2_000
/** One round ends after this at the latest: a tool whose packets are dropped would wait for minutes. */
const ROUND_MS_MAX = 12_000
const BACK_OFF_MS = { first: 10_000, most: 80_000 } as const
const ANY_EXIT = range(-1, 255)

/** Attacks round after round, looks before each whether the target still answers, and reacts in turn when it does not. */
export async function react(scene: AttackScene, campaign: Campaign): Promise<Course> {
  const course = { rounds: 0, reactions: [] as Reaction[] }
  let position: Position = { machine: scene.actor, target: PLAN.lan[campaign.server].published }
  let waitMs: number = BACK_OFF_MS.first
  do {
    if (await attack(scene, campaign, position)) {
      course.rounds += 1
      waitMs = BACK_OFF_MS.first
      continue
    }
    const reaction = campaign.reactions[course.reactions.length % campaign.reactions.length] ?? 'back-off'
    course.reactions.push(reaction)
    scene.note(`${position.machine.address} no longer reaches ${position.target}: ${reaction}`)
    if (reaction === 'back-off') {
      if (!await pause(scene, waitMs)) break
      waitMs = Math.min(BACK_OFF_MS.most, 2 * waitMs)
    }
    position = await move(scene, campaign, { reaction, position })
  } while (await pause(scene, between(scene.random, 500, 2_500)) && scene.endAtMs - Date.now() > CANARY_MS)
  if (course.rounds === 0) throw new Error(`${campaign.tool} at ${position.target} never got through`)
  return course
}

/** One round with its canaries. False when they died: then no round was played, and only the canaries are to blame. */
async function attack(scene: AttackScene, campaign: Campaign, { machine, target }: Position): Promise<boolean> {
  const { category, tool, port } = campaign
  let lives = false
  const truth = { role: 'entity', address: machine.address, peers: [target], category, tool: `${tool}, reactive` } as const
  await during(scene, truth, async () => {
    for (let dead = 0; !lives && dead < DEAD_CANARIES; dead += 1) lives = await answers(scene, { machine, target }, port)
    if (!lives) return
    const bounded = { ...scene, endAtMs: Math.min(scene.endAtMs, Date.now() + ROUND_MS_MAX) }
    await runTool(bounded, { command: campaign.round(scene, { machine, target }), on: machine, packetsMin: 0, exitCodes: ANY_EXIT })
  })
  return lives
}

async function answers(scene: AttackScene, { machine, target }: Position, port: number): Promise<boolean> {
  const words = ['timeout', String(CANARY_MS / 1_000), 'bash', '-c', `exec 3<>/dev/tcp/${target}/${port}`]
  const { exitCode } = await scene.lab.run(machine, words)
  return exitCode === 0
}

interface Blocked {
  readonly reaction: Reaction
  readonly position: Position
}

async function move(scene: AttackScene, { server }: Campaign, { reaction, position }: Blocked): Promise<Position> {
  if (reaction === 'back-off') return position
  if (reaction === 'change-address') {
    const [machine] = await scene.recruit(1)
    return machine === undefined ? position : { ...position, machine }
  }
  const { published, published2 } = PLAN.lan[server]
  return { ...position, target: position.target === published ? published2 : published }
}

const CAMPAIGNS: Readonly<Record<string, Omit<Campaign, 'reactions'>>> = {
  hydra: {
    category: 'bruteforce', tool: 'hydra', server: 'jump', port: 22,
    round: (scene, { target }) => {
      const names = listFile(scene, 'users', userNames(scene.random, 2))
      const words = listFile(scene, 'passwords', passwords(scene.random, 8))
      return ['hydra', '-I', '-t', String(between(scene.random, 2, 4)), '-w', '2', '-L', names, '-P', words, `ssh://${target}`]
    },
  },
  nmap: {
    category: 'scan', tool: 'nmap', server: 'jump', port: 22,
    round: ({ random }, { target }) => ['nmap', '-n', '-Pn', '--send-ip', '-sS', '--max-retries', '0',
      '--max-rate', String(between(random, 10, 60)), '-p', ports(random, 120).join(','), target],
  },
  curl: {
    category: 'bruteforce', tool: 'curl', server: 'www', port: 80,
    round: (scene, { target }) => {
      const words = passwords(scene.random, 12).join(' ')
      const user = pick(scene.random, userNames(scene.random, 8))
      const form = `-d "user=${user}&password=$word" http://${target}/login`
      return ['bash', '-c', `for word in ${words}; do curl -s -m 3 -o /dev/null ${form}; sleep 0.$((RANDOM % 5)); done`]
    },
  },
}

/** The three reactions one at a time, and all of them in turn. */
const MANNERS: Readonly<Record<string, readonly Reaction[]>> = {
  'back-off': ['back-off'],
  'change-address': ['change-address'],
  'move-gateway': ['move-gateway'],
  'every-way': ['back-off', 'change-address', 'move-gateway'],
}

/** Attackers who notice that they are stopped. For the scenario with agents at work only: without them, they are like any other. */
export const REACTIVE: readonly Attack[] = Object.values(CAMPAIGNS).flatMap((campaign) => (
  Object.entries(MANNERS).map(([manner, reactions]): Attack => ({
    name: `reactive-${campaign.tool}-${manner}`,
    tool: campaign.tool,
    category: campaign.category,
    corpora: [],
    place: 'outside',
    seconds: 240,
    isAlone: true,
    play: async (scene) => {
      await react(scene, { ...campaign, reactions })
    },
  }))))
