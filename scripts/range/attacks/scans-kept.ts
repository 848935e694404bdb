import { between, pick, shuffled } from '../scene.ts'
import type { Attack, AttackScene } from '../scene.ts'
import { deviceOf, listFile, range, routerOf, script } from './run-tool.ts'
import { attackOf } from './strike.ts'
import type { Strike } from './strike.ts'
import {
  LAN_PREFIX, PUBLISHED_PREFIXES, SWEPT_PORTS, lanAddresses, otherClients, ports, reachable, siteAddresses,
} from './targets.ts'

const TEST = { category: 'scan', corpora: ['test'] } as const

/** masscan writes whole frames, so it must be told which router they go to; the kernel answers SYN+ACKs itself. */
async function masscan(scene: AttackScene, target: string, wanted: readonly number[]): Promise<Strike> {
  const { random, actor } = scene
  const rate = between(random, 20, 400)
  const words = ['-p', wanted.join(','), '--rate', String(rate), '--seed', String(between(random, 1, 1e6)), '--wait', '2']
  const where = ['-e', deviceOf(actor), '--source-ip', actor.address, '--source-port', String(between(random, 40_000, 60_000))]
  return {
    command: ['masscan', target, ...words, ...where, '--router-mac', await routerOf(scene)],
    targets: target.includes('/') ? [] : [target], packetsMin: 60,
    note: `masscan --rate ${rate}, ${wanted.length} ports of ${target}`,
  }
}

/** zmap as well; its filter does not compile on a tunnel. Its own list of reserved prefixes would forbid all of the range. */
async function zmap(scene: AttackScene, prefix: string): Promise<Strike> {
  const { random, actor } = scene
  const port = pick(random, SWEPT_PORTS)
  const rate = between(random, 10, 200)
  const none = listFile(scene, 'blacklist', ['192.0.2.0/24'])
  const probe = random.uniform() < 0.75 ? ['-M', 'tcp_synscan', '-p', String(port)] : ['-M', 'icmp_echoscan']
  const chance = ['--seed', String(between(random, 1, 1e6)), '-P', String(between(random, 1, 2))]
  const words = [...probe, '-r', String(rate), ...chance, '-c', '3']
  const where = ['-i', deviceOf(actor), '-S', actor.address, '-G', await routerOf(scene)]
  return {
    command: ['zmap', '-C', '/dev/null', '-b', none, ...where, ...words, '-o', '-', prefix],
    targets: [], packetsMin: 60, note: `zmap ${words.join(' ')} ${prefix}`,
  }
}

function fping(scene: AttackScene): Strike {
  const { random } = scene
  const isLan = random.uniform() < 0.7
  const gapMs = pick(random, [between(random, 10, 60), between(random, 200, 800)])
  const clients = otherClients(scene, 64)
  const lan = shuffled(random, range(2, 254)).slice(0, 62).map((each) => `10.20.0.${each}`)
  const targets = isLan || clients.length < 12 ? lan : clients
  return {
    command: ['fping', '-q', '-r', '0', '-i', String(gapMs), ...targets], targets,
    packetsMin: Math.floor(targets.length / 2),
    // 1: some did not answer.
    exitCodes: [0, 1], note: `fping -i ${gapMs}, ${targets.length} addresses`,
  }
}

function netcat(scene: AttackScene, targets: readonly string[]): Strike {
  const { random } = scene
  const first = pick(random, [1, 20, 70, 130, 400, 1_000, 3_000, 8_000])
  const list = `${first}-${first + between(random, 80, 250)}`
  return {
    // netcat takes one address; its exit code is that of the last port.
    command: ['bash', '-c', `for each in ${targets.join(' ')}; do nc.openbsd -nzv -w 1 $each ${list}; done; echo swept`],
    targets, packetsMin: 30, says: /swept/, note: `netcat -nzv -w 1, ports ${list}`,
  }
}

/** Its own `-i` does not wait between closed ports, so the shell does. */
function netcatSlow(scene: AttackScene): Strike {
  const { random } = scene
  const [target = ''] = reachable(scene, 1)
  const lowS = between(random, 4, 8)
  const one = `nc.openbsd -nz -w 1 ${target} $port; sleep $((${lowS} + RANDOM % 6))`
  return {
    command: ['bash', '-c', `for port in ${ports(random, 100).join(' ')}; do ${one}; done; echo swept`],
    targets: [target], packetsMin: 10, says: /swept/, note: `netcat -nz, a port every ${lowS}-${lowS + 5} s`,
  }
}

