import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { PLAN } from '../plan.ts'
import { between, during, pick } from '../scene.ts'
import type { Attack, AttackScene, Truth } from '../scene.ts'
import { python, runUntilEnd } from './rented-programs.ts'
import { packetsSent } from './run-tool.ts'

/** Bounds of every flood here: what one source of the range may do to its own gateway. */
const [PER_SECOND_MAX, SECONDS_MAX, PACKETS_MAX] = [2_000, 60, 40_000]

interface Flood {
  readonly name: string
  readonly tool: string
  readonly corpora: Attack['corpora']
  /** How many strangers the packets say to come from; 0: they say the truth. */
  readonly spoofed: number
  readonly command: (scene: AttackScene, pace: Pace) => { command: readonly string[]; settings: string }
}

interface Pace {
  readonly gateway: string
  readonly perSecond: number
  readonly seconds: number
  readonly count: number
  readonly sources: readonly string[]
}

function drawPace(scene: AttackScene, spoofed: number): Pace {
  const { random, world } = scene
  const seconds = Math.min(SECONDS_MAX, Math.floor((scene.endAtMs - Date.now()) / 1_000) - 1)
  const perSecond = Math.min(Math.round(200 * 10 ** random.uniform()), PER_SECOND_MAX, Math.floor(PACKETS_MAX / seconds))
  const sources = Array.from({ length: spoofed }, () => scene.stranger())
  return { gateway: world.gateways[0].outer, perSecond, seconds, count: perSecond * seconds, sources }
}

function byPython(manner: 'wireguard' | 'openvpn'): Flood['command'] {
  return (scene, { gateway, perSecond, seconds, sources }) => {
    const { random, world } = scene
    const isKeyKnown = manner === 'wireguard' && random.uniform() < 0.5
    const port = PLAN[manner].port
    const key = isKeyKnown ? world.wireguard.keys.publicKey : '-'
    const seed = between(random, 1, 1_000_000)
    const command = python('gateway_flood.py', manner, gateway, port, seed, perSecond, seconds, key, ...sources)
    return { command, settings: `${manner}, ${perSecond}/s${isKeyKnown ? ', right MAC' : ''}` }
  }
}

const FLOODS: readonly Flood[] = [
  {
    name: 'python-wireguard-flood', tool: 'python-wireguard-flood', corpora: ['train'], spoofed: 0,
    command: byPython('wireguard'),
  },
  {
    name: 'python-wireguard-flood-spoofed', tool: 'python-wireguard-flood', corpora: ['train'], spoofed: 12,
    command: byPython('wireguard'),
  },
  {
    name: 'python-openvpn-flood', tool: 'python-openvpn-flood', corpora: ['test'], spoofed: 0,
    command: byPython('openvpn'),
  },
  {
    name: 'hping3-wireguard-flood', tool: 'hping3-wireguard', corpora: ['test'], spoofed: 0,
    command: (scene, { gateway, perSecond, count }) => {
      const file = path.join(scene.lab.folder, `initiation-${scene.actor.name}.bin`)
      writeFileSync(file, Buffer.concat([Buffer.from([1, 0, 0, 0]), Buffer.alloc(144, between(scene.random, 1, 255))]))
      const isPortFixed = scene.random.uniform() < 0.5
      const words = ['--udp', '-p', String(PLAN.wireguard.port), '-d', '148', '-E', file, '-i', `u${Math.round(1_000_000 / perSecond)}`,
        ...(isPortFixed ? ['-k'] : []), '-c', String(count)]
      return { command: ['hping3', '-q', '-n', ...words, gateway], settings: `${perSecond}/s, ${isPortFixed ? 'one port' : 'many ports'}` }
    },
  },
  {
    name: 'nping-openvpn-flood', tool: 'nping-openvpn', corpora: ['train'], spoofed: 0,
    command: (scene, { gateway, perSecond, count }) => {
      const session = Array.from({ length: 16 }, () => between(scene.random, 0, 15).toString(16)).join('')
      // Its own idea of a source port would be that of DNS.
      const ports = ['-g', String(between(scene.random, 20_000, 60_000)), '-p', String(PLAN.openvpn.port)]
      const words = ['--udp', ...ports, '--data', `38${session}0000000000`, '--rate', String(perSecond), '-c', String(count)]
      return { command: ['nping', '-q1', '--no-capture', ...words, gateway], settings: `${perSecond}/s, one session` }
    },
  },
]

function attackOf({ name, tool, corpora, spoofed, command }: Flood): Attack {
  return {
    name, tool, corpora, seconds: 60, category: 'vpn-abuse', place: 'outside', isAlone: false,
    play: async (scene) => {
      const pace = drawPace(scene, spoofed)
      const { command: words, settings } = command(scene, pace)
      const who: Pick<Truth, 'role' | 'address' | 'peers'> = spoofed > 0
        ? { role: 'victim', address: pace.gateway, peers: pace.sources }
        : { role: 'entity', address: scene.actor.address, peers: [pace.gateway] }
      await during(scene, { ...who, category: 'vpn-abuse', tool: `${name} ${settings}` }, async () => {
        const before = packetsSent(scene.actor)
        const { output } = await runUntilEnd(scene, scene.actor, { command: words })
        const sent = packetsSent(scene.actor) - before
        if (sent < 0.2 * pace.count) throw new Error(`${name} sent ${sent} of ${pace.count}: ${output.slice(-600)}`)
      })
    },
  }
}

const TRANSFORMS = ['5,2,1,2', '7/256,2,1,14', '7/128,1,1,5', '1,1,1,1', '5,1,3,2', '7/256,4,1,16'] as const

/** Somebody looks for a gateway of yet another kind. */
const IKE_SCAN: Attack = {
  name: 'ike-scan-gateway', tool: 'ike-scan', corpora: ['test'], seconds: 120, category: 'vpn-abuse', place: 'outside', isAlone: false,
  play: async (scene) => {
    const gateway = scene.world.gateways[0].outer
    const { random, actor } = scene
    const tool = 'ike-scan with many transforms'
    const truth = { role: 'entity', address: actor.address, peers: [gateway], category: 'vpn-abuse', tool } as const
    await during(scene, truth, async () => {
      let rounds = 0
      while (Date.now() < scene.endAtMs - 1_000) {
        const manner = pick(random, [[], ['--aggressive', `--id=user${between(random, 1, 99)}`], ['--ikev2'], ['--nat-t']])
        const words = manner.includes('--ikev2') ? [] : [`--trans=${pick(random, TRANSFORMS)}`]
        const retry = [`--retry=${between(random, 1, 4)}`, `--timeout=${between(random, 150, 500)}`]
        const { output } = await runUntilEnd(scene, actor, { command: ['ike-scan', '--sport=0', ...retry, ...manner, ...words, gateway] })
        if (!output.includes('Starting ike-scan')) throw new Error(`ike-scan: ${output}`)
        rounds += 1
      }
      if (rounds < 10) throw new Error(`ike-scan came to ${rounds} rounds`)
    })
  },
}

/** Opening packets without end, and a search for another kind of gateway. */
export const VPN_FLOODS: readonly Attack[] = [...FLOODS.map(attackOf), IKE_SCAN]
