import { readFileSync } from 'node:fs'
import os from 'node:os'
import type { LocalTexts } from '../decision/index.ts'

/** Octets read of one file of /proc at most: 40 000 sockets. */
const TEXT_LENGTH_MAX = 8 * 1024 * 1024

/** Everything on this node that says whom never to block; a file that is not there is an empty text. */
export function readLocalTexts(): LocalTexts {
  return {
    tcp: read('/proc/net/tcp'),
    tcp6: read('/proc/net/tcp6'),
    route: read('/proc/net/route'),
    ipv6Route: read('/proc/net/ipv6_route'),
    resolvConf: `${read('/etc/resolv.conf')}\n${read('/run/systemd/resolve/resolv.conf')}`,
    ownAddresses: Object.values(os.networkInterfaces()).flatMap((list) => (list ?? []).map(({ address }) => address)),
    sshPorts: [22, ...portsOf(read('/etc/ssh/sshd_config'))],
  }
}

function portsOf(sshdConfig: string): number[] {
  return [...sshdConfig.matchAll(/^\s*Port\s+(\d+)/gim)].map((match) => Number(match[1]))
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8').slice(0, TEXT_LENGTH_MAX)
  } catch {
    return ''
  }
}
