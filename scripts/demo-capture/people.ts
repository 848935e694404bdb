import path from 'node:path'
import { type Random, seededRandom } from '../../agent/kit/index.ts'
import type { Host } from '../lab/lab.ts'
import { PLAN } from './plan.ts'
import { FILE_SIZES, userKey } from './servers.ts'
import { type Stage, cue, pause, pick, thinkMs } from './stage.ts'

/** Everything ordinary that goes on behind a VPN gateway. Each entry runs to the end of the play. */
export function ordinaryTraffic(stage: Stage, seed: number): Promise<unknown>[] {
  const { network } = stage
  const browsing = network.clients.map((client, index) => browse(stage, client, seededRandom(seed + index)))
  const client = (index: number): Host => {
    const host = network.clients[index]
    if (host === undefined) throw new Error('the plan has too few clients')
    return host
  }
  return [
    ...browsing,
    ...[client(0), client(2), network.jumpHost].map((host, index) => keepTime(stage, host, index)),
    monitor(stage, network.monitor),
    download(stage, client(1)),
    ping(stage, client(2)),
    workOnSource(stage, client(3), seededRandom(seed + 101)),
    copyFiles(stage, client(5), seededRandom(seed + 102)),
    typeInShell(stage, client(4), { random: seededRandom(seed + 103), to: PLAN.forge.address, from: undefined }),
    typeInShell(stage, network.outside, { random: seededRandom(seed + 104), to: PLAN.jumpHost, from: PLAN.administrator }),
    mistypePassword(stage, network.outside),
  ]
}

/** Pages of a handful of objects over parallel connections, by name, with time to read between them; now and then a typo. */
async function browse(stage: Stage, client: Host, random: Random): Promise<void> {
  if (!(await pause(stage, thinkMs(random, 3_000)))) return
  do {
    if (random.uniform() < 0.04) {
      await stage.lab.run(client, ['dig', '+tries=1', '+time=1', `www${Math.floor(random.uniform() * 99)}.mistyped.example`])
    } else if (random.uniform() < 0.03) {
      await stage.lab.run(client, ['curl', '-s', '-m', '3', `http://${pick(random, PLAN.sites).name}:8080/`])
    } else {
      await stage.lab.run(client, pageFetch(random))
    }
  } while (await pause(stage, thinkMs(random, 7_000)))
}

function pageFetch(random: Random): string[] {
  const site = pick(random, PLAN.sites.slice(0, 4))
  const scheme = random.uniform() < 0.15 ? 'http' : 'https'
  const objects = 1 + Math.floor(random.uniform() * 6)
  const urls = Array.from({ length: objects }, () => `${scheme}://${site.name}/f${Math.floor(random.uniform() ** 1.6 * FILE_SIZES.length)}`)
  if (random.uniform() < 0.2) return ['wget', '-q', '-T', '5', '-t', '1', '--no-check-certificate', '-O', '/dev/null', ...urls]
  return ['curl', '-s', '-k', '-m', '20', '--parallel', '--parallel-max', '3', ...urls.flatMap((url) => ['-o', '/dev/null', url])]
}

/** chronyd as a client, polling every 8 to 16 s; -x keeps it away from the machine's clock. */
async function keepTime(stage: Stage, host: Host, index: number): Promise<void> {
  const settings = [`server ${PLAN.timeServer} minpoll 3 maxpoll 4`, 'cmdport 0', 'bindcmdaddress /',
    `pidfile ${path.join(stage.lab.folder, `chrony-${index}.pid`)}`]
  stage.lab.start(host, ['chronyd', '-x', '-n', '-u', 'root', ...settings])
  await cue(stage, PLAN.durationMs)
}

/** A status page every 15 s and a ping every 20 s: as regular as a beacon, and innocent. */
async function monitor(stage: Stage, host: Host): Promise<void> {
  void stage.lab.run(host, ['ping', '-q', '-i', '20', '-w', String(PLAN.durationMs / 1000), PLAN.forge.address])
  do {
    await stage.lab.run(host, ['curl', '-s', '-k', '-m', '5', '-o', '/dev/null', 'https://status.example/health'])
  } while (await pause(stage, 15_000))
}

