import { siteAddress, siteName, PLAN } from '../plan.ts'
import type { Activity, Scene } from '../scene.ts'
import { between, pause, pick, thinkMs } from '../scene.ts'
import { FILE_SIZES, placesOf } from '../servers/material.ts'
import { SITES_OF } from '../servers/others.ts'
import type { Machine } from '../world.ts'
import { ANY_HOST_KEY, act, ending, repeatedly, scratch, some, sshOptions } from './act.ts'

/** Where a person logs in, and from which of the machine's addresses. */
export interface Login {
  readonly to: string
  readonly from?: string
  readonly medianMs: number
}

/** Interactive sessions: keys one by one at a typist's pace, echoed by the far end; a new session after a break. */
export function interactiveSsh({ to, from, medianMs }: Login): Activity {
  return repeatedly(medianMs, async (scene, machine) => {
    const { random } = scene
    const source = from === undefined ? [] : ['-b', from]
    // A command that ends by itself: what stays on the far end must not outlive the scene.
    const session = scene.lab.start(machine, ['ssh', '-tt', ...sshOptions(scene), ...source, `root@${to}`,
      'timeout 400 cat'])
    const ended = ending(scene, session)
    const keys = between(random, 20, 160)
    for (let key = 0; key < keys && session.exitCode === null && (await pause(scene, thinkMs(random, 190))); key += 1) {
      session.stdin?.write(random.uniform() < 0.1 ? '\n' : 'x')
      if (random.uniform() < 0.03) await pause(scene, thinkMs(random, 2_500))
    }
    session.stdin?.end('\u0003')
    await ended
  })
}

/** Copies with scp, both ways, to the forge or the LAN's file server. */
export const scp: Activity = repeatedly(25_000, async (scene, machine) => {
  const { random } = scene
  const { site, dump, photos } = placesOf(scene.lab)
  const host = pick(random, [siteName(SITES_OF.forge), PLAN.lan.files.address])
  const isUpload = random.uniform() < 0.4
  const file = `${site}/f${between(random, 4, FILE_SIZES.length - 1)}`
  await act(scene, machine, isUpload
    ? ['scp', '-q', ...sshOptions(scene), pick(random, [file, ...photos.slice(0, 3)]),
      `root@${host}:${dump}/${machine.name}`]
    : ['scp', '-q', ...sshOptions(scene), `root@${host}:${file}`, scratch(scene, machine, 'copied')])
})

/** Works on source: clones, fetches, asks what is new. */
export const git: Activity = repeatedly(20_000, async (scene, machine) => {
  const { random } = scene
  const target = scratch(scene, machine, 'clone')
  if (random.uniform() < 0.3) {
    await act(scene, machine, ['rm', '-rf', target])
    await act(scene, machine, [...gitOver(scene), 'clone', '-q', sourceOn(scene, siteName(SITES_OF.forge)), target])
  } else {
    await act(scene, machine, [...gitOver(scene), 'ls-remote', '-q', sourceOn(scene, siteName(SITES_OF.forge))])
  }
})

/**
 * A build that asks a repository for each of its modules: a burst of short ssh connections, twin of one who guesses
 * passwords.
 */
export const gitBurst: Activity = repeatedly(75_000, async (scene, machine) => {
  const source = sourceOn(scene, scene.random.uniform() < 0.5 ? PLAN.lan.jump.address : siteName(SITES_OF.forge))
  const count = between(scene.random, 6, 18)
  for (let index = 0; index < count && Date.now() < scene.endAtMs; index += 1) {
    await act(scene, machine, [...gitOver(scene), 'ls-remote', '-q', source])
  }
})

function gitOver(scene: Scene): string[] {
  return ['env', `GIT_SSH_COMMAND=${['ssh', ...sshOptions(scene)].join(' ')}`, 'GIT_CONFIG_GLOBAL=/dev/null', 'git']
}

function sourceOn(scene: Scene, host: string): string {
  return `root@${host}:${placesOf(scene.lab).repository}`
}

/** Mirrors with rsync, through ssh or its own daemon. */
export const rsync: Activity = repeatedly(40_000, async (scene, machine) => {
  const { random } = scene
  const target = scratch(scene, machine, 'mirror')
  const filter = ['--include', 'f1*', '--include', 'page*', '--exclude', '*']
  if (random.uniform() < 0.5) {
    await act(scene, machine, ['rsync', '-aI', ...filter, `rsync://${siteName(SITES_OF.files)}/site/`, target])
  } else {
    const shell = ['ssh', ...sshOptions(scene)].join(' ')
    await act(scene, machine, ['rsync', '-aI', '-e', shell, ...filter,
      `root@${PLAN.lan.files.address}:${placesOf(scene.lab).site}/`, target])
  }
})

