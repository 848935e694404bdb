import type { Random } from '../../../agent/kit/index.ts'
import { PLAN, siteAddress, strangerAddress } from '../plan.ts'
import { pick, shuffled } from '../scene.ts'
import type { AttackScene } from '../scene.ts'
import { range } from './run-tool.ts'

/** The prefixes that are routed to the LAN through the gateways; only few of their addresses exist. */
export const PUBLISHED_PREFIXES = ['203.0.113.0/25', '203.0.113.128/25'] as const
/** The network behind the gateways. */
export const LAN_PREFIX = '10.20.0.0/24'
/** How many peers a truth names at most; beyond that it speaks of the whole address. */
export const PEERS_MAX = 64

const { jump, www, mail } = PLAN.lan

/** Servers that the Internet reaches through the first gateway and through the second. */
export const PUBLISHED = [jump, www, mail].flatMap((each) => [each.published, each.published2])

/** One published server's address, through either gateway. */
export function publishedServer(random: Random, name: 'jump' | 'www' | 'mail'): string {
  return pick(random, [PLAN.lan[name].published, PLAN.lan[name].published2])
}

/** Some machines of the LAN. */
export function lanAddresses(random: Random, count: number): string[] {
  return shuffled(random, Object.values(PLAN.lan).map((each) => each.address)).slice(0, count)
}

/** Some ordinary sites of the Internet. */
export function siteAddresses(random: Random, count: number): string[] {
  return shuffled(random, range(0, PLAN.sites - 1)).slice(0, count).map(siteAddress)
}

/** Some other VPN clients than the attacker. */
export function otherClients(scene: AttackScene, count: number): string[] {
  const others = scene.world.clients.filter((each) => each.name !== scene.actor.name)
  return shuffled(scene.random, others).slice(0, count).map((each) => each.address)
}

/** Somebody to attack where the attacker is: published servers from outside, machines of the LAN from inside. */
export function reachable(scene: AttackScene, count: number): string[] {
  if (scene.actor.link === 'internet') return shuffled(scene.random, PUBLISHED).slice(0, count)
  return lanAddresses(scene.random, count)
}

/** The address by which the attacker knows a server of the LAN. */
export function serverFor(scene: AttackScene, name: 'jump' | 'www' | 'mail'): string {
  return scene.actor.link === 'internet' ? publishedServer(scene.random, name) : PLAN.lan[name].address
}

/** Distinct strangers, for floods with more sources than `scene.stranger` should give away; nobody need have them. */
export function manyStrangers(random: Random, count: number): string[] {
  return shuffled(random, range(0, 299)).slice(0, count).map(strangerAddress)
}

/** Ports that services are known by. */
export const KNOWN_PORTS: readonly number[] = [
  21, 22, 23, 25, 53, 80, 81, 88, 110, 111, 113, 135, 139, 143, 161, 179, 199, 264, 389, 443, 445, 465, 500, 502, 513, 514, 515, 543, 548,
  554, 587, 631, 636, 646, 873, 902, 990, 993, 995, 1025, 1080, 1099, 1433, 1521, 1720, 1723, 1883, 2049, 2121, 2222, 2375, 2379, 3000,
  3128, 3306, 3389, 4444, 5000, 5060, 5432, 5555, 5601, 5672, 5900, 5985, 6000, 6379, 6443, 6667, 7001, 8000, 8008, 8080, 8081, 8086, 8443,
  8888, 9000, 9090, 9092, 9100, 9200, 9300, 10000, 10250, 11211, 15672, 27017, 32768, 49152, 49154,
]

/** Ports that worms and sweepers look for, one or a few at a time. */
export const SWEPT_PORTS = [22, 23, 80, 139, 443, 445, 1433, 2222, 3306, 3389, 5555, 5900, 6379, 8080, 8443, 9200] as const

/** Ports in an order drawn by chance. */
export function ports(random: Random, count: number): number[] {
  const known = shuffled(random, KNOWN_PORTS).slice(0, Math.min(count, Math.ceil(count / 2) + 20))
  const rest = shuffled(random, range(1, 9_999)).filter((each) => !known.includes(each))
  return shuffled(random, [...known, ...rest].slice(0, count))
}
