import { between, pick, shuffled } from '../scene.ts'
import type { Attack, AttackScene } from '../scene.ts'
import { range } from './run-tool.ts'
import { attackOf } from './strike.ts'
import type { Strike } from './strike.ts'
import {
  LAN_PREFIX, PUBLISHED_PREFIXES, SWEPT_PORTS, lanAddresses, otherClients, ports, reachable, siteAddresses,
} from './targets.ts'

const TRAIN = { tool: 'nmap', category: 'scan', corpora: ['train', 'test'] } as const

/** An nmap run. `--send-ip` because a tunnel has no Ethernet; names are never asked for. */
function nmap(words: readonly string[], targets: readonly string[], packetsMin: number): Strike {
  const command = ['nmap', '-n', '--send-ip', '-oG', '-', ...words]
  const note = ['nmap', ...words].join(' ').slice(0, 120)
  return { command: [...command, ...targets], targets: named(targets), packetsMin, says: /Nmap done/, note }
}

/** A prefix is no peer: too many addresses to name. */
function named(targets: readonly string[]): readonly string[] {
  return targets.some((each) => each.includes('/')) ? [] : targets
}

function someServers(scene: AttackScene): string[] {
  const { random, actor } = scene
  const count = between(random, 1, 3)
  if (actor.link === 'internet' || random.uniform() < 0.6) return reachable(scene, count)
  const clients = otherClients(scene, count)
  return clients.length > 0 ? clients : lanAddresses(random, count)
}

function vertical(scene: AttackScene, method: string): Strike {
  const { random } = scene
  const targets = someServers(scene)
  const count = pick(random, [150, 400, 1_000])
  const list = random.uniform() < 0.5 ? ['--top-ports', String(count)] : ['-p', ports(random, count).join(',')]
  const speed = pick(random, [['-T3'], ['-T4'], ['-T5'], ['--max-rate', String(between(random, 30, 400))]])
  const order = random.uniform() < 0.2 ? ['-r'] : []
  return nmap([method, '-Pn', ...speed, ...order, '--max-retries', '1', ...list], targets, Math.floor(count / 2))
}

function sweep(scene: AttackScene, prefix: string): Strike {
  const { random } = scene
  const wanted = shuffled(random, SWEPT_PORTS).slice(0, between(random, 1, 5)).join(',')
  const speed = pick(random, [['-T4'], ['-T5'], ['--max-rate', String(between(random, 20, 200))]])
  return nmap(['-sS', '-Pn', ...speed, '--max-retries', '0', '-p', wanted], [prefix], 60)
}

function slow(scene: AttackScene, targets: readonly string[], wanted: readonly number[]): Strike {
  const delayS = between(scene.random, 5, 12)
  const pace = ['--scan-delay', `${delayS}s`, '--max-scan-delay', `${delayS + 1}s`, '--max-retries', '0']
  return nmap(['-sS', '-Pn', ...pace, '-p', wanted.join(',')], targets, 10)
}

function service(scene: AttackScene): Strike {
  const { random } = scene
  const wanted = shuffled(random, [21, 22, 25, 53, 80, 110, 143, 443, 445, 587, 993, 3306, 8080, 8443]).slice(0, between(random, 8, 14))
  const scripts = random.uniform() < 0.5 ? ['-sC'] : ['--version-intensity', String(between(random, 3, 9))]
  return nmap(['-sV', '-Pn', ...scripts, '-p', wanted.join(',')], reachable(scene, between(random, 2, 3)), 12)
}

function udp(scene: AttackScene): Strike {
  const count = between(scene.random, 60, 150)
  const words = ['-sU', '-Pn', '--max-retries', '0', '--max-rate', String(between(scene.random, 5, 60)), '--top-ports', String(count)]
  return nmap(words, reachable(scene, between(scene.random, 1, 2)), Math.floor(count / 2))
}

function outwards(scene: AttackScene): Strike {
  const { random } = scene
  const wanted = shuffled(random, [22, 23, 445, 1433, 2323, 3389, 5555, 6379, 7547, 8291]).slice(0, between(random, 1, 3)).join(',')
  const words = ['-sS', '-Pn', '--max-retries', '0', '--max-rate', String(between(random, 2, 60)), '-p', wanted]
  return nmap(words, siteAddresses(random, between(random, 30, 60)), 25)
}

