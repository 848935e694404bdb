import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { Host, Lab } from '../lab/lab.ts'
import type { Network } from './network.ts'
import { PLAN } from './plan.ts'

/** Sizes of what the sites serve, in octets: from an icon to a picture. File `n` has the n-th size. */
export const FILE_SIZES = [600, 1_800, 4_200, 9_000, 17_000, 32_000, 60_000, 120_000, 260_000] as const
/** The one long download. */
export const DOWNLOAD_OCTETS = 6_000_000

/** Starts nginx, dnsmasq, chronyd and two sshd with keys of their own; nothing of the machine's configuration is read. */
export function startServers(lab: Lab, network: Network): void {
  makeContent(lab)
  makeKeys(lab)
  startWeb(lab, network.outside)
  startNames(lab, network.outside)
  startTime(lab, network.outside)
  startSsh(lab, network.outside, { name: 'forge', address: PLAN.forge.address, passwords: 'no' })
  startSsh(lab, network.jumpHost, { name: 'jump', address: PLAN.jumpHost, passwords: 'yes' })
}

/** Private key that opens both sshd for root; it lives as long as the lab. */
export function userKey(lab: Lab): string {
  return path.join(lab.folder, 'user-key')
}

function makeContent(lab: Lab): void {
  const site = path.join(lab.folder, 'site')
  mkdirSync(site)
  for (const [index, size] of FILE_SIZES.entries()) writeFileSync(path.join(site, `f${index}`), randomBytes(size))
  writeFileSync(path.join(site, 'image.iso'), randomBytes(DOWNLOAD_OCTETS))
  writeFileSync(path.join(site, 'health'), 'ok\n')
  const repository = path.join(lab.folder, 'repository')
  mkdirSync(repository)
  for (let index = 0; index < 40; index += 1) writeFileSync(path.join(repository, `source-${index}`), randomBytes(400 * (1 + index)))
  const git = (...words: string[]): void => {
    execFileSync('git', ['-C', repository, '-c', 'user.name=demo', '-c', 'user.email=demo@example', ...words], { stdio: 'ignore' })
  }
  git('init', '-q')
  git('add', '.')
  git('commit', '-q', '-m', 'content')
}

function makeKeys(lab: Lab): void {
  for (const name of ['user-key', 'host-key']) {
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'demo', '-f', path.join(lab.folder, name)])
  }
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2',
    '-subj', '/CN=example', '-keyout', path.join(lab.folder, 'tls.key'), '-out', path.join(lab.folder, 'tls.crt')], { stdio: 'ignore' })
}

function startWeb(lab: Lab, host: Host): void {
  const file = path.join(lab.folder, 'nginx.conf')
  writeFileSync(file, `
    user root;
    daemon off;
    worker_processes 1;
    pid ${lab.folder}/nginx.pid;
    error_log ${lab.folder}/nginx.log;
    events { worker_connections 512; }
    http {
      access_log off;
      client_body_temp_path ${lab.folder}/body;
      proxy_temp_path ${lab.folder}/proxy;
      fastcgi_temp_path ${lab.folder}/fastcgi;
      uwsgi_temp_path ${lab.folder}/uwsgi;
      scgi_temp_path ${lab.folder}/scgi;
      ssl_certificate ${lab.folder}/tls.crt;
      ssl_certificate_key ${lab.folder}/tls.key;
      keepalive_timeout 20s;
      server {
        listen 80; listen [::]:80;
        listen 443 ssl http2; listen [::]:443 ssl http2;
        root ${lab.folder}/site;
      }
    }`)
  lab.start(host, ['nginx', '-c', file])
}

function startNames(lab: Lab, host: Host): void {
  const records = [...PLAN.sites.flatMap((site) => [site.address, site.address6].filter((each) => each !== undefined)
    .map((address) => `--host-record=${site.name},${address}`)),
  `--host-record=${PLAN.forge.name},${PLAN.forge.address}`, `--host-record=${PLAN.beacon.name},${PLAN.beacon.server}`]
  const own = ['--no-daemon', '--conf-file=/dev/null', '--no-resolv', '--no-hosts', '--user=root', `--pid-file=${lab.folder}/dns.pid`]
  const listen = ['--bind-interfaces', `--listen-address=${PLAN.nameserver}`]
  lab.start(host, ['dnsmasq', ...own, ...listen, '--local=/example/', '--local-ttl=20', ...records])
}

function startTime(lab: Lab, host: Host): void {
  const file = path.join(lab.folder, 'chrony-server.conf')
  const settings = ['local stratum 3', 'allow all', `bindaddress ${PLAN.timeServer}`, 'cmdport 0', 'bindcmdaddress /',
    `pidfile ${lab.folder}/chrony.pid`]
  writeFileSync(file, `${settings.join('\n')}\n`)
  // -x: never touches the machine's clock.
  lab.start(host, ['chronyd', '-x', '-n', '-u', 'root', '-f', file])
}

function startSsh(lab: Lab, host: Host, wanted: { name: string; address: string; passwords: 'yes' | 'no' }): void {
  const file = path.join(lab.folder, `sshd-${wanted.name}.conf`)
  execFileSync('cp', [path.join(lab.folder, 'user-key.pub'), path.join(lab.folder, 'authorized')])
  // root has the key only; the names that are guessed at do not exist, so no account of the machine can be opened.
  writeFileSync(file, `
ListenAddress ${wanted.address}
HostKey ${lab.folder}/host-key
AuthorizedKeysFile ${lab.folder}/authorized
PidFile ${lab.folder}/sshd-${wanted.name}.pid
StrictModes no
UsePAM no
PermitRootLogin prohibit-password
AllowUsers root
PasswordAuthentication ${wanted.passwords}
KbdInteractiveAuthentication no
MaxAuthTries 3
UseDNS no
Subsystem sftp internal-sftp
`)
  mkdirSync('/run/sshd', { recursive: true })
  lab.start(host, ['/usr/sbin/sshd', '-D', '-f', file])
}
