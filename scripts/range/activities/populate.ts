import { PLAN, siteName } from '../plan.ts'
import type { Activity } from '../scene.ts'
import { administered } from '../servers/shells.ts'
import { SITES_OF } from '../servers/others.ts'
import type { Machine, World } from '../world.ts'
import { deadServer, prefetch, staleMailPassword, wrongNames, wrongPorts } from './broken.ts'
import {
  calls, crowdUpdate, ftp, game, keepTime, packages, phone, share, smartHome, swarm,
} from './machines.ts'
import { idleMail, pollMail, sendMail } from './mail.ts'
import { monitor, scanner } from './operators.ts'
import { assignRoles } from './personas.ts'
import type { Persona } from './personas.ts'
import {
  backup, configure, git, gitBurst, interactiveSsh, lookAround, mistypePassword, rsync, scp,
} from './shells.ts'
import { visitors } from './visitors.ts'
import {
  api, browse, chromium, download, linkChecker, loadTest, photos, radio, shop, speedTest, stream,
} from './web.ts'

/** Somebody's part in the play. */
export interface Part {
  readonly name: string
  readonly machine: Machine
  readonly activity: Activity
}

const ACTIVITIES: Readonly<Record<Exclude<Persona, 'crowd-update'>, Activity>> = {
  'browse-busily': browse(5_000),
  'browse': browse(8_500),
  'browse-rarely': browse(35_000),
  'download': download,
  'stream': stream,
  'radio': radio,
  'chromium': chromium,
  'link-checker': linkChecker,
  'shop': shop(PLAN.lan.www.address, 12_000),
  'load-test': loadTest,
  'photos': photos,
  'speed-test': speedTest,
  'api': api,
  'ssh': interactiveSsh({ to: siteName(SITES_OF.forge), medianMs: 25_000 }),
  'scp': scp,
  'git': git,
  'git-burst': gitBurst,
  'rsync': rsync,
  'mistype-password': mistypePassword({ to: PLAN.lan.jump.address, medianMs: 240_000 }),
  'backup-restic': backup('restic'),
  'backup-rsync': backup('rsync'),
  'backup-https': backup('https'),
  'look-around': lookAround,
  'poll-mail': pollMail,
  'idle-mail': idleMail,
  'send-mail': sendMail(35_000),
  'calls': calls,
  'game': game,
  'packages': packages,
  'phone': phone,
  'smart-home': smartHome,
  'keep-time': keepTime,
  'swarm': swarm,
  'ftp': ftp,
  'share': share,
  'dead-server': deadServer,
  'wrong-names': wrongNames,
  'wrong-ports': wrongPorts,
  'stale-mail-password': staleMailPassword,
  'prefetch': prefetch,
}

/**
 * The ordinary parts of everybody: benign clients, infected ones beside what they are made to do, and the machines of
 * LAN and Internet. To be called once a world: visitors get machines of their own.
 */
export function populate(world: World, seed: number): readonly Part[] {
  const machines = new Map([...world.benign, ...world.infected].map((each) => [each.name, each]))
  const roles = assignRoles({ benign: world.benign.map((each) => each.name),
    infected: world.infected.map((each) => each.name) }, seed)
  const crowd = crowdUpdate(seed % 12)
  const clients = roles.flatMap(({ machine: name, persona }): Part[] => {
    const machine = machines.get(name)
    if (machine === undefined) return []
    return [{ name: `${name}-${persona}`, machine, activity: persona === 'crowd-update' ? crowd : ACTIVITIES[persona] }]
  })
  const others = [...lanParts(world), ...visitors(world)]
  return [...clients, ...others.map(({ persona, machine, activity }) => ({ name: `${machine.name}-${persona}`, machine,
    activity }))]
}

function lanParts(world: World): { persona: string; machine: Machine; activity: Activity }[] {
  const { lan } = world
  const targets = [lan.www, lan.mail, lan.files, ...administered(world)].map((each) => each.address)
  const workstations = [lan.workstation1, lan.workstation2, lan.workstation3]
  return [
    { persona: 'monitor', machine: lan.monitor, activity: monitor },
    { persona: 'scanner', machine: lan.scanner, activity: scanner },
    { persona: 'configure', machine: lan.config, activity: configure(targets) },
    ...[lan.www, lan.files, lan.jump, lan.monitor].map((machine) => ({ persona: 'keep-time', machine,
      activity: keepTime })),
    ...[lan.www, lan.jump].map((machine) => ({ persona: 'packages', machine, activity: packages })),
    ...workstations.flatMap((machine, index) => [
      { persona: 'browse', machine, activity: browse(11_000 + 5_000 * index) },
      { persona: 'mail', machine, activity: index === 0 ? sendMail(60_000) : pollMail },
    ]),
  ]
}
