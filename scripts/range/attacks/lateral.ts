import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { PLAN } from '../plan.ts'
import { between, pause, shuffled } from '../scene.ts'
import type { Attack, AttackScene } from '../scene.ts'
import { placesOf } from '../servers/material.ts'
import { folderOf, listFile, range, script } from './run-tool.ts'
import { strike } from './strike.ts'
import { passwords, userNames } from './word-lists.ts'

/** How one implementation does each step. */
interface Worm {
  readonly tool: string
  readonly look: (scene: AttackScene, addresses: readonly string[]) => readonly string[]
  readonly guess: (scene: AttackScene, lists: { names: string; words: string }, target: string) => readonly string[]
  readonly copy: (key: string, files: { source: string; target: string }, host: string) => readonly string[]
}

/** Machines of the LAN that have sshd; only the first takes passwords, the others open with the key that the worm found there. */
const { jump, files, www, mail } = PLAN.lan
const PREY = [files.address, www.address, mail.address] as const
const SSH = ['-o', 'StrictHostKeyChecking=no', '-o', 'UserKnownHostsFile=/dev/null', '-o', 'LogLevel=ERROR', '-o', 'ConnectTimeout=8']
const PYTHON = '/usr/bin/python3'

const NMAP_HYDRA: Worm = {
  tool: 'worm-nmap',
  look: (scene, addresses) => ['nmap', '-n', '-Pn', '--send-ip', '--max-retries', '0', '--max-rate', String(between(scene.random, 10, 120)),
    '-p', '22,445', ...addresses],
  guess: ({ random }, { names, words }, target) => (
    ['hydra', '-I', '-t', String(between(random, 2, 5)), '-L', names, '-P', words, `ssh://${target}`]),
  copy: (key, { source, target }, host) => ['scp', '-q', '-i', key, ...SSH, source, `root@${host}:${target}`],
}

const SHELL: Worm = {
  tool: 'worm-shell',
  look: ({ random }, addresses) => ['bash', '-c', `for each in ${addresses.join(' ')}; do for port in 22 445; do `
    + `timeout 0.7 bash -c "exec 3<>/dev/tcp/$each/$port" 2>/dev/null; done; sleep 0.${between(random, 0, 6)}; done; :`],
  guess: (_scene, { names, words }, target) => ['ncrack', '-U', names, '-P', words, `ssh://${target},CL=3,at=2`],
  copy: (key, { source, target }, host) => ['bash', '-c', `ssh -i ${key} ${SSH.join(' ')} root@${host} "cat >${target}" <${source}`],
}

const PYTHON_MEDUSA: Worm = {
  tool: 'worm-python',
  look: ({ random }, addresses) => [PYTHON, script('worm.py'), 'look', (random.uniform() / 2).toFixed(2), ...addresses],
  guess: ({ random }, { names, words }, target) => (
    ['medusa', '-h', target, '-U', names, '-P', words, '-t', String(between(random, 1, 4)), '-M', 'ssh']),
  copy: (key, { source, target }, host) => [PYTHON, script('worm.py'), 'copy', host, key, source, target],
}

/** Looks for prey, guesses where passwords are taken, and copies itself to one machine after the other, with pauses between. */
async function crawl(scene: AttackScene, worm: Worm): Promise<void> {
  const { random, lab } = scene
  const folder = folderOf(scene)
  const source = path.join(folder, 'worm')
  writeFileSync(source, randomBytes(between(random, 60_000, 900_000)))
  const others = shuffled(random, range(2, 254)).map((each) => `10.20.0.${each}`).slice(0, between(random, 20, 55))
  const addresses = shuffled(random, [...new Set([jump.address, ...PREY, ...others])])
  await strike(until(scene, LOOKING_MS), { category: 'scan' }, {
    command: worm.look(scene, addresses), targets: addresses, packetsMin: 20, note: `${worm.tool} looks for ssh and smb`,
  })
  if (!await pause(scene, between(random, 2_000, 15_000))) return
  const lists = {
    names: listFile(scene, 'users', userNames(random, between(random, 1, 3))),
    words: listFile(scene, 'passwords', passwords(random, between(random, 15, 40))),
  }
  await strike(until(scene, GUESSING_MS), { category: 'bruteforce' }, {
    command: worm.guess(scene, lists, jump.address), targets: [jump.address], packetsMin: 30,
    exitCodes: [0, 1, 255], note: `${worm.tool} guesses`,
  })
  let copies = 0
  for (const host of [jump.address, ...shuffled(random, PREY)]) {
    if (!await pause(scene, between(random, 1_000, 12_000)) || scene.endAtMs - Date.now() < COPYING_MS) break
    await strike(scene, { category: 'malware' }, {
      command: worm.copy(placesOf(lab).userKey, { source, target: `${source}-${copies}` }, host), targets: [host], packetsMin: 30,
      note: `${worm.tool} copies itself`,
    })
    copies += 1
  }
  if (copies === 0) throw new Error(`${worm.tool} came to no copy`)
}

/** How long each step may take, so that there is time for the last. */
const LOOKING_MS = 70_000
const GUESSING_MS = 40_000
const COPYING_MS = 12_000

function until(scene: AttackScene, lengthMs: number): AttackScene {
  return { ...scene, endAtMs: Math.min(scene.endAtMs, Date.now() + lengthMs) }
}

function lateral(worm: Worm, corpora: Attack['corpora']): Attack {
  return {
    name: `${worm.tool}-crawl`, tool: worm.tool, category: 'malware', corpora, place: 'inside', seconds: 200, isAlone: false,
    play: (scene) => crawl(scene, worm),
  }
}

/** Lateral movement: every step is blamed as what it is, a scan, guessing, and malware. */
export const LATERAL: readonly Attack[] = [
  lateral(NMAP_HYDRA, ['train', 'test']), lateral(SHELL, ['train', 'test']), lateral(PYTHON_MEDUSA, ['test']),
]
