import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { Machine, World } from '../world.ts'
import { placesOf } from './material.ts'
import { LAN_DOMAIN } from './names.ts'

/** The password of every mailbox `person0` and on; long enough that no list of an attacker has it. */
export const MAIL_PASSWORD = 'Quiet-Harbour-4711-range'

/** Exim for SMTP and submission, Dovecot for IMAP; on the LAN's `mail` and, for mailboxes elsewhere, on the sites. */
export function startMail(world: World): void {
  for (const host of [world.lan.mail, world.sites]) {
    startExim(world, host)
    startDovecot(world, host)
  }
}

/** Takes every message and forgets it: what is stored nowhere cannot fill the disk, and the wire shows the same. */
function startExim({ lab }: World, host: Machine): void {
  const spool = path.join(lab.folder, `exim-${host.name}`)
  mkdirSync(spool)
  execFileSync('chown', ['Debian-exim', spool])
  const file = path.join(lab.folder, `exim-${host.name}.conf`)
  const { tlsCertificate, tlsKey } = placesOf(lab)
  execFileSync('cp', [tlsKey, `${spool}/tls.key`])
  execFileSync('chown', ['-R', 'Debian-exim', spool])
  writeFileSync(file, `
primary_hostname = mail.${LAN_DOMAIN}
spool_directory = ${spool}
log_file_path = ${spool}/%slog
pid_file_path = ${spool}/pid
exim_user = Debian-exim
exim_group = Debian-exim
never_users =
host_lookup =
rfc1413_query_timeout = 0s
daemon_smtp_ports = 25 : 587
tls_advertise_hosts = *
tls_certificate = ${tlsCertificate}
tls_privatekey = ${spool}/tls.key
auth_advertise_hosts = *
acl_smtp_rcpt = everybody
acl_smtp_data = everybody
smtp_accept_max = 200
smtp_accept_max_per_host = 100
begin acl
everybody:
  accept
begin routers
forget:
  driver = redirect
  data = :blackhole:
begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = \${if eq{$auth3}{${MAIL_PASSWORD}}}
  server_set_id = $auth2
login:
  driver = plaintext
  public_name = LOGIN
  server_prompts = <| Username: | Password:
  server_condition = \${if eq{$auth2}{${MAIL_PASSWORD}}}
  server_set_id = $auth1
`)
  lab.start(host, ['exim4', '-bdf', '-C', file])
}

function startDovecot({ lab }: World, host: Machine): void {
  const base = path.join(lab.folder, `dovecot-${host.name}`)
  mkdirSync(path.join(base, 'run'), { recursive: true })
  const file = path.join(base, 'dovecot.conf')
  const { tlsCertificate, tlsKey } = placesOf(lab)
  makeMailbox(path.join(base, 'box'))
  // Dovecot refuses to be root for a mailbox; nobody (65534 on Debian) owns this one.
  execFileSync('chown', ['-R', '65534:65534', path.join(base, 'box')])
  writeFileSync(file, `
base_dir = ${base}/run
state_dir = ${base}/run
log_path = ${base}/log
protocols = imap
listen = *
ssl = yes
ssl_cert = <${tlsCertificate}
ssl_key = <${tlsKey}
disable_plaintext_auth = no
auth_mechanisms = plain login
first_valid_uid = 0
mail_location = maildir:${base}/box:INDEX=MEMORY:CONTROL=MEMORY
mailbox_list_index = no
mail_max_userip_connections = 100
auth_failure_delay = 1 secs
passdb {
  driver = static
  args = password=${MAIL_PASSWORD}
}
userdb {
  driver = static
  args = uid=65534 gid=65534 home=${base}/box
}
service imap-login {
  service_count = 0
  client_limit = 500
}
`)
  lab.start(host, ['dovecot', '-F', '-c', file])
}

/** A maildir that everybody shares, with messages of many sizes. */
function makeMailbox(folder: string): void {
  for (const each of ['cur', 'new', 'tmp']) mkdirSync(path.join(folder, each), { recursive: true })
  for (let index = 0; index < 24; index += 1) {
    const text = 'All is quiet in the harbour today.\r\n'.repeat(Math.round(4 * 1.32 ** index))
    const head = `From: somebody@site${index}.example\r\nTo: person@${LAN_DOMAIN}\r\nSubject: news ${index}\r\n`
      + `Message-Id: <${index}@range>\r\n`
    writeFileSync(path.join(folder, 'cur', `1700000${100 + index}.M1P1.range:2,S`),
      `${head}Date: Mon, 6 Jul 2026 10:00:00 +0000\r\n\r\n${text}`)
  }
}
