import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { Machine, World } from '../world.ts'
import { placesOf } from './material.ts'

/**
 * sshd on sites, `jump`, `files`, `config` and on those clients that are administered; each opens with the lab's key
 * for root only.
 */
export function startShells(world: World): void {
  mkdirSync('/run/sshd', { recursive: true })
  startShell(world, world.sites, 'no')
  startShell(world, world.lan.jump, 'yes')
  for (const each of [world.lan.files, world.lan.www, world.lan.mail, ...administered(world)]) startShell(world, each,
    'no')
  for (const each of [world.sites, world.lan.files]) startRsync(world, each)
}

/** The clients that the administrators reach through the tunnel: a branch office's first hosts. */
export function administered(world: World): readonly Machine[] {
  return world.benign.filter((each) => each.link === 'branch').slice(0, 4)
}

/**
 * Debian 12's default, sntrup761, takes 120 ms of CPU on either side, curve25519 15 ms (measured here): with it the
 * hundreds of logins of a capture would be a tenth of all that two cores can do.
 */
const KEY_EXCHANGE = 'curve25519-sha256,curve25519-sha256@libssh.org,ecdh-sha2-nistp256,diffie-hellman-group14-sha256'

function startShell({ lab }: World, host: Machine, passwords: 'yes' | 'no'): void {
  const file = path.join(lab.folder, `sshd-${host.name}.conf`)
  const { hostKey, authorized } = placesOf(lab)
  // Root has the key only, and nobody else may log in: no password opens an account of this machine, however many are
  // tried.
  writeFileSync(file, `
HostKey ${hostKey}
AuthorizedKeysFile ${authorized}
PidFile ${lab.folder}/sshd-${host.name}.pid
StrictModes no
UsePAM no
PermitRootLogin prohibit-password
AllowUsers root
PasswordAuthentication ${passwords}
KbdInteractiveAuthentication no
MaxAuthTries 6
MaxStartups 100:30:200
UseDNS no
PrintMotd no
PrintLastLog no
LogLevel ERROR
KexAlgorithms ${KEY_EXCHANGE}
Subsystem sftp internal-sftp
`)
  lab.start(host, ['/usr/sbin/sshd', '-D', '-f', file])
}

function startRsync({ lab }: World, host: Machine): void {
  const file = path.join(lab.folder, `rsyncd-${host.name}.conf`)
  const { site, dump } = placesOf(lab)
  writeFileSync(file, `
use chroot = no
uid = root
gid = root
pid file = ${lab.folder}/rsyncd-${host.name}.pid
log file = /dev/null
[site]
path = ${site}
[dump]
path = ${dump}
read only = no
`)
  // A daemon whose standard input is a socket, as Node's are, believes that inetd started it.
  lab.start(host, ['sh', '-c', `exec rsync --daemon --no-detach --config ${file} </dev/null`])
}
