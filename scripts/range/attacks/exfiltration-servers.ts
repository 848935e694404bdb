import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { execFileSync } from 'node:child_process'
import path from 'node:path'
import { between, pick } from '../scene.ts'
import type { AttackScene } from '../scene.ts'
import { begin, beside, listening, python, serve } from './rented-programs.ts'
import type { Got, Service } from './rented-programs.ts'

/** What takes the loot. */
export type Drop = Extract<Service, 'web' | 'web-tls' | 'sink' | 'sink-tls'> | 'ftp' | 'mail' | 'ssh'

/** Where it is taken. */
export interface DropPoint {
  readonly address: string
  readonly name: string
  readonly port: number
  /** Of web servers only. */
  readonly url: string
  /** Options of ssh, and the folder to copy to; of ssh servers only. */
  readonly ssh: readonly string[]
  readonly folder: string
  readonly got: () => Got
}

/** Rents a server that takes loot in that way while `act` runs. */
export function takeLoot<T>(scene: AttackScene, drop: Drop, act: (point: DropPoint) => Promise<T>): Promise<T> {
  if (drop === 'ssh') return takeBySsh(scene, act)
  if (drop === 'ftp' || drop === 'mail') {
    const { address, name, machine } = scene.rent()
    const port = drop === 'ftp' ? pick(scene.random, [21, 21, 2121]) : pick(scene.random, [25, 587, 2525])
    const command = python(drop === 'ftp' ? 'ftp_sink.py' : 'mail_sink.py', address, port)
    return beside(begin(scene, machine, { command, ready: 'ready' }), ({ got }) => (
      act({ address, name, port, url: '', ssh: [], folder: '', got })
    ))
  }
  return serve(scene, drop, ({ server: { address, name }, port, url, running: { got } }) => (
    act({ address, name, port, url, ssh: [], folder: '', got })
  ))
}

/** The real sshd with one key and nothing else. */
async function takeBySsh<T>(scene: AttackScene, act: (point: DropPoint) => Promise<T>): Promise<T> {
  const { address, name, machine } = scene.rent()
  const folder = mkdtempSync(path.join(scene.lab.folder, 'sshd-'))
  const file = (of: string): string => path.join(folder, of)
  for (const key of ['host', 'client']) execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', file(key)])
  mkdirSync(file('taken'))
  // sshd insists on this folder for those of its processes that have no rights.
  mkdirSync('/run/sshd', { recursive: true })
  const port = pick(scene.random, [22, 22, 2222, between(scene.random, 10_000, 60_000)])
  const settings = [`ListenAddress ${address}`, `Port ${port}`, `HostKey ${file('host')}`, `AuthorizedKeysFile ${file('client.pub')}`,
    'StrictModes no', 'PermitRootLogin prohibit-password', 'PasswordAuthentication no', 'UsePAM no', `PidFile ${file('pid')}`,
    'Subsystem sftp internal-sftp', 'PrintMotd no', 'UseDNS no']
  writeFileSync(file('config'), `${settings.join('\n')}\n`)
  const ssh = ['-i', file('client'), '-o', 'StrictHostKeyChecking=no', '-o', 'UserKnownHostsFile=/dev/null', '-o', 'BatchMode=yes',
    '-o', 'LogLevel=ERROR', '-o', 'ConnectTimeout=10', '-F', 'none']
  const got = (): Got => {
    const taken = readdirSync(file('taken'))
    return { count: taken.length, octets: taken.reduce((sum, each) => sum + statSync(path.join(file('taken'), each)).size, 0) }
  }
  const sshd = begin(scene, machine, { command: ['/usr/sbin/sshd', '-D', '-e', '-f', file('config')] })
  return beside(sshd, async () => {
    await listening(scene, machine, { address, port, kind: 'tcp' })
    try {
      return await act({ address, name, port, url: '', ssh, folder: file('taken'), got })
    } finally {
      rmSync(file('taken'), { recursive: true, force: true })
    }
  })
}
