import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { ChildProcess } from 'node:child_process'
import type { Lab } from '../../lab/lab.ts'
import { PLAN, openvpnAddress } from '../plan.ts'
import { addCustomer } from '../world.ts'
import type { Gateway, Ground, Machine } from '../world.ts'

/** The gateway's OpenVPN with its certificate authority. */
export interface OpenVpnServer {
  readonly gateway: Gateway
  readonly folder: string
}

/** How long a client may take to connect. */
const UP_MS_MAX = 20_000

/** Starts OpenVPN on a gateway with certificates of its own; its interface is ovpn0. */
export async function startOpenVpnServer(lab: Lab, gateway: Gateway): Promise<OpenVpnServer> {
  const folder = path.join(lab.folder, 'openvpn')
  mkdirSync(path.join(folder, 'ccd'), { recursive: true })
  makeAuthority(folder, 'ca')
  makeCertificate(folder, { authority: 'ca', name: 'server', usage: 'serverAuth' })
  const { network, port } = PLAN.openvpn
  const child = lab.start(gateway, ['openvpn', '--dev', 'ovpn0', '--dev-type', 'tun', '--proto', 'udp4', '--local', gateway.outer,
    '--port', String(port), '--server', network, '255.255.255.0', '--topology', 'subnet', '--client-config-dir', path.join(folder, 'ccd'),
    '--push', 'redirect-gateway def1', '--keepalive', '10', '60', '--dh', 'none', '--verb', '3', ...keys(folder, 'server')])
  await initialized(child, 'gateway')
  return { gateway, folder }
}

/** A road warrior: everything it sends goes through the tunnel. */
export async function addOpenVpnClient(world: Ground, server: OpenVpnServer, index: number): Promise<Machine> {
  const { lab } = world
  const { host } = addCustomer(world, `o${index}`)
  const address = openvpnAddress(index)
  makeCertificate(server.folder, { authority: 'ca', name: `client${index}`, usage: 'clientAuth' })
  writeFileSync(path.join(server.folder, 'ccd', `client${index}`), `ifconfig-push ${address} 255.255.255.0\n`)
  await initialized(lab.start(host, clientCommand(server, keys(server.folder, `client${index}`))), host.name)
  lab.setNameserver(host, PLAN.lan.resolver.address)
  const machine: Machine = { ...host, address, address6: undefined, link: 'openvpn' }
  world.clients.push(machine)
  return machine
}

/** The words that start a client of this server with the given credentials; also for guessers with wrong ones. */
export function clientCommand(server: OpenVpnServer, credentials: readonly string[]): string[] {
  return ['openvpn', '--client', '--dev', 'ovpn0', '--dev-type', 'tun', '--proto', 'udp4', '--nobind',
    '--remote', server.gateway.outer, String(PLAN.openvpn.port), '--verb', '3', ...credentials]
}

/** Options that name a certificate made here. */
export function keys(folder: string, name: string, authority = 'ca'): string[] {
  const file = (suffix: string): string => path.join(folder, `${name}.${suffix}`)
  return ['--ca', path.join(folder, `${authority}.crt`), '--cert', file('crt'), '--key', file('key')]
}

/** A certificate authority of its own. */
export function makeAuthority(folder: string, name: string): void {
  openssl(['req', '-x509', ...KEY, '-days', '2', '-subj', `/CN=${name}`, '-keyout', path.join(folder, `${name}.key`),
    '-out', path.join(folder, `${name}.crt`)])
}

/** A certificate by that authority. */
export function makeCertificate(
  folder: string, { authority, name, usage }: { authority: string; name: string; usage: 'serverAuth' | 'clientAuth' },
): void {
  const file = (suffix: string): string => path.join(folder, `${name}.${suffix}`)
  const signer = path.join(folder, authority)
  openssl(['req', ...KEY, '-subj', `/CN=${name}`, '-keyout', file('key'), '-out', file('csr')])
  writeFileSync(file('ext'), `extendedKeyUsage=${usage}\n`)
  openssl(['x509', '-req', '-in', file('csr'), '-CA', `${signer}.crt`, '-CAkey', `${signer}.key`,
    '-CAcreateserial', '-days', '2', '-extfile', file('ext'), '-out', file('crt')])
}

const KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']

function openssl(words: readonly string[]): void {
  execFileSync('openssl', words, { stdio: 'ignore' })
}

function initialized(child: ChildProcess, where: string): Promise<void> {
  return new Promise((resolve, reject) => {
    let words = ''
    const timer = setTimeout(() => reject(new Error(`openvpn of ${where} did not connect: ${words.slice(-1_000)}`)), UP_MS_MAX)
    child.once('exit', () => reject(new Error(`openvpn of ${where} ended: ${words.slice(-1_000)}`)))
    child.stderr?.on('data', () => {})
    child.stdout?.on('data', (chunk: Buffer) => {
      words = (words + chunk.toString()).slice(-8_000)
      if (!words.includes('Initialization Sequence Completed')) return
      clearTimeout(timer)
      words = ''
      resolve()
    })
  })
}
