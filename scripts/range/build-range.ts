import type { Lab } from '../lab/lab.ts'
import { addOpenVpnClient, startOpenVpnServer } from './tunnels/openvpn.ts'
import { addBranch, addWireGuardClient, startWireGuardServer } from './tunnels/wireguard.ts'
import type { WireGuardClient } from './tunnels/wireguard.ts'
import { buildWorld } from './world.ts'
import type { Ground, Machine, World } from './world.ts'

/** How many join, by the way they join. */
export interface Population {
  readonly benign: Joining
  readonly infected: Joining
}

interface Joining {
  readonly wireguard: number
  readonly openvpn: number
  /** Hosts of one branch office. */
  readonly branch: number
}

/** Third octets of the two branch offices' networks. */
const OFFICES = { benign: 16, infected: 17 } as const

/**
 * Network, tunnels and clients, before anything is served or done. `beforeClients` runs once the gateway's tunnels are open, so that what
 * it starts sees the clients' handshakes.
 */
export async function buildRange(lab: Lab, population: Population, beforeClients: (ground: Ground) => Promise<void>): Promise<World> {
  const ground = await buildWorld(lab)
  const [gateway] = ground.gateways
  const wireguard = await startWireGuardServer(lab, gateway)
  const openvpn = await startOpenVpnServer(lab, gateway)
  await beforeClients(ground)

  const wireguardClients = new Map<string, WireGuardClient>()
  const next = { wireguard: 0, openvpn: 0 }
  const join = async (joining: Joining, net: number): Promise<Machine[]> => {
    const machines: Machine[] = []
    for (let count = 0; count < joining.wireguard; count += 1) {
      const client = await addWireGuardClient(ground, wireguard, next.wireguard)
      next.wireguard += 1
      wireguardClients.set(client.machine.name, client)
      machines.push(client.machine)
    }
    for (let count = 0; count < joining.openvpn; count += 1) {
      machines.push(await addOpenVpnClient(ground, openvpn, next.openvpn))
      next.openvpn += 1
    }
    if (joining.branch > 0) machines.push(...await addBranch(ground, wireguard, { net, hosts: joining.branch }))
    return machines
  }
  const benign = await join(population.benign, OFFICES.benign)
  const infected = await join(population.infected, OFFICES.infected)
  return { ...ground, wireguard, wireguardClients, openvpn, benign, infected }
}