function python(scene: AttackScene, targets: readonly string[], { wanted, width, gapMs }: Pace): Strike {
  const seed = between(scene.random, 1, 1e6)
  const list = [targets.join(','), wanted.join(','), width, ...gapMs, seed].map(String)
  return {
    command: ['/usr/bin/python3', script('connect-scan.py'), ...list], targets, says: /^probed /m,
    packetsMin: Math.min(12, wanted.length * targets.length / 2),
    note: `python asyncio connect scan, ${wanted.length} ports, ${width} at once`,
  }
}

interface Pace {
  readonly wanted: readonly number[]
  readonly width: number
  readonly gapMs: readonly [number, number]
}

function pythonVertical(scene: AttackScene): Strike {
  const { random } = scene
  const wanted = ports(random, between(random, 150, 700))
  const gapMs = [0, between(random, 1, 400)] as const
  return python(scene, reachable(scene, between(random, 1, 2)), { wanted, width: between(random, 4, 60), gapMs })
}

function swept({ random }: AttackScene, most: number): number[] {
  return shuffled(random, SWEPT_PORTS).slice(0, between(random, 1, most))
}

/** Scanners that no training capture shows. */
export const KEPT_SCANS: readonly Attack[] = [
  attackOf({
    ...TEST, name: 'masscan-prefix', tool: 'masscan', place: 'outside', seconds: 90,
    plan: (scene) => masscan(scene, pick(scene.random, PUBLISHED_PREFIXES), swept(scene, 6)),
  }),
  attackOf({
    ...TEST, name: 'masscan-vertical', tool: 'masscan', place: 'outside', seconds: 90,
    plan: (scene) => masscan(scene, reachable(scene, 1)[0] ?? '', ports(scene.random, between(scene.random, 300, 2_000))),
  }),
  attackOf({
    ...TEST, name: 'masscan-lan', tool: 'masscan', place: 'inside', links: ['branch'], isAlone: true, seconds: 90,
    plan: (scene) => masscan(scene, LAN_PREFIX, swept(scene, 3)),
  }),
  attackOf({
    ...TEST, name: 'zmap-prefix', tool: 'zmap', place: 'outside', seconds: 60,
    plan: (scene) => zmap(scene, pick(scene.random, PUBLISHED_PREFIXES)),
  }),
  attackOf({
    ...TEST, name: 'zmap-lan', tool: 'zmap', place: 'inside', isAlone: true, links: ['branch'], seconds: 60,
    plan: (scene) => zmap(scene, LAN_PREFIX),
  }),
  attackOf({ ...TEST, name: 'fping-sweep', tool: 'fping', place: 'inside', seconds: 120, plan: fping }),
  attackOf({
    ...TEST, name: 'netcat-vertical', tool: 'netcat', place: 'inside', seconds: 120,
    plan: (scene) => netcat(scene, lanAddresses(scene.random, between(scene.random, 1, 3))),
  }),
  attackOf({ ...TEST, name: 'netcat-slow', tool: 'netcat', place: 'outside', seconds: 420, plan: netcatSlow }),
  attackOf({
    ...TEST, name: 'python-vertical-outside', tool: 'python', place: 'outside', seconds: 120,
    plan: pythonVertical,
  }),
  attackOf({
    ...TEST, name: 'python-vertical-inside', tool: 'python', place: 'inside', seconds: 120,
    plan: pythonVertical,
  }),
  attackOf({
    ...TEST, name: 'python-outwards', tool: 'python', place: 'inside', seconds: 150,
    plan: (scene) => python(scene, siteAddresses(scene.random, 60), {
      wanted: swept(scene, 3), width: between(scene.random, 2, 12), gapMs: [100, 900],
    }),
  }),
  attackOf({
    ...TEST, name: 'python-slow', tool: 'python', place: 'inside', seconds: 420,
    plan: (scene) => python(scene, lanAddresses(scene.random, 10), {
      wanted: [22, 23, 139, 445, 3389, 5985, 8080, 9100], width: 1, gapMs: [4_000, 9_000],
    }),
  }),
]
