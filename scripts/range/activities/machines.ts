import path from 'node:path'
import { mkdirSync, writeFileSync } from 'node:fs'
import { PLAN, siteAddress, siteName } from '../plan.ts'
import type { Activity, Scene } from '../scene.ts'
import { between, pause, pick } from '../scene.ts'
import { PACKAGES, placesOf } from '../servers/material.ts'
import { PORTS, SITES_OF, torrentOf } from '../servers/others.ts'
import type { Machine } from '../world.ts'
import { act, chooseSiteName, periodically, repeatedly, scratch, some } from './act.ts'

const TALK = path.join(import.meta.dirname, 'udp_talk.py')

/** Calls of half a minute to some minutes: RTP both ways, by ffmpeg or a program of our own. */
export const calls: Activity = repeatedly(40_000, async (scene, machine) => {
  const { random } = scene
  const address = siteAddress(SITES_OF.calls)
  const port = PORTS.firstCall + 2 * between(random, 0, 49)
  const seconds = between(random, 25, 180)
  if (random.uniform() < 0.4) {
    await act(scene, machine, ['ffmpeg', '-nostdin', '-v', 'quiet', '-re', '-f', 'lavfi', '-i', 'sine=frequency=300',
      '-t', String(seconds), '-c:a', 'pcm_mulaw',
      '-ar', '8000', '-ac', '1', '-f', 'rtp', `rtp://${address}:${port}?pkt_size=172`])
  } else {
    await act(scene, machine, ['/usr/bin/python3', TALK, 'call', address, String(port), String(seconds), some(random,
      0, 99_999)])
  }
})

/** Plays: 30 to 60 packets a second in each direction. */
export const game: Activity = repeatedly(30_000, async (scene, machine) => {
  const seconds = between(scene.random, 60, 300)
  await act(scene, machine, ['/usr/bin/python3', TALK, 'game', siteAddress(SITES_OF.games), String(PORTS.game),
    String(seconds), some(scene.random, 0, 99_999)])
})

/** Installs packages: real apt with settings and state of its own, from the range's repository. */
export const packages: Activity = repeatedly(120_000, async (scene, machine) => {
  await update(scene, machine, between(scene.random, 1, 3))
})

/** The unattended update of everybody at the same minute of the hour's clock: a crowd without a leader. */
export function crowdUpdate(minute: number): Activity {
  return async (scene, machine) => {
    do {
      const untilMs = msUntilCrowd(Date.now(), minute)
      if (!(await pause(scene, untilMs + 5_000 * scene.random.uniform()))) return
      await update(scene, machine, 1)
      const files = Array.from({ length: 4 }, () => ['-o', '/dev/null',
        `https://${siteName(between(scene.random, 0, 6))}/f${between(scene.random, 8, 21)}`])
      await act(scene, machine, ['curl', '-s', '-k', '-m', '20', '-Z', ...files.flat()])
    } while (await pause(scene, 61_000))
  }
}

/** Minutes between two crowds. */
const CROWD_MINUTES = 12

/**
 * How long until the next minute whose number leaves `minute` when divided by twelve: at least two in a capture of 25
 * minutes.
 */
export function msUntilCrowd(nowMs: number, minute: number): number {
  const cycleMs = CROWD_MINUTES * 60_000
  return ((minute * 60_000 - nowMs) % cycleMs + cycleMs) % cycleMs
}

async function update(scene: Scene, machine: Machine, count: number): Promise<void> {
  const folder = scratch(scene, machine, 'apt')
  for (const each of ['etc', 'state/lists/partial', 'cache/archives/partial', 'log']) mkdirSync(path.join(folder,
    each), { recursive: true })
  writeFileSync(path.join(folder, 'etc/sources.list'),
    `deb [trusted=yes] http://${siteName(SITES_OF.packages)}/debian ./\n`)
  writeFileSync(path.join(folder, 'state/status'), '')
  const settings = [`Dir::Etc=${folder}/etc`, `Dir::Etc::Parts=/nonexistent`, 'Dir::Etc::SourceParts=/nonexistent',
    `Dir::State=${folder}/state`, `Dir::State::status=${folder}/state/status`,
    `Dir::Cache=${folder}/cache`, `Dir::Log=${folder}/log`, 'APT::Sandbox::User=root', 'Acquire::Languages=none',
      'Debug::NoLocking=1',
    'Acquire::Retries=0', 'Acquire::http::Timeout=8'].flatMap((each) => ['-o', each])
  await act(scene, machine, ['apt-get', '-qq', ...settings, 'update'])
  if (Date.now() > scene.endAtMs) return
  const chosen = Array.from({ length: count }, () => pick(scene.random, PACKAGES))
  const words = ['apt-get', '-qq', ...settings, 'download', ...chosen].map((each) => `'${each}'`).join(' ')
  await act(scene, machine, ['sh', '-c', `cd ${folder}/cache && exec ${words}`])
}

