import { createReadStream } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import os from 'node:os'
import { sshConnections } from '../decision/index.ts'
import type { LocalTexts, SshConnection } from '../decision/index.ts'

/** Characters of a socket table looked at in one go: some 400 sockets, a quarter of a millisecond. */
const CHUNK_BYTES = 65_536
/** As many connections as native/enforcer remembers. */
const CONNECTIONS_MAX = 4_096
/** `Port 2222`, `ListenAddress host:2222` and `ListenAddress [::]:2222`, as the enforcer reads them. */
const SSHD_PORT = /^\s*(?:Port[\s=]+|ListenAddress[\s=]+(?:\[[^\]\n]*\]|[^\s:]+):)(\d+)/gim
const SSHD_FOLDER = '/etc/ssh/sshd_config.d'

/**
 * Everything on this node that says whom never to block; a file that is not there, or that nobody may read, is an empty text. Read
 * beside the event loop and piece by piece: the table of a busy gateway has a hundred thousand sockets.
 *
 * Rejects when the node cannot be asked at all (no descriptors left): then the list before stays in force.
 */
export async function readLocalTexts(): Promise<LocalTexts> {
  const [route, ipv6Route, resolvConf, resolvedConf, sshPorts] = await Promise.all([
    read('/proc/net/route'), read('/proc/net/ipv6_route'), read('/etc/resolv.conf'), read('/run/systemd/resolve/resolv.conf'),
    readSshPorts(),
  ])
  return {
    route, ipv6Route,
    resolvConf: `${resolvConf}\n${resolvedConf}`,
    ownAddresses: Object.values(os.networkInterfaces()).flatMap((list) => (list ?? []).map(({ address }) => address)),
    sshConnections: [...await readConnections('/proc/net/tcp', sshPorts), ...await readConnections('/proc/net/tcp6', sshPorts)],
  }
}

/** 22, and what sshd's configuration says. */
async function readSshPorts(): Promise<number[]> {
  const names = await orAbsent(readdir(SSHD_FOLDER), [])
  const files = ['/etc/ssh/sshd_config', ...names.filter((name) => name.endsWith('.conf')).map((name) => `${SSHD_FOLDER}/${name}`)]
  const texts = await Promise.all(files.map(read))
  return [22, ...texts.flatMap((text) => [...text.matchAll(SSHD_PORT)].map((match) => Number(match[1])))]
}

async function readConnections(file: string, sshPorts: readonly number[]): Promise<SshConnection[]> {
  return orAbsent(gatherConnections(file, sshPorts), [])
}

async function gatherConnections(file: string, sshPorts: readonly number[]): Promise<SshConnection[]> {
  const found: SshConnection[] = []
  let rest = ''
  for await (const chunk of createReadStream(file, { encoding: 'latin1', highWaterMark: CHUNK_BYTES })) {
    const text = `${rest}${String(chunk)}`
    const end = text.lastIndexOf('\n') + 1
    rest = text.slice(end)
    found.push(...sshConnections(text.slice(0, end), sshPorts))
    if (found.length >= CONNECTIONS_MAX) break
  }
  return found.slice(0, CONNECTIONS_MAX)
}

function read(file: string): Promise<string> {
  return orAbsent(readFile(file, 'utf8'), '')
}

async function orAbsent<T>(reading: Promise<T>, absent: T): Promise<T> {
  try {
    return await reading
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code === 'ENOENT' || code === 'EACCES' || code === 'ENOTDIR') return absent
    throw error
  }
}
