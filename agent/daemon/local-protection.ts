import { readFile } from 'node:fs/promises'
import os from 'node:os'
import type { LocalTexts } from '../decision/index.ts'

/** Octets read of one file of /proc at most: 40 000 sockets. */
const TEXT_LENGTH_MAX = 8 * 1024 * 1024

/**
 * Everything on this node that says whom never to block; a file that is not there is an empty text. Read beside the event loop: the
 * kernel walks its whole table of sockets for each of them, some milliseconds.
 */
export async function readLocalTexts(): Promise<LocalTexts> {
  const [tcp, tcp6, route, ipv6Route, resolvConf, resolvedConf, sshdConfig] = await Promise.all([
    read('/proc/net/tcp'), read('/proc/net/tcp6'), read('/proc/net/route'), read('/proc/net/ipv6_route'),
    read('/etc/resolv.conf'), read('/run/systemd/resolve/resolv.conf'), read('/etc/ssh/sshd_config'),
  ])
  return {
    tcp, tcp6, route, ipv6Route,
    resolvConf: `${resolvConf}\n${resolvedConf}`,
    ownAddresses: Object.values(os.networkInterfaces()).flatMap((list) => (list ?? []).map(({ address }) => address)),
    sshPorts: [22, ...portsOf(sshdConfig)],
  }
}

function portsOf(sshdConfig: string): number[] {
  return [...sshdConfig.matchAll(/^\s*Port\s+(\d+)/gim)].map((match) => Number(match[1]))
}

async function read(file: string): Promise<string> {
  try {
    return (await readFile(file, 'utf8')).slice(0, TEXT_LENGTH_MAX)
  } catch {
    return ''
  }
}
