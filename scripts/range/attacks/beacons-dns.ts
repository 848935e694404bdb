import { between, during, pick } from '../scene.ts'
import type { Attack, AttackScene } from '../scene.ts'
import { PLAN } from '../plan.ts'
import { begin, beside, python, runUntilEnd } from './rented-programs.ts'
import { beat, describeRhythm, drawRhythm } from './rhythm.ts'

/** Through whom the questions go: the LAN's resolver, the Internet's, or none. */
export type Way = 'lan' | 'internet' | 'direct'

interface DnsBeacon {
  readonly name: string
  readonly tool: string
  readonly corpora: Attack['corpora']
  readonly seconds: number
  readonly way: Way
  readonly command: (asked: { readonly name: string; readonly resolver: string }) => readonly string[]
}

/** The address that the client asks. */
export function resolverOf(way: Way, rented: string): string {
  return { lan: PLAN.lan.resolver.address, internet: PLAN.internet.resolver, direct: rented }[way]
}

const DNS_BEACONS_BY_TOOL: readonly DnsBeacon[] = [
  {
    name: 'dig-txt-beacon', tool: 'dig', corpora: ['train'], seconds: 360, way: 'lan',
    command: ({ name, resolver }) => ['dig', '+short', '+tries=1', '+time=4', `@${resolver}`, 'TXT', name],
  },
  {
    name: 'dig-a-beacon', tool: 'dig', corpora: ['train'], seconds: 420, way: 'internet',
    command: ({ name, resolver }) => ['dig', '+short', '+tries=1', '+time=4', `@${resolver}`, 'A', name],
  },
  {
    name: 'nslookup-txt-beacon', tool: 'nslookup', corpora: ['test'], seconds: 360, way: 'internet',
    command: ({ name, resolver }) => ['nslookup', '-type=TXT', '-timeout=4', name, resolver],
  },
  {
    name: 'host-a-beacon', tool: 'host', corpora: ['test'], seconds: 360, way: 'lan',
    command: ({ name, resolver }) => ['host', '-t', 'A', '-W', '4', name, resolver],
  },
]

function attackOf({ name, tool, corpora, seconds, way, command }: DnsBeacon): Attack {
  return {
    name, tool, corpora, seconds, category: 'c2', place: 'inside',
    // The LAN's resolver is also what the actor's ordinary programs ask.
    isAlone: way === 'lan',
    play: (scene) => {
      const server = scene.rent()
      const resolver = resolverOf(way, server.address)
      const rhythm = drawRhythm(scene)
      const seed = between(scene.random, 1, 1_000_000)
      const far = python('dns_server.py', server.address, seed, pick(scene.random, [24, 90, 180]))
      const serving = begin(scene, server.machine, { command: far, ready: 'ready' })
      const id = word(scene, 6)
      const words = `${name} ${describeRhythm(rhythm)}, asks ${resolver}`
      const truth = { role: 'entity', address: scene.actor.address, peers: [resolver], category: 'c2', tool: words } as const
      return beside(serving, (served) => during(scene, truth, () => beat(scene, rhythm, async (turn) => {
        const before = served.got().count
        // A name that nobody asked before, or the resolver would answer by itself.
        const asked = `${word(scene, between(scene.random, 4, 14))}.${turn.toString(36)}.${id}.${server.zone}`
        await runUntilEnd(scene, scene.actor, { command: command({ name: asked, resolver }) })
        return served.got().count > before
      })))
    },
  }
}

/** Letters and digits by chance. */
export function word({ random }: AttackScene, length: number): string {
  return Array.from({ length }, () => between(random, 0, 35).toString(36)).join('')
}

/** Implants that poll over DNS: few, small questions. Tunnels have a category of their own. */
export const DNS_BEACONS: readonly Attack[] = DNS_BEACONS_BY_TOOL.map(attackOf)
