/**
 * What must never be blocked on this node, read from the texts of /proc/net and resolv.conf. Pure: the daemon reads the files.
 * Lines that cannot be read are skipped; the enforcer finds the same by itself, so that one mistake here is not enough.
 */
import { formatAddress, parseAddress } from '../kit/index.ts'
import type { ProtectedPrefix } from './never-block.ts'
import type { SshConnection } from './ssh-sessions.ts'

/** The texts; an absent file is an empty text. */
export interface LocalTexts {
  /** /proc/net/route and /proc/net/ipv6_route */
  readonly route: string
  readonly ipv6Route: string
  /** /etc/resolv.conf, and the one of systemd-resolved where it exists. */
  readonly resolvConf: string
  /** Addresses of the node's interfaces, as os.networkInterfaces() gives them. */
  readonly ownAddresses: readonly string[]
  /** Of /proc/net/tcp and /proc/net/tcp6, by `sshConnections`. */
  readonly sshConnections: readonly SshConnection[]
}

/** A row of /proc/net/tcp: `sl local:port remote:port st`, in state TCP_ESTABLISHED (1) of include/net/tcp_states.h. */
const ESTABLISHED_ROW = /^ *\d+: ([0-9A-F]+:([0-9A-F]{4}) ([0-9A-F]+):[0-9A-F]{4}) 01 /gim
/** RTF_GATEWAY of linux/route.h. */
const ROUTE_GATEWAY = 0x2
/** More entries of one kind than this are not read: nobody has as many SSH sessions or gateways. */
const ENTRIES_MAX = 1_024

/**
 * Own addresses, gateways, name servers and peers of live SSH sessions; each address once, with its first reason.
 *
 * @param sshPeers those who have logged in, as SshSessions tells them
 */
export function localProtection(texts: LocalTexts, sshPeers: readonly string[]): ProtectedPrefix[] {
  const found: readonly (readonly [reason: string, addresses: readonly string[]])[] = [
    ['own-address', texts.ownAddresses.map(withoutZone)],
    ['gateway', [...gateways4(texts.route), ...gateways6(texts.ipv6Route)]],
    ['name-server', nameServers(texts.resolvConf)],
    ['ssh-peer', sshPeers],
  ]
  const seen = new Map<string, string>()
  for (const [reason, addresses] of found) {
    for (const address of addresses.slice(0, ENTRIES_MAX)) {
      if (parseAddress(address) !== undefined && !seen.has(address)) seen.set(address, reason)
    }
  }
  return [...seen].map(([prefix, reason]) => ({ prefix, reason }))
}

/** Established connections whose local end is an SSH server's port, of whole lines of /proc/net/tcp or tcp6. */
export function sshConnections(lines: string, sshPorts: readonly number[]): SshConnection[] {
  return [...lines.matchAll(ESTABLISHED_ROW)].flatMap(([, id = '', port = '', remote = '']) => {
    if (!sshPorts.includes(Number.parseInt(port, 16))) return []
    return (remote.length === 8 ? word4(remote) : words6(remote)).map((peer) => ({ id, peer }))
  })
}

/** The interface of the IPv4 default route with the least metric; undefined where there is none. */
export function defaultRouteInterface(route: string): string | undefined {
  const defaults = rows(route).filter((row) => row[1] === '00000000' && row[7] === '00000000')
  defaults.sort((a, b) => Number(a[6]) - Number(b[6]))
  return defaults[0]?.[0]
}

/** Columns: Iface Destination Gateway Flags ...; addresses are 32-bit words in the byte order of the machine (little-endian). */
function gateways4(route: string): string[] {
  return rows(route).filter((row) => (Number.parseInt(row[3] ?? '', 16) & ROUTE_GATEWAY) !== 0).flatMap((row) => word4(row[2]))
}

/** Columns: destination, length, source, length, next hop, metric, references, uses, flags, interface; addresses as 32 digits. */
function gateways6(route: string): string[] {
  return rows(route).filter((row) => (Number.parseInt(row[8] ?? '', 16) & ROUTE_GATEWAY) !== 0)
    .flatMap((row) => (/^[0-9a-f]{32}$/i.test(row[4] ?? '') ? [formatAddress(hexBytes(row[4]!), 6)] : []))
}

function nameServers(resolvConf: string): string[] {
  return resolvConf.split('\n').flatMap((line) => {
    const match = /^\s*nameserver\s+(\S+)/.exec(line)
    return match?.[1] === undefined ? [] : [withoutZone(match[1])]
  })
}

function rows(text: string): string[][] {
  return text.split('\n').map((line) => line.trim().split(/\s+/)).filter((row) => row.length > 3)
}

function word4(word: string | undefined): string[] {
  if (!/^[0-9a-f]{8}$/i.test(word ?? '')) return []
  return [formatAddress(hexBytes(word!).reverse(), 4)]
}

/** Four words, each in the byte order of the machine. A mapped IPv4 address is given as IPv4: that is what is on the wire. */
function words6(words: string): string[] {
  if (!/^[0-9a-f]{32}$/i.test(words)) return []
  const bytes = hexBytes(words)
  for (let word = 0; word < 16; word += 4) bytes.subarray(word, word + 4).reverse()
  const text = formatAddress(bytes, 6)
  return [text.startsWith('::ffff:') && text.includes('.') ? text.slice(7) : text]
}

function hexBytes(text: string): Uint8Array {
  return Uint8Array.from({ length: text.length / 2 }, (_, index) => Number.parseInt(text.slice(2 * index, 2 * index + 2), 16))
}

function withoutZone(address: string): string {
  return address.split('%')[0] ?? address
}
