import { execFileSync } from 'node:child_process'
import path from 'node:path'
import type { Host, Lab } from '../lab/lab.ts'
import type { OpenVpnServer } from './tunnels/openvpn.ts'
import type { WireGuardClient, WireGuardServer } from './tunnels/wireguard.ts'
import {
  PLAN, lineAddress, rentedAddress, siteAddress, siteAddress6, strangerAddress,
} from './plan.ts'

/** A machine of the range: a namespace with the addresses by which others know it. */
export interface Machine extends Host {
  readonly address: string
  readonly address6: string | undefined
  readonly link: 'wireguard' | 'openvpn' | 'branch' | 'lan' | 'internet'
}

/** One of the two VPN gateways. */
export interface Gateway extends Host {
  readonly outer: string
  readonly lan: string
}

/** The machines on the network behind the gateways, by their names in the plan. */
export type LanName = keyof typeof PLAN.lan

/** The network without tunnels. */
export interface Ground {
  readonly lab: Lab
  readonly gateways: readonly [Gateway, Gateway]
  readonly provider: Host
  readonly lan: Readonly<Record<LanName, Machine>>
  /** One machine with the addresses of all ordinary sites. */
  readonly sites: Machine
  /** One machine with the addresses of all rented servers. */
  readonly rented: Machine
  /** Grows: VPN clients and hosts of branch offices, in the order they joined. */
  readonly clients: Machine[]
  /** Lines handed out so far. */
  lines: number
}

/** Everything that exists before anybody acts. */
export interface World extends Ground {
  /** The servers of the first gateway, and the clients' keys by the name of their machine. */
  readonly wireguard: WireGuardServer
  readonly wireguardClients: ReadonlyMap<string, WireGuardClient>
  readonly openvpn: OpenVpnServer
  /** VPN clients and hosts of branch offices who do nothing but ordinary things. */
  readonly benign: readonly Machine[]
  /** VPN clients and hosts of branch offices that an attacker has; most do ordinary things beside. */
  readonly infected: readonly Machine[]
}

/** The interface of the gateway towards provider and Internet. */
export const OUTER = 'outer0'
const RATE = '300mbit'

/** Builds provider, Internet, gateways and LAN. Tunnels and their clients come later. */
export async function buildWorld(lab: Lab): Promise<Ground> {
  const provider = addRouter(lab, 'isp')
  addBridge(lab, provider, { name: 'wan', addresses: [`${PLAN.provider.wan}/24`] })
  addBridge(lab, provider, { name: 'access', addresses: [`${PLAN.provider.access}/16`] })
  const core = addRouter(lab, 'core')
  addBridge(lab, core, { name: 'net', addresses: [`${PLAN.internet.gateway}/15`, `${PLAN.internet.gateway6}/64`] })
  await addFarLink(lab, provider, core)
  const gateways = PLAN.gateways.map((each) => addGateway(lab, provider, each))
  const [first, second] = gateways
  if (first === undefined || second === undefined) throw new Error('the plan has two gateways')
  const lan = addLan(lab, first, second)
  const sites = addInternetMachine({ lab }, { name: 'sites', addresses: siteAddresses() })
  const rented = addInternetMachine({ lab }, { name: 'rented', addresses: count(PLAN.rented).map(rentedAddress) })
  return { lab, gateways: [first, second], provider, lan, sites, rented, clients: [], lines: 0 }
}

/** A machine on the open Internet. The first address is the one that its programs use by themselves. */
export function addInternetMachine({ lab }: Pick<Ground, 'lab'>, wanted: { name: string; addresses: readonly string[] }): Machine {
  const host = lab.addHost(wanted.name)
  plug(lab, { bridge: 'net', of: { name: 'core', namespace: lab.namespaceOf('core') }, host })
  for (const each of wanted.addresses) lab.addAddress(host, 'eth0', each.includes(':') ? `${each}/64` : `${each}/15`)
  lab.ip('-n', host.namespace, 'route', 'add', 'default', 'via', PLAN.internet.gateway)
  if (wanted.addresses.some((each) => each.includes(':'))) {
    lab.ip('-n', host.namespace, '-6', 'route', 'add', 'default', 'via', PLAN.internet.gateway6)
  }
  lab.setNameserver(host, PLAN.internet.resolver)
  const [address] = wanted.addresses
  if (address === undefined) throw new Error(`${wanted.name} has no address`)
  return { ...host, address, address6: wanted.addresses.find((each) => each.includes(':')), link: 'internet' }
}