/** An idle phone: one connection for push messages with a keepalive, a message now and then, and a rare question. */
export const phone: Activity = async (scene, machine) => {
  const { random } = scene
  const broker = ['-h', siteName(SITES_OF.push), '-p', String(PORTS.push), '--cafile',
    placesOf(scene.lab).tlsCertificate, '--insecure']
  const waiting = act(scene, machine, ['mosquitto_sub', ...broker, '-k', some(random, 30, 60), '-t',
    `to/${machine.name}`, '-i', `phone-${machine.name}`])
  await repeatedly(50_000, async (scene, machine) => {
    const { sites } = scene.world
    if (random.uniform() < 0.6) {
      await act(scene, sites, ['mosquitto_pub', ...broker, '-t', `to/${machine.name}`, '-m', 'x'.repeat(between(random,
        40, 900))])
    } else {
      await act(scene, machine, ['curl', '-s', '-k', '-m', '10', '-o', '/dev/null',
        `https://${chooseSiteName(random, machine)}/api`])
    }
  })(scene, machine)
  await waiting
}

/** A device at home that reports with a fixed period, in TLS, to one server: the twin of a beacon, and innocent. */
export const smartHome: Activity = (scene, machine) => {
  const { random } = scene
  const name = siteName(80 + between(random, 0, 20))
  const words = ['curl', '-s', '-k', '-m', '10', '-A', 'esp-idf/5.1', '-o', '/dev/null', '-d',
    `temperature=${between(random, 15, 25)}`, `https://${name}/api`]
  return periodically(between(random, 20, 60) * 1_000, async (scene, machine) => {
    await act(scene, machine, words)
  })(scene, machine)
}

/** Keeps the clock: chronyd as a client; -x keeps it away from the machine's. */
export const keepTime: Activity = async (scene, machine) => {
  const poll = between(scene.random, 4, 5)
  await act(scene, machine, ['chronyd', '-x', '-n', '-u', 'root',
    `server ${PLAN.internet.time} minpoll ${poll} maxpoll ${poll + 1}`, 'cmdport 0', 'bindcmdaddress /',
    `pidfile ${scratch(scene, machine, 'chrony.pid')}`])
}

/** Shares files: a swarm of which most have left, a tracker, a distributed table that is asked in vain. */
export const swarm: Activity = repeatedly(15_000, async (scene, machine) => {
  const { random } = scene
  const folder = scratch(scene, machine, 'swarm')
  const port = between(random, 20_000, 60_000)
  const entry = siteAddress(60 + 6 * between(random, 0, 13))
  await act(scene, machine, ['timeout', some(random, 150, 400), 'aria2c', '--no-conf', '--quiet=true',
    '--file-allocation=none', '--allow-overwrite=true', '-d', folder,
    `--listen-port=${port}`, '--enable-dht=true', `--dht-listen-port=${port + 1}`,
      `--dht-entry-point=${entry}:${PORTS.seed}`,
    `--dht-file-path=${folder}-dht`, '--seed-time=5', '--max-overall-download-limit=15K',
      '--max-overall-upload-limit=10K',
    '--bt-tracker-interval=40', '--bt-tracker-connect-timeout=5', torrentOf(scene.world)])
  await act(scene, machine, ['rm', '-rf', folder])
})

/** Fetches and browses files over FTP, in the clear and with connections for data. */
export const ftp: Activity = repeatedly(35_000, async (scene, machine) => {
  const { random } = scene
  const host = pick(random, [siteName(SITES_OF.files), PLAN.lan.files.address])
  await act(scene, machine, random.uniform() < 0.5
    ? ['lftp', '-c',
      `set net:max-retries 1; set net:timeout 6; open ftp://${host}; ls; cat f${between(random, 0, 20)}`]
    : ['curl', '-s', '-m', '15', '-o', '/dev/null', `ftp://${host}/f${between(random, 0, 22)}`])
})

/** Opens the company's share. */
export const share: Activity = repeatedly(40_000, async (scene, machine) => {
  const file = `f${between(scene.random, 3, 24)}`
  await act(scene, machine, ['smbclient', '-N', '-s', '/dev/null', `//${PLAN.lan.files.address}/site`, '-c',
    scene.random.uniform() < 0.4 ? 'ls' : `get ${file} /dev/null`])
})
