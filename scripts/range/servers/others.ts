import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { PLAN, siteAddress } from '../plan.ts'
import type { Machine, World } from '../world.ts'
import { placesOf } from './material.ts'

/** Where the less common services are, as numbers of sites. */
export const SITES_OF = { calls: 20, games: 21, push: 22, tracker: 23, files: 24, backup: 25, forge: 26, packages: 27,
  status: 28 } as const
/** Ports of those that have no well-known one. */
export const PORTS = { tracker: 6_969, seed: 51_413, firstCall: 16_384, game: 27_015, push: 8_883,
  speed: 5_201 } as const

/** Time, FTP, push messages, a swarm, the other party of calls and games, SMB. */
export function startOthers(world: World): void {
  startTime(world)
  for (const host of [world.sites, world.lan.files]) startFtp(world, host)
  startPush(world)
  startSwarm(world)
  startSmb(world)
  const { lab, sites } = world
  lab.start(sites, ['iperf3', '-s', '-p', String(PORTS.speed)])
  for (const number of [SITES_OF.calls, SITES_OF.games]) {
    lab.start(sites, ['/usr/bin/python3', path.join(import.meta.dirname, 'udp_peer.py'), siteAddress(number)])
  }
}

function startTime({ lab, sites }: World): void {
  const file = path.join(lab.folder, 'chrony-server.conf')
  const settings = ['local stratum 3', 'allow all', `bindaddress ${PLAN.internet.time}`, 'cmdport 0',
    'bindcmdaddress /',
    `pidfile ${lab.folder}/chrony.pid`]
  writeFileSync(file, `${settings.join('\n')}\n`)
  // -x: never touches the machine's clock.
  lab.start(sites, ['chronyd', '-x', '-n', '-u', 'root', '-f', file])
}

/**
 * Anonymous only: no account of the machine may be opened, and FTP has no keys. Guests are `daemon`, which has a home
 * that exists.
 */
function startFtp({ lab }: World, host: Machine): void {
  const file = path.join(lab.folder, `vsftpd-${host.name}.conf`)
  const { site } = placesOf(lab)
  const empty = path.join(lab.folder, `vsftpd-${host.name}`)
  mkdirSync(empty)
  writeFileSync(file, ['listen=YES', 'background=NO', 'anonymous_enable=YES', 'local_enable=NO', `anon_root=${site}`,
    'no_anon_password=YES',
    `secure_chroot_dir=${empty}`, 'ftp_username=daemon', 'nopriv_user=nobody', 'xferlog_enable=NO',
      'seccomp_sandbox=NO', 'isolate=NO',
    'isolate_network=NO', 'session_support=NO', ''].join('\n'))
  lab.start(host, ['vsftpd', file])
}

function startPush({ lab, sites }: World): void {
  const file = path.join(lab.folder, 'mosquitto.conf')
  const { tlsCertificate, tlsKey } = placesOf(lab)
  writeFileSync(file,
    `user root\nallow_anonymous true\nlistener ${PORTS.push}\ncertfile ${tlsCertificate}\nkeyfile ${tlsKey}\n`)
  lab.start(sites, ['mosquitto', '-c', file])
}

/** A tracker, and one seed that answers on every site's address; most members that the tracker names have left. */
function startSwarm({ lab, sites }: World): void {
  const folder = path.join(lab.folder, 'swarm')
  mkdirSync(folder)
  const { site } = placesOf(lab)
  execFileSync('cp', [path.join(site, 'image.iso'), path.join(folder, 'image.iso')])
  const announce = `http://${siteAddress(SITES_OF.tracker)}:${PORTS.tracker}/announce`
  execFileSync('transmission-create', ['-o', torrentOf({ lab }), '-t', announce, path.join(folder, 'image.iso')],
    { stdio: 'ignore' })
  const present = Array.from({ length: 14 }, (_, index) => `${siteAddress(60 + index * 6)}:${PORTS.seed}`)
  const gone = Array.from({ length: 70 }, (_, index) => (
    index % 2 === 0 ? `198.18.${200 + (index % 50)}.${20 + index}:${PORTS.seed}`
      : `${siteAddress(40 + index)}:${40_000 + index * 7}`))
  lab.start(sites, ['/usr/bin/python3', path.join(import.meta.dirname, 'tracker.py'), siteAddress(SITES_OF.tracker),
    String(PORTS.tracker),
    ...present, ...gone])
  lab.start(sites, ['aria2c', '--no-conf', '--seed-ratio=0.0', '--check-integrity=true', `--listen-port=${PORTS.seed}`,
    '--enable-dht=true',
    `--dht-listen-port=${PORTS.seed}`, `--dht-file-path=${folder}/dht-seed`, '--bt-external-ip=127.0.0.1',
      '--quiet=true',
    '--max-overall-upload-limit=1M', '-d', folder, torrentOf({ lab })])
}

/** The file that names the swarm. */
export function torrentOf({ lab }: Pick<World, 'lab'>): string {
  return path.join(lab.folder, 'image.torrent')
}

/** A share that guests may read, on the LAN's file server. */
function startSmb({ lab, lan }: World): void {
  const state = path.join(lab.folder, 'smb')
  mkdirSync(path.join(state, 'ncalrpc'), { recursive: true })
  const file = path.join(lab.folder, 'smb.conf')
  const folders = ['private dir', 'lock directory', 'state directory', 'cache directory', 'pid directory']
  writeFileSync(file, `[global]
server role = standalone server
map to guest = Bad User
guest account = root
smb ports = 445
disable netbios = yes
bind interfaces only = no
load printers = no
printing = bsd
printcap name = /dev/null
log file = /dev/null
ncalrpc dir = ${state}/ncalrpc
${folders.map((each) => `${each} = ${state}`).join('\n')}
[site]
path = ${placesOf(lab).site}
guest ok = yes
read only = yes
`)
  // A daemon whose standard input is a socket, as Node's are, believes that inetd started it.
  lab.start(lan.files, ['sh', '-c', `exec smbd --foreground --no-process-group -s ${file} </dev/null`])
}