/** A password mistyped twice, then the right key: no attack. */
export function mistypePassword({ to, from, medianMs }: Login): Activity {
  return repeatedly(medianMs, async (scene, machine) => {
    const source = from === undefined ? [] : ['-b', from]
    const wrong = ['sshpass', '-p', 'not-this-one', 'ssh', ...source, ...ANY_HOST_KEY, '-F', 'none', '-o',
      'PubkeyAuthentication=no', '-o', 'NumberOfPasswordPrompts=1', `anna@${to}`, 'true']
    for (let attempt = 0; attempt < 2; attempt += 1) {
      await act(scene, machine, wrong)
      if (!(await pause(scene, thinkMs(scene.random, 4_000)))) return
    }
    await act(scene, machine, ['ssh', ...sshOptions(scene), ...source, `root@${to}`, 'uptime'])
  })
}

/** Configuration management: Ansible over ssh, every few minutes, one host after the other and in parallel. */
export function configure(targets: readonly string[]): Activity {
  return repeatedly(170_000, async (scene, machine) => {
    const { random } = scene
    const home = scratch(scene, machine, 'ansible')
    const task = pick(random, [['-m', 'raw', '-a', 'uptime'], ['-m', 'raw', '-a', 'dpkg-query -W'], ['-m', 'ping']])
    await act(scene, machine, ['env', `HOME=${home}`, `ANSIBLE_LOCAL_TEMP=${home}/tmp`,
      `ANSIBLE_REMOTE_TMP=${home}/remote`, 'ANSIBLE_HOST_KEY_CHECKING=False',
      `ANSIBLE_SSH_CONTROL_PATH_DIR=${home}/cp`, 'ansible', 'all', '-i', `${targets.join(',')},`, '-u', 'root', '-f',
        '3',
      '--private-key', placesOf(scene.lab).userKey,
        `--ssh-common-args=${ANY_HOST_KEY.join(' ')} -o ControlMaster=no -F none`, ...task])
  })
}

/** A folder saved elsewhere: tens of megabytes outwards, as a thief's, and innocent. */
export function backup(manner: 'restic' | 'rsync' | 'https'): Activity {
  return async (scene, machine) => {
    await pause(scene, scene.random.uniform() * 500_000)
    while (await pause(scene, 1_000)) {
      await act(scene, machine, saving(scene, machine, manner))
      if (!(await pause(scene, 900_000 + scene.random.uniform() * 600_000))) return
    }
  }
}

function saving(scene: Scene, machine: Machine, manner: 'restic' | 'rsync' | 'https'): string[] {
  const { documents, dump } = placesOf(scene.lab)
  const rate = between(scene.random, 700, 2_500)
  const target = `${dump}/${machine.name}-${manner}-${Date.now()}`
  const ssh = ['ssh', ...sshOptions(scene)].join(' ')
  const address = siteAddress(SITES_OF.backup)
  if (manner === 'https') {
    const url = `https://${siteName(SITES_OF.backup)}/upload/${machine.name}.tar`
    const tar = `tar -C ${documents} -c . | curl -s -k -m 300 --limit-rate ${rate}k -T - -o /dev/null ${url}`
    return ['sh', '-c', tar]
  }
  if (manner === 'rsync') return ['rsync', '-a', `--bwlimit=${rate}`, '-e', ssh, `${documents}/`,
    `root@${address}:${target}`]
  const repository = ['-r', `sftp:root@${address}:${target}`, '-o', `sftp.command=${ssh} root@${address} -s sftp`,
    '--no-cache', '--quiet', '--limit-upload', String(rate)]
  const restic = (...words: string[]): string => ['restic', ...repository,
    ...words].map((word) => `'${word}'`).join(' ')
  return ['env', 'RESTIC_PASSWORD=range', `HOME=${scratch(scene, machine, 'restic')}`, 'GOMAXPROCS=1', 'sh', '-c',
    `${restic('init')} && ${restic('backup', documents)}`]
}

/** What somebody at a laptop asks of the network when it seems slow. */
export const lookAround: Activity = repeatedly(45_000, async (scene, machine) => {
  const { random } = scene
  const target = siteAddress(between(random, 0, PLAN.sites - 1))
  await act(scene, machine, pick(random, [
    ['ping', '-q', '-c', some(random, 3, 25), target], ['mtr', '-r', '-c', '3', target], ['traceroute', '-q', '1',
      '-w', '1', target],
    ['fping', '-q', '-c', '2', target, siteAddress(between(random, 0, 90)), PLAN.lan.www.address],
  ]))
})