/** nmap in most of its manners. */
export const NMAP_SCANS: readonly Attack[] = [
  attackOf({
    ...TRAIN, name: 'nmap-syn-outside', place: 'outside', seconds: 120,
    plan: (scene) => vertical(scene, '-sS'),
  }),
  attackOf({
    ...TRAIN, name: 'nmap-syn-inside', place: 'inside', seconds: 120,
    plan: (scene) => vertical(scene, '-sS'),
  }),
  attackOf({
    ...TRAIN, name: 'nmap-connect-inside', place: 'inside', seconds: 120,
    plan: (scene) => vertical(scene, '-sT'),
  }),
  attackOf({
    ...TRAIN, name: 'nmap-flags-outside', place: 'outside', seconds: 120,
    plan: (scene) => vertical(scene, pick(scene.random, ['-sF', '-sN', '-sX', '-sA'])),
  }),
  attackOf({
    ...TRAIN, name: 'nmap-flags-inside', place: 'inside', seconds: 120,
    plan: (scene) => vertical(scene, pick(scene.random, ['-sF', '-sN', '-sX'])),
  }),
  attackOf({
    ...TRAIN, name: 'nmap-sweep-outside', place: 'outside', seconds: 120,
    plan: (scene) => sweep(scene, pick(scene.random, PUBLISHED_PREFIXES)),
  }),
  attackOf({
    ...TRAIN, name: 'nmap-sweep-inside', place: 'inside', seconds: 120, isAlone: true,
    plan: (scene) => sweep(scene, LAN_PREFIX),
  }),
  attackOf({
    ...TRAIN, name: 'nmap-ping-sweep', place: 'inside', seconds: 90, isAlone: true,
    plan: ({ random }) => {
      const asks = pick(random, [['-PE'], ['-PS22,445'], ['-PA80'], ['-PE', '-PS443']])
      return nmap(['-sn', ...asks, '--max-rate', String(between(random, 20, 200))], [LAN_PREFIX], 100)
    },
  }),
  attackOf({
    ...TRAIN, name: 'nmap-slow-outside', place: 'outside', seconds: 420,
    plan: (scene) => slow(scene, reachable(scene, 1), ports(scene.random, 120)),
  }),
  attackOf({
    ...TRAIN, name: 'nmap-slow-inside', place: 'inside', seconds: 420,
    plan: (scene) => slow(scene, lanAddresses(scene.random, 1), ports(scene.random, 120)),
  }),
  attackOf({ ...TRAIN, name: 'nmap-service-outside', place: 'outside', seconds: 150, plan: service }),
  attackOf({ ...TRAIN, name: 'nmap-service-inside', place: 'inside', seconds: 150, plan: service }),
  attackOf({ ...TRAIN, name: 'nmap-udp', place: 'outside', seconds: 120, plan: udp }),
  attackOf({ ...TRAIN, name: 'nmap-outwards', place: 'inside', seconds: 120, plan: outwards }),
  attackOf({
    ...TRAIN, name: 'nmap-clients', place: 'inside', seconds: 120,
    plan: (scene) => {
      const clients = otherClients(scene, between(scene.random, 8, 40))
      const wanted = shuffled(scene.random, SWEPT_PORTS).slice(0, between(scene.random, 2, 6)).join(',')
      return nmap(['-sS', '-Pn', '-T4', '--max-retries', '0', '-p', wanted], clients, clients.length)
    },
  }),
  attackOf({
    ...TRAIN, name: 'nmap-prefix-slow', place: 'outside', seconds: 420,
    plan: (scene) => slow(scene, hosts(scene), [pick(scene.random, SWEPT_PORTS)]),
  }),
]

/** Addresses of a published prefix, most of which do not exist: what a patient sweep knocks at. */
function hosts({ random }: AttackScene): string[] {
  const base = pick(random, [0, 128])
  return shuffled(random, range(1, 126)).slice(0, 60).map((each) => `203.0.113.${base + each}`)
}
