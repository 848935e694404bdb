import type { Finished } from '../../lab/lab.ts'
import { setTimeout as sleep } from 'node:timers/promises'
import { PLAN, siteAddress, siteName } from '../plan.ts'
import type { Machine, World } from '../world.ts'
import { startMail } from './mail.ts'
import { makeMaterial } from './material.ts'
import { LAN_DOMAIN, startNames } from './names.ts'
import { PORTS, SITES_OF, startOthers } from './others.ts'
import { startShells } from './shells.ts'
import { startWeb } from './web.ts'

/** How long all servers together may take to answer. */
const UP_MS_MAX = 20_000

interface Question {
  readonly of: string
  readonly machine: Machine
  readonly command: readonly string[]
}

/** Programs of the ordinary servers, on LAN and Internet. Resolves when they answer; throws when one does not. */
export async function startServers(world: World): Promise<void> {
  makeMaterial(world.lab)
  startNames(world)
  startWeb(world)
  startShells(world)
  startMail(world)
  startOthers(world)
  const untilMs = Date.now() + UP_MS_MAX
  const silent = await Promise.all(questions(world).map((each) => untilAnswered(world, each, untilMs)))
  const words = silent.filter((each) => each !== undefined)
  if (words.length > 0) throw new Error(`servers do not answer: ${words.join('; ')}`)
}

/** One question to each server, asked where its clients are. */
function questions({ lan, sites, clients }: World): Question[] {
  const machine = clients[0] ?? lan.workstation1
  const curl = (of: string, ...words: string[]): Question => ({ of, machine, command: ['curl', '-sSkfm', '3', '-o',
    '/dev/null', ...words] })
  const port = (of: string, address: string, number: number): Question => (
    { of, machine, command: ['bash', '-c', `exec 3<>/dev/tcp/${address}/${number}`] })
  return [
    curl('nginx of the sites through both resolvers', `https://${siteName(1)}/health`),
    curl('nginx of www', `http://${PLAN.lan.www.address}/login`),
    curl('nginx of files', `http://${PLAN.lan.files.address}/health`),
    { of: 'dnsmasq of the Internet', machine: sites, command: ['bash', '-c',
      `dig +short +time=2 +tries=1 @${PLAN.internet.resolver} ${siteName(0)} | grep -q 198`] },
    { of: 'dnsmasq of the LAN', machine, command: ['bash', '-c',
      `dig +short +time=2 +tries=1 jump.${LAN_DOMAIN} | grep -q .`] },
    { of: 'chronyd', machine: sites, command: ['bash', '-c', `ss -lun | grep -q ${PLAN.internet.time}:123`] },
    ...[PLAN.lan.jump.address, PLAN.lan.files.address,
      siteAddress(SITES_OF.forge)].map((each) => port(`sshd at ${each}`, each, 22)),
    ...[PLAN.lan.mail.address, siteAddress(0)].flatMap((each) => [
      port(`exim at ${each}`, each, 25), port(`submission at ${each}`, each, 587), port(`dovecot at ${each}`, each,
        143)]),
    curl('vsftpd', `ftp://${siteAddress(SITES_OF.files)}/health`),
    port('rsync', siteAddress(SITES_OF.files), 873),
    port('mosquitto', siteAddress(SITES_OF.push), PORTS.push),
    port('tracker', siteAddress(SITES_OF.tracker), PORTS.tracker),
    port('seed', siteAddress(SITES_OF.tracker), PORTS.seed),
    port('smbd', PLAN.lan.files.address, 445),
    { of: 'calls', machine: sites, command: ['bash', '-c',
      `ss -lun | grep -q ${siteAddress(SITES_OF.calls)}:${PORTS.firstCall}`] },
    { of: 'caddy', machine: sites, command: ['bash', '-c', "ss -lun | grep -q ':443 '"] },
  ]
}

/** Undefined once the server answers; what the last question got where it does not. */
async function untilAnswered({ lab }: World, { of, machine, command }: Question,
  untilMs: number): Promise<string | undefined> {
  for (;;) {
    const finished: Finished = await lab.run(machine, command)
    if (finished.exitCode === 0) return undefined
    if (Date.now() > untilMs) return `${of}: ${finished.output.trim().slice(-300)}`
    await sleep(300)
  }
}