/** A machine at a customer's line, not yet in any tunnel; its default route is the provider. */
export function addCustomer(world: Ground, name: string): { readonly host: Host; readonly line: string } {
  const { lab } = world
  const host = lab.addHost(name)
  const line = lineAddress(world.lines)
  world.lines += 1
  plug(lab, { bridge: 'access', of: world.provider, host })
  lab.addAddress(host, 'eth0', `${line}/16`)
  lab.ip('-n', host.namespace, 'route', 'add', 'default', 'via', PLAN.provider.access)
  return { host, line }
}

/** Gives stranger's addresses to a machine, so that what is sent to them arrives somewhere. */
export function hostStrangers(world: Ground, name: string, addresses: readonly string[]): Machine {
  return addInternetMachine(world, { name, addresses })
}

/** Plugs a host's new interface `eth0` into a bridge. */
export function plug(lab: Lab, { bridge, of, host }: { bridge: string; of: Host; host: Host }): void {
  const port = `p-${host.name}`.slice(0, 15)
  lab.addLink({ host, interfaceName: 'eth0' }, { host: of, interfaceName: port })
  lab.ip('-n', of.namespace, 'link', 'set', port, 'master', bridge)
}

/** A host that forwards. Reverse-path filters are off: asymmetric routes and spoofed sources are part of the play. */
export function addRouter(lab: Lab, name: string): Host {
  const host = lab.addHost(name)
  setForwarding(lab, host)
  return host
}

/** A bridge with addresses in a host. */
export function addBridge(lab: Lab, host: Host, wanted: { name: string; addresses: readonly string[] }): void {
  lab.ip('-n', host.namespace, 'link', 'add', wanted.name, 'type', 'bridge')
  lab.ip('-n', host.namespace, 'link', 'set', wanted.name, 'up')
  for (const each of wanted.addresses) lab.addAddress(host, wanted.name, each)
}

function setForwarding(lab: Lab, host: Host): void {
  const keys = [
    'net.ipv4.ip_forward=1', 'net.ipv6.conf.all.forwarding=1', 'net.ipv4.conf.all.rp_filter=0', 'net.ipv4.conf.default.rp_filter=0',
  ]
  lab.ip('netns', 'exec', host.namespace, 'sysctl', '-q', '-w', ...keys)
}

/** Provider and Internet meet over a link with the delays of distance; see delay/delay_link.cc. */
async function addFarLink(lab: Lab, provider: Host, core: Host): Promise<void> {
  const program = path.join(lab.folder, 'delay-link')
  execFileSync(process.env['CXX'] ?? 'g++', ['-std=c++20', '-O2', '-o', program, path.join(import.meta.dirname, 'delay/delay_link.cc')])
  const child = lab.startHere([program, provider.namespace, 'far0', core.namespace, 'far0', '2', '60'])
  await new Promise<void>((resolve, reject) => {
    child.stdout?.once('data', () => resolve())
    child.once('exit', () => reject(new Error('delay-link ended')))
  })
  for (const host of [provider, core]) lab.ip('-n', host.namespace, 'link', 'set', 'far0', 'up')
  lab.ip('-n', provider.namespace, 'route', 'add', '198.18.0.0/15', 'dev', 'far0')
  lab.ip('-n', provider.namespace, '-6', 'route', 'add', '2001:db8:18::/64', 'dev', 'far0')
  lab.ip('-n', core.namespace, 'route', 'add', 'default', 'dev', 'far0')
  lab.ip('-n', core.namespace, '-6', 'route', 'add', 'default', 'dev', 'far0')
}

