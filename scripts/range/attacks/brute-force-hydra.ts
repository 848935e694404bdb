import { PLAN } from '../plan.ts'
import { between, pick } from '../scene.ts'
import type { Attack, AttackScene } from '../scene.ts'
import type { Machine } from '../world.ts'
import { listFile } from './run-tool.ts'
import { attackOf, strike } from './strike.ts'
import type { Strike } from './strike.ts'
import { serverFor } from './targets.ts'
import { passwords, userNames } from './word-lists.ts'

const HYDRA = { tool: 'hydra', category: 'bruteforce', corpora: ['train', 'test'] } as const
const NCRACK = { tool: 'ncrack', category: 'bruteforce', corpora: ['train', 'test'] } as const

/** Whom to guess at, and how. */
export interface Guessing {
  readonly server: string
  readonly service: string
  readonly users: number
  readonly guesses: number
  readonly flags: readonly string[]
  readonly on?: Machine
}

/** One run of hydra. It never finds anything. */
export function hydra(scene: AttackScene, { server, service, users, guesses, flags, on }: Guessing): Strike {
  const { random } = scene
  const names = listFile(scene, 'users', userNames(random, users))
  const words = listFile(scene, 'passwords', passwords(random, Math.ceil(guesses / users)))
  const [scheme = '', rest = ''] = service.split(' ')
  const order = random.uniform() < 0.5 ? ['-u'] : []
  return {
    command: ['hydra', '-I', ...order, ...flags, '-L', names, '-P', words, `${scheme}://${server}${rest}`],
    // 255: it gave up on a server that refused too often, after having guessed.
    targets: [server], packetsMin: 30, exitCodes: [0, 255], says: /attempts|target/,
    note: `hydra ${[...order, ...flags].join(' ')} ${scheme}, ${users} users, ${guesses} guesses`,
    ...(on === undefined ? {} : { on }),
  }
}

function threads(scene: AttackScene, low: number, high: number): string[] {
  return ['-t', String(between(scene.random, low, high)), '-w', String(between(scene.random, 2, 5))]
}

function ssh(scene: AttackScene): Strike {
  const { random } = scene
  const users = pick(random, [1, 1, 3, 8])
  const flags = threads(scene, 2, 8)
  return hydra(scene, { server: serverFor(scene, 'jump'), service: 'ssh', users, guesses: between(random, 60, 260), flags })
}

function form(scene: AttackScene): Strike {
  const { random } = scene
  const service = 'http-post-form /login:user=^USER^&password=^PASS^:wrong'
  const size = { users: between(random, 1, 5), guesses: between(random, 150, 900) }
  return hydra(scene, { server: serverFor(scene, 'www'), service, ...size, flags: threads(scene, 1, 12) })
}

function mail(scene: AttackScene, service: string): Strike {
  const { random } = scene
  const size = { users: between(random, 1, 12), guesses: between(random, 50, 220) }
  return hydra(scene, { server: serverFor(scene, 'mail'), service, ...size, flags: threads(scene, 1, 6) })
}

function slow(scene: AttackScene): Strike {
  const { random } = scene
  const [server, service] = pick(random, [
    [serverFor(scene, 'jump'), 'ssh'], [serverFor(scene, 'www'), 'http-post-form /login:user=^USER^&password=^PASS^:wrong'],
    [serverFor(scene, 'mail'), 'imap'],
  ] as const)
  const flags = ['-t', '1', '-c', String(between(random, 3, 10))]
  return hydra(scene, { server, service, users: between(random, 1, 4), guesses: 140, flags })
}

/** Many machines guess a little each at one server; every one of them is to blame. */
async function distributed(scene: AttackScene): Promise<void> {
  const { random } = scene
  const machines = [scene.actor, ...await scene.recruit(between(random, 3, 7))]
  const server = serverFor(scene, 'jump')
  const flags = ['-t', '1', '-c', String(between(random, 2, 6))]
  const strikes = machines.map((on) => hydra(scene, { server, service: 'ssh', users: 2, guesses: 60, flags, on }))
  await Promise.all(strikes.map((each) => strike(scene, HYDRA, each)))
}

/** ncrack's pace is written beside the service. */
function ncrack(scene: AttackScene, server: string, [service, pace]: readonly [string, string]): Strike {
  const { random } = scene
  const names = listFile(scene, 'users', userNames(random, between(random, 1, 6)))
  const words = listFile(scene, 'passwords', passwords(random, between(random, 40, 120)))
  const first = random.uniform() < 0.5 ? ['--passwords-first'] : []
  return {
    command: ['ncrack', ...first, '-U', names, '-P', words, `${service}://${server}${pace}`],
    targets: [server], packetsMin: 30, says: /Ncrack (done|finished)/, note: `ncrack ${first.join('')} ${service}${pace}`,
  }
}

function ncrackPace({ random }: AttackScene): string {
  return `,CL=${between(random, 2, 8)},at=${between(random, 1, 3)},cd=${between(random, 0, 900)}ms`
}

/** hydra and ncrack. */
export const TRAINED_GUESSING: readonly Attack[] = [
  attackOf({ ...HYDRA, name: 'hydra-ssh-outside', place: 'outside', seconds: 120, plan: ssh }),
  attackOf({ ...HYDRA, name: 'hydra-ssh-inside', place: 'inside', seconds: 120, plan: ssh }),
  attackOf({ ...HYDRA, name: 'hydra-form-outside', place: 'outside', seconds: 90, plan: form }),
  attackOf({ ...HYDRA, name: 'hydra-form-inside', place: 'inside', seconds: 90, plan: form }),
  attackOf({ ...HYDRA, name: 'hydra-imap', place: 'outside', seconds: 120, plan: (scene) => mail(scene, 'imap') }),
  attackOf({ ...HYDRA, name: 'hydra-smtp', place: 'outside', seconds: 120, plan: (scene) => mail(scene, 'smtp') }),
  attackOf({ ...HYDRA, name: 'hydra-smtp-inside', place: 'inside', seconds: 90, plan: (scene) => mail(scene, 'smtp') }),
  attackOf({ ...HYDRA, name: 'hydra-slow-outside', place: 'outside', seconds: 420, plan: slow }),
  attackOf({ ...HYDRA, name: 'hydra-slow-inside', place: 'inside', seconds: 420, plan: slow }),
  {
    ...HYDRA, name: 'hydra-distributed', place: 'outside', seconds: 240, isAlone: true, play: distributed,
  },
  attackOf({
    ...NCRACK, name: 'ncrack-ssh', place: 'outside', seconds: 120,
    plan: (scene) => ncrack(scene, serverFor(scene, 'jump'), ['ssh', ncrackPace(scene)]),
  }),
  attackOf({
    ...NCRACK, name: 'ncrack-imap', place: 'inside', seconds: 120,
    plan: (scene) => ncrack(scene, serverFor(scene, 'mail'), ['imap', ncrackPace(scene)]),
  }),
  attackOf({
    ...NCRACK, name: 'ncrack-ftp', place: 'inside', seconds: 120,
    plan: (scene) => ncrack(scene, PLAN.lan.files.address, ['ftp', ncrackPace(scene)]),
  }),
  attackOf({
    ...NCRACK, name: 'ncrack-slow', place: 'outside', seconds: 420,
    plan: (scene) => ncrack(scene, serverFor(scene, 'jump'), ['ssh', `,CL=1,at=1,cd=${between(scene.random, 3, 9)}s`]),
  }),
]
