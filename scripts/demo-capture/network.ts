import type { Host, Lab } from '../lab/lab.ts'
import { PLAN, clientAddress, clientAddress6 } from './plan.ts'

/** The hosts of the lab: VPN clients and two machines behind the gateway, everything else before it. */
export interface Network {
  readonly gateway: Host
  /** One namespace with all the addresses of the outside world. */
  readonly outside: Host
  readonly jumpHost: Host
  readonly monitor: Host
  readonly clients: readonly Host[]
}

/** The bridge in the gateway that every packet between inside and outside crosses exactly once; captured there. */
export const INSIDE_BRIDGE = 'inside0'

/** Builds gateway, inside and outside. Forwarding is switched on in the gateway's namespace only. */
export function buildNetwork(lab: Lab): Network {
  const gateway = lab.addHost('gw')
  lab.ip('-n', gateway.namespace, 'link', 'add', INSIDE_BRIDGE, 'type', 'bridge')
  lab.ip('-n', gateway.namespace, 'link', 'set', INSIDE_BRIDGE, 'up')
  lab.addAddress(gateway, INSIDE_BRIDGE, `${PLAN.gateway.inside}/24`)
  lab.addAddress(gateway, INSIDE_BRIDGE, `${PLAN.gateway.inside6}/64`)
  for (const key of ['net.ipv4.ip_forward', 'net.ipv6.conf.all.forwarding']) {
    lab.ip('netns', 'exec', gateway.namespace, 'sysctl', '-q', '-w', `${key}=1`)
  }
  const outside = addOutside(lab, gateway)
  const jumpHost = addInside(lab, gateway, { name: 'jump', addresses: [`${PLAN.jumpHost}/24`] })
  const monitor = addInside(lab, gateway, { name: 'mon', addresses: [`${PLAN.monitor}/24`] })
  const clients = Array.from({ length: PLAN.clients }, (_, index) =>
    addInside(lab, gateway, { name: `c${index}`, addresses: [`${clientAddress(index)}/24`, `${clientAddress6(index)}/64`] }))
  return { gateway, outside, jumpHost, monitor, clients }
}

function addInside(lab: Lab, gateway: Host, wanted: { name: string; addresses: readonly string[] }): Host {
  const host = lab.addHost(wanted.name)
  const port = `p-${wanted.name}`
  lab.addLink({ host, interfaceName: 'eth0' }, { host: gateway, interfaceName: port })
  lab.ip('-n', gateway.namespace, 'link', 'set', port, 'master', INSIDE_BRIDGE)
  for (const address of wanted.addresses) lab.addAddress(host, 'eth0', address)
  lab.ip('-n', host.namespace, 'route', 'add', 'default', 'via', PLAN.gateway.inside)
  const isDual = wanted.addresses.some((address) => address.includes(':'))
  if (isDual) lab.ip('-n', host.namespace, '-6', 'route', 'add', 'default', 'via', PLAN.gateway.inside6)
  lab.setNameserver(host, PLAN.nameserver)
  return host
}

function addOutside(lab: Lab, gateway: Host): Host {
  const outside = lab.addHost('out')
  lab.addLink({ host: outside, interfaceName: 'eth0' }, { host: gateway, interfaceName: 'outside0' })
  lab.addAddress(gateway, 'outside0', `${PLAN.gateway.outside}/24`)
  lab.addAddress(gateway, 'outside0', `${PLAN.gateway.outside6}/64`)
  const four = [...PLAN.sites.map((site) => site.address), PLAN.nameserver, PLAN.timeServer, PLAN.forge.address]
  for (const address of four) lab.addAddress(outside, 'eth0', `${address}/24`)
  for (const site of PLAN.sites) if (site.address6 !== undefined) lab.addAddress(outside, 'eth0', `${site.address6}/64`)
  for (const address of [PLAN.administrator, PLAN.bruteForce.source, PLAN.beacon.server]) lab.addAddress(outside, 'eth0', `${address}/32`)
  for (const prefix of ['203.0.113.0/24', '192.0.2.0/24']) lab.ip('-n', gateway.namespace, 'route', 'add', prefix, 'dev', 'outside0')
  lab.ip('-n', outside.namespace, 'route', 'add', 'default', 'via', PLAN.gateway.outside)
  lab.ip('-n', outside.namespace, '-6', 'route', 'add', 'default', 'via', PLAN.gateway.outside6)
  // A link of 50 Mbit/s with a queue in front of it, so that gaps between packets are not those of memory copies.
  const shaping = ['tbf', 'rate', '50mbit', 'burst', '32k', 'latency', '60ms']
  lab.ip('netns', 'exec', outside.namespace, 'tc', 'qdisc', 'add', 'dev', 'eth0', 'root', ...shaping)
  lab.setNameserver(outside, PLAN.nameserver)
  return outside
}