async function download(stage: Stage, client: Host): Promise<void> {
  await cue(stage, 20_000)
  const options = ['-q', '--no-check-certificate', '--limit-rate=60k', '-O', '/dev/null']
  await stage.lab.run(client, ['wget', ...options, 'https://cdn.example/image.iso'])
}

async function ping(stage: Stage, client: Host): Promise<void> {
  await cue(stage, 35_000)
  await stage.lab.run(client, ['ping', '-q', '-c', '30', PLAN.sites[0].address])
}

async function workOnSource(stage: Stage, client: Host, random: Random): Promise<void> {
  const ssh = ['ssh', ...sshOptions(stage)].join(' ')
  const source = `root@${PLAN.forge.name}:${stage.lab.folder}/repository`
  for (let round = 0; await pause(stage, thinkMs(random, 25_000)); round += 1) {
    const target = path.join(stage.lab.folder, `clone-${round}`)
    await stage.lab.run(client, ['env', `GIT_SSH_COMMAND=${ssh}`, 'git', 'clone', '-q', source, target])
    if (!(await pause(stage, thinkMs(random, 10_000)))) return
    await stage.lab.run(client, ['env', `GIT_SSH_COMMAND=${ssh}`, 'git', '-C', target, 'fetch', '-q'])
  }
}

async function copyFiles(stage: Stage, client: Host, random: Random): Promise<void> {
  const folder = stage.lab.folder
  while (await pause(stage, thinkMs(random, 30_000))) {
    const file = `root@${PLAN.forge.name}:${folder}/site/f6`
    await stage.lab.run(client, ['scp', '-q', ...sshOptions(stage), file, path.join(folder, 'copied')])
    if (!(await pause(stage, thinkMs(random, 8_000)))) return
    const shell = ['ssh', ...sshOptions(stage)].join(' ')
    await stage.lab.run(client, ['rsync', '-a', '-e', shell, path.join(folder, 'repository/'), `root@${PLAN.forge.name}:${folder}/mirror`])
  }
}

/** An interactive session: keys one by one at a typist's pace, echoed by the far end; a new one after a break. */
async function typeInShell(stage: Stage, host: Host, line: { random: Random; to: string; from: string | undefined }): Promise<void> {
  const { random } = line
  const source = line.from === undefined ? [] : ['-b', line.from]
  while (await pause(stage, thinkMs(random, 12_000))) {
    const session = stage.lab.start(host, ['ssh', '-tt', ...sshOptions(stage), ...source, `root@${line.to}`, 'cat'])
    const ended = stage.lab.finish(session)
    const keys = 40 + Math.floor(random.uniform() * 120)
    for (let key = 0; key < keys && (await pause(stage, thinkMs(random, 180))); key += 1) {
      session.stdin?.write(random.uniform() < 0.12 ? '\n' : 'x')
    }
    session.stdin?.end('\u0003')
    await ended
  }
}

/** The administrator's password manager was locked: two refused logins that are no attack. */
async function mistypePassword(stage: Stage, outside: Host): Promise<void> {
  await cue(stage, 60_000)
  for (let attempt = 0; attempt < 2 && (await pause(stage, 6_000)); attempt += 1) {
    const options = ['-b', PLAN.administrator, ...ANY_HOST_KEY, '-o', 'PubkeyAuthentication=no']
    await stage.lab.run(outside, ['sshpass', '-p', 'not-this-one', 'ssh', ...options, `alice@${PLAN.jumpHost}`, 'true'])
  }
}

/** The lab's host key is made anew each time, and nothing may be written to the user's known hosts. */
const ANY_HOST_KEY = ['-o', 'StrictHostKeyChecking=no', '-o', 'UserKnownHostsFile=/dev/null']

function sshOptions(stage: Stage): string[] {
  return ['-i', userKey(stage.lab), '-F', 'none', ...ANY_HOST_KEY, '-o', 'LogLevel=ERROR', '-o', 'BatchMode=yes']
}
