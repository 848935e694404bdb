/**
 * Keys of the contract whose rooms are not built yet. They are checked like all others, so that a configuration written today
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

/** Top-level keys that change nothing yet. A value listed here says what happens anyway and is no reason for a warning. */
export const LATER_KEYS: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  vpn: {},
  mesh: { enabled: false },
  learning: { enabled: false },
}
