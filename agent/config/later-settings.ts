/**
 * Keys of the contract whose readers are not built yet. They are checked like all others, so that a configuration written today
 * stays valid; `phantomd check` warns where one of them is set, because it changes nothing in this version.
 */
import { z } from 'zod'
import { addressWithLength, filePath, interfaceName, milliseconds } from './setting-types.ts'

/** VPN identity. */
export const vpnSettings = () => z.strictObject({
  wireguard: z.array(interfaceName()).max(16).default([]).describe('WireGuard interfaces whose peers give names to inner addresses.'),
  openvpn: z.array(filePath()).max(16).default([]).describe('Management sockets of OpenVPN servers.'),
  ipsec: filePath().nullable().default(null).describe('The vici socket of strongSwan; null for none.'),
}).prefault({}).describe('VPN identity of inner addresses.')

const lease = z.strictObject({
  key: z.string().min(1).max(64),
  address: addressWithLength(),
  interface: interfaceName(),
  ttlMs: milliseconds(1_000, 600_000).default(6_000),
})

/** Peers. */
export const meshSettings = () => z.strictObject({
  enabled: z.boolean().default(false).describe('Whether this node joins a mesh.'),
  region: z.string().max(64).default('').describe('The region of this node.'),
  organisation: z.string().max(64).default('').describe('The organisation this node belongs to.'),
  listen: z.array(z.string().startsWith('/').max(256)).max(16).default(['/ip4/0.0.0.0/tcp/4610']).describe('Multiaddresses to listen on.'),
  bootstrap: z.array(z.string().startsWith('/').max(256)).max(64).default([]).describe('Multiaddresses of peers to begin with.'),
  leases: z.array(lease).max(64).default([]).describe('Addresses to take over: {key, address, interface, ttlMs}.'),
}).prefault({}).describe('The mesh of agents.')

/** Improvement of the models on the node. */
export const learningSettings = () => z.strictObject({
  enabled: z.boolean().default(true).describe('Whether models are improved from outcomes.'),
}).prefault({}).describe('Learning on the node.')

/** Settings and sections that change nothing yet, dotted. */
const LATER_PATHS: readonly string[] = ['vpn', 'mesh', 'learning']
/** Values that say what happens anyway; to write them is no reason for a warning. */
const INERT_VALUES: Readonly<Record<string, unknown>> = { 'mesh.enabled': false, 'learning.enabled': false }

/** Whether a setting or section has no effect in this version. */
export function isLater(path: readonly string[]): boolean {
  const dotted = path.join('.')
  return LATER_PATHS.some((later) => dotted === later || dotted.startsWith(`${later}.`))
}

/** Whether `path` begins a part of the configuration that has no effect. */
export function beginsLater(path: readonly string[]): boolean {
  return LATER_PATHS.includes(path.join('.'))
}

/** Whether writing `value` promises something that does not happen. */
export function isIdle(path: readonly string[], value: unknown): boolean {
  return isLater(path) && INERT_VALUES[path.join('.')] !== value
}
