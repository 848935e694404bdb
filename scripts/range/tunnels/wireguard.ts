import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import type { ChildProcess } from 'node:child_process'
import type { Host, Lab } from '../../lab/lab.ts'
import { PLAN, wireguardAddress, wireguardAddress6 } from '../plan.ts'
import { addBridge, addCustomer, plug } from '../world.ts'
import type { Gateway, Ground, Machine } from '../world.ts'

/** A WireGuard key pair, base64. */
export interface KeyPair {
  readonly privateKey: string
  readonly publicKey: string
}

/** The gateway's end: its key, and how further peers are added while it runs. */
export interface WireGuardServer {
  readonly gateway: Gateway
  readonly keys: KeyPair
  readonly addPeer: (publicKey: string, allowed: readonly string[]) => void
}

/** A client's end, enough to take its key elsewhere. */
export interface WireGuardClient {
  readonly machine: Machine
  readonly keys: KeyPair
  readonly line: string
}

interface Interface {
  readonly name: string
  readonly settings: string
  readonly addresses: readonly string[]
  readonly routes: readonly (readonly string[])[]
}

/** A new key pair. */
export function newKeys(): KeyPair {
  const privateKey = execFileSync('wg', ['genkey'], { encoding: 'utf8' }).trim()
  return { privateKey, publicKey: execFileSync('wg', ['pubkey'], { input: privateKey, encoding: 'utf8' }).trim() }
}

/** Starts WireGuard on a gateway, without peers yet; its interface is wg0. */
export async function startWireGuardServer(lab: Lab, gateway: Gateway): Promise<WireGuardServer> {
  const keys = newKeys()
  const { port, gateway: address, gateway6 } = PLAN.wireguard
  const started = await startInterface(lab, gateway, {
    name: 'wg0',
    settings: `[Interface]\nPrivateKey = ${keys.privateKey}\nListenPort = ${port}\n`,
    addresses: [`${address}/16`, `${gateway6}/32`],
    routes: [],
  })
  // The interface's control socket lives in the mount namespace of its own program.
  const inside = ['-t', String(started.pid), '--mount', '--net', '--']
  const addPeer = (publicKey: string, allowed: readonly string[]): void => {
    execFileSync('nsenter', [...inside, 'wg', 'set', 'wg0', 'peer', publicKey, 'allowed-ips', allowed.join(',')])
  }
  return { gateway, keys, addPeer }
}

/** A road warrior: everything it sends goes through the tunnel. */
export async function addWireGuardClient(world: Ground, server: WireGuardServer, index: number): Promise<WireGuardClient> {
  const { host, line } = addCustomer(world, `w${index}`)
  const address = wireguardAddress(index)
  const address6 = wireguardAddress6(index)
  const keys = newKeys()
  server.addPeer(keys.publicKey, [`${address}/32`, `${address6}/128`])
  await connect(world, host, { server, keys, addresses: [`${address}/32`, `${address6}/128`] })
  world.lab.setNameserver(host, PLAN.lan.resolver.address)
  const machine: Machine = { ...host, address, address6, link: 'wireguard' }
  world.clients.push(machine)
  return { machine, keys, line }
}

/** A branch office: a router with the tunnel, and hosts behind it with addresses 10.8.`net`.10 and on. */
export async function addBranch(
  world: Ground, server: WireGuardServer, { net, hosts }: { net: number; hosts: number },
): Promise<Machine[]> {
  const { lab } = world
  const { host: router } = addCustomer(world, `br${net}`)
  lab.ip('netns', 'exec', router.namespace, 'sysctl', '-q', '-w', 'net.ipv4.ip_forward=1', 'net.ipv4.conf.all.rp_filter=0')
  addBridge(lab, router, { name: 'office', addresses: [`10.8.${net}.1/24`] })
  const keys = newKeys()
  server.addPeer(keys.publicKey, [`10.8.${net}.0/24`])
  await connect(world, router, { server, keys, addresses: [`10.8.${net}.1/32`] })
  const machines = Array.from({ length: hosts }, (_, index): Machine => {
    const host = lab.addHost(`b${net}h${index}`)
    plug(lab, { bridge: 'office', of: router, host })
    const address = `10.8.${net}.${10 + index}`
    lab.addAddress(host, 'eth0', `${address}/24`)
    lab.ip('-n', host.namespace, 'route', 'add', 'default', 'via', `10.8.${net}.1`)
    lab.setNameserver(host, PLAN.lan.resolver.address)
    return { ...host, address, address6: undefined, link: 'branch' }
  })
  world.clients.push(...machines)
  return machines
}

/** Brings up a client's tunnel in `host`; also for a second place that uses somebody's key. */
export async function connect(
  world: Ground, host: Host, client: { server: WireGuardServer; keys: KeyPair; addresses: readonly string[] },
): Promise<ChildProcess> {
  const { gateway, keys: { publicKey } } = client.server
  const isDual = client.addresses.some((each) => each.includes(':'))
  world.lab.ip('-n', host.namespace, 'route', 'add', gateway.outer, 'via', PLAN.provider.access)
  world.lab.ip('-n', host.namespace, 'route', 'delete', 'default')
  return startInterface(world.lab, host, {
    name: 'wg0',
    settings: `[Interface]\nPrivateKey = ${client.keys.privateKey}\n[Peer]\nPublicKey = ${publicKey}\n`
      + `Endpoint = ${gateway.outer}:${PLAN.wireguard.port}\nAllowedIPs = 0.0.0.0/0, ::/0\nPersistentKeepalive = 25\n`,
    addresses: client.addresses,
    routes: [['route', 'add', 'default', 'dev', 'wg0'], ...(isDual ? [['-6', 'route', 'add', 'default', 'dev', 'wg0']] : [])],
  })
}

const UP_MS_MAX = 10_000
let interfaces = 0

/** wireguard-go in a mount namespace of its own, because the path of its control socket has only the interface's name in it. */
async function startInterface(lab: Lab, host: Host, wanted: Interface): Promise<ChildProcess> {
  interfaces += 1
  const settings = path.join(lab.folder, `wg-${interfaces}.conf`)
  writeFileSync(settings, wanted.settings, { mode: 0o600 })
  const { name } = wanted
  const lines = [
    'mkdir -p /run/wireguard', 'mount -t tmpfs tmpfs /run/wireguard', `wireguard-go -f ${name} & child=$!`,
    'trap "kill $child" TERM', `until [ -S /run/wireguard/${name}.sock ]; do kill -0 $child || exit 1; sleep 0.02; done`,
    `wg setconf ${name} ${settings}`,
    ...wanted.addresses.map((each) => `ip address add ${each} dev ${name}${each.includes(':') ? ' nodad' : ''}`),
    `ip link set ${name} mtu 1420 up`, ...wanted.routes.map((each) => `ip ${each.join(' ')}`), 'echo up', 'wait $child',
  ]
  const child = lab.start(host, ['sh', '-ec', lines.join('\n')])
  await new Promise<void>((resolve, reject) => {
    let words = ''
    const timer = setTimeout(() => reject(new Error(`wireguard-go in ${host.name} did not come up: ${words}`)), UP_MS_MAX)
    child.stderr?.on('data', (chunk: Buffer) => { words = (words + chunk.toString()).slice(-2_000) })
    child.once('exit', () => reject(new Error(`wireguard-go in ${host.name} ended: ${words}`)))
    child.stdout?.on('data', (chunk: Buffer) => {
      if (!chunk.toString().includes('up')) return
      clearTimeout(timer)
      resolve()
    })
  })
  return child
}
