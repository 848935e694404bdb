import { formatAddress, prefixContains } from '../kit/index.ts'
import type { IpPrefix } from '../kit/index.ts'
import type { Entity } from './posterior.ts'

/** What is known of the network around the node. */
export interface Surroundings {
  /** The protected side: addresses in these prefixes are inner ones. */
  readonly homePrefixes: readonly IpPrefix[]
  /** Indexes of the interfaces that lead to the inner side; asked only while no home prefix is configured. */
  readonly innerInterfaces: readonly number[]
}

/** Nothing is known: every address is an outer one. */
export const UNKNOWN_SURROUNDINGS: Surroundings = { homePrefixes: [], innerInterfaces: [] }

/** The source of a flow by its most precise name. `flows` knows VPN peers and may replace an inner address by its owner. */
export function nameSource(address: Uint8Array, ipVersion: number, where: Surroundings & { readonly interfaceIndex: number }): Entity {
  const version = ipVersion === 6 ? 6 : 4
  const isInner = where.homePrefixes.length > 0
    ? where.homePrefixes.some((prefix) => prefixContains(prefix, { version, bytes: address }))
    : where.innerInterfaces.includes(where.interfaceIndex)
  return { kind: isInner ? 'inner-address' : 'outer-address', value: formatAddress(address, version) }
}

/** The destination of a flood, whose sources may be spoofed and are not named. */
export function nameVictim(address: Uint8Array, ipVersion: number): Entity {
  return { kind: 'victim', value: formatAddress(address, ipVersion) }
}