function addGateway(lab: Lab, provider: Host, { name, outer, lan }: { name: string; outer: string; lan: string }): Gateway {
  const host = addRouter(lab, name)
  const port = `p-${name}`
  lab.addLink({ host, interfaceName: OUTER }, { host: provider, interfaceName: port })
  lab.ip('-n', provider.namespace, 'link', 'set', port, 'master', 'wan')
  lab.addAddress(host, OUTER, `${outer}/24`)
  lab.addAddress(host, OUTER, `${outer6(outer)}/64`)
  if (name === 'gw1') lab.addAddress(provider, 'wan', '2001:db8:51::fe/64')
  lab.ip('-n', host.namespace, 'route', 'add', 'default', 'via', PLAN.provider.wan)
  lab.ip('-n', host.namespace, '-6', 'route', 'add', 'default', 'via', '2001:db8:51::fe')
  // A line of 300 Mbit/s with a queue in front of it, so that gaps between packets are not those of memory copies.
  for (const [where, device] of [[host, OUTER], [provider, port]] as const) {
    lab.ip('netns', 'exec', where.namespace, 'tc', 'qdisc', 'add', 'dev', device, 'root', 'tbf',
      'rate', RATE, 'burst', '128k', 'latency', '50ms')
  }
  return { ...host, outer, lan }
}

function outer6(outer: string): string {
  return `2001:db8:51::${outer.split('.').at(-1)}`
}

/** One network behind both gateways; what came in through the second goes out through it again. */
function addLan(lab: Lab, first: Gateway, second: Gateway): Record<LanName, Machine> {
  addBridge(lab, first, { name: 'lan0', addresses: [`${first.lan}/24`] })
  lab.addLink({ host: second, interfaceName: 'lan0' }, { host: first, interfaceName: 'p-gw2' })
  lab.ip('-n', first.namespace, 'link', 'set', 'p-gw2', 'master', 'lan0')
  lab.addAddress(second, 'lan0', `${second.lan}/24`)
  const isp = lab.namespaceOf('isp')
  for (const [prefix, gateway] of [['203.0.113.0/25', first], ['203.0.113.128/25', second]] as const) {
    lab.ip('-n', gateway.namespace, 'route', 'add', prefix, 'dev', 'lan0')
    lab.ip('-n', isp, 'route', 'add', prefix, 'via', gateway.outer)
  }
  for (const prefix of ['10.8.0.0/16', '10.9.0.0/16', '10.20.0.0/16']) {
    lab.ip('-n', isp, 'route', 'add', prefix, 'via', first.outer)
  }
  lab.ip('-n', isp, '-6', 'route', 'add', 'fd00:8::/32', 'via', outer6(first.outer))
  const add = (name: LanName): Machine => addLanMachine(lab, first, name)
  return {
    resolver: add('resolver'), jump: add('jump'), www: add('www'), mail: add('mail'), files: add('files'), config: add('config'),
    monitor: add('monitor'), scanner: add('scanner'),
    workstation1: add('workstation1'), workstation2: add('workstation2'), workstation3: add('workstation3'),
  }
}

function addLanMachine(lab: Lab, gateway: Gateway, name: LanName): Machine {
  const host = lab.addHost(name)
  plug(lab, { bridge: 'lan0', of: gateway, host })
  const { address, ...more } = PLAN.lan[name]
  lab.addAddress(host, 'eth0', `${address}/24`)
  lab.ip('-n', host.namespace, 'route', 'add', 'default', 'via', PLAN.gateways[0].lan)
  if ('published' in more) {
    lab.addAddress(host, 'eth0', `${more.published}/32`)
    lab.addAddress(host, 'eth0', `${more.published2}/32`)
    lab.ip('-n', host.namespace, 'rule', 'add', 'from', more.published2, 'table', '2')
    lab.ip('-n', host.namespace, 'route', 'add', 'default', 'via', PLAN.gateways[1].lan, 'table', '2')
  }
  lab.setNameserver(host, PLAN.lan.resolver.address)
  return { ...host, address, address6: undefined, link: 'lan' }
}

function siteAddresses(): string[] {
  const sites = count(PLAN.sites)
  const services = [PLAN.internet.resolver, PLAN.internet.time]
  return [...sites.map(siteAddress), ...services, ...sites.flatMap((index) => siteAddress6(index) ?? [])]
}

function count(length: number): number[] {
  return Array.from({ length }, (_, index) => index)
}

/** The stranger with this number; see `AttackScene.stranger`. */
export function strangerOf(number: number): string {
  if (number >= PLAN.strangers) throw new Error(`the plan has ${PLAN.strangers} strangers`)
  return strangerAddress(number)
}
