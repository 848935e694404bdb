import path from 'node:path'
import type { Random } from '../../../agent/kit/index.ts'
import { PLAN, siteAddress, siteName } from '../plan.ts'
import type { Activity, Scene } from '../scene.ts'
import { between, pause, pick, thinkMs } from '../scene.ts'
import { FILE_SIZES, PAGES, placesOf } from '../servers/material.ts'
import { HTTP3_SITES } from '../servers/web.ts'
import type { Machine } from '../world.ts'
import { act, chooseSite, chooseSiteName, repeatedly, scratch, some } from './act.ts'

const CURL = ['curl', '-s', '-k', '-m', '20', '--connect-timeout', '6'] as const
const AGENTS = [
  'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0',
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/126.0',
  'Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X)', 'okhttp/4.12.0', 'Dalvik/2.1.0 (Linux; U; Android 14)',
] as const

/**
 * Reads pages: several objects from several sites at once, a pause, sometimes a burst of pages, now and then a site
 * that is gone.
 */
export function browse(medianMs: number): Activity {
  return repeatedly(medianMs, async (scene, machine) => {
    const { random } = scene
    const pages = random.uniform() < 0.15 ? between(random, 2, 5) : 1
    for (let page = 0; page < pages; page += 1) {
      await act(scene, machine, pageFetch(random, machine))
      if (page + 1 < pages && !(await pause(scene, thinkMs(random, 900)))) return
    }
  })
}

function pageFetch(random: Random, machine: Machine): string[] {
  const home = chooseSiteName(random, machine)
  const others = Array.from({ length: between(random, 2, 8) }, () => chooseSiteName(random, machine))
  const scheme = random.uniform() < 0.12 ? 'http' : 'https'
  const paths = Array.from({ length: between(random, 6, 20) }, (_, index) => {
    const site = index < 2 || random.uniform() < 0.25 ? home : pick(random, others)
    return `${scheme}://${site}/${objectName(random)}`
  })
  if (random.uniform() < 0.06) return ['wget', '-q', '-T', '6', '-t', '1', '--no-check-certificate', '-O', '/dev/null',
    ...paths.slice(0, 5)]
  const version = random.uniform() < 0.6 ? ['--http1.1'] : []
  const together = random.uniform() < 0.75 ? ['--parallel-immediate'] : []
  return [...CURL, '-A', pick(random, AGENTS), '-Z', '--parallel-max', some(random, 3, 8), ...version, ...together,
    ...paths.flatMap((url) => ['-o', '/dev/null', url])]
}

function objectName(random: Random): string {
  if (random.uniform() < 0.05) return pick(random, ['status/302', 'status/403', 'status/410', 'status/429',
    'status/503', 'no-such-page', 'old/index.html'])
  if (random.uniform() < 0.12) return `page${between(random, 0, PAGES - 1)}.html`
  return `f${Math.floor(random.uniform() ** 3.5 * FILE_SIZES.length)}`
}

/** An application on the desk or phone that asks its API: small questions and answers, POST among them. */
export const api: Activity = repeatedly(4_000, async (scene, machine) => {
  const { random } = scene
  const name = siteName(30 + (chooseSite(random, machine) % 12))
  const bodies = ['-d', 'x'.repeat(between(random, 20, 900))]
  await act(scene, machine, [...CURL, '-o', '/dev/null', ...(random.uniform() < 0.6 ? bodies : []),
    `https://${name}/api`])
})

/** A download of some megabytes with wget, at the pace of the line's other end. */
export const download: Activity = repeatedly(170_000, async (scene, machine) => {
  const { random } = scene
  const file = pick(random, ['update.bin', 'update.bin', 'album.zip', 'image.iso'])
  const limit = file === 'image.iso' ? '150k' : pick(random, ['250k', '500k', '1m'])
  await act(scene, machine, ['wget', '-q', '-T', '10', '-t', '1', '--no-check-certificate', `--limit-rate=${limit}`,
    '-O', '/dev/null',
    `https://${chooseSiteName(random, machine)}/${file}`])
})

/** Watches a film: ffmpeg as the player of an HLS stream, at the pace of the picture. */
export const stream: Activity = repeatedly(30_000, async (scene, machine) => {
  const site = siteName(50 + (chooseSite(scene.random, machine) % 8))
  await act(scene, machine, ['ffmpeg', '-nostdin', '-v', 'quiet', '-re', '-tls_verify', '0', '-i',
    `https://${site}/media/list.m3u8`, '-c', 'copy', '-f', 'null', '-'])
})

/** Listens to the radio: one response that lasts for minutes, at 12 kB/s. */
export const radio: Activity = repeatedly(5_000, async (scene, machine) => {
  await act(scene, machine, ['curl', '-s', '-k', '-m', some(scene.random, 60, 400), '-o', '/dev/null',
    `https://${chooseSiteName(scene.random, machine)}/slow/album.zip`])
})

/** A real browser with a new profile; every third time it prefers HTTP/3. */
export const chromium: Activity = repeatedly(75_000, async (scene, machine) => {
  const { random } = scene
  const site = pick(random, HTTP3_SITES)
  const isQuic = random.uniform() < 0.6
  const host = isQuic ? siteName(site) : chooseSiteName(random, machine)
  const url = `https://${host}/page${between(random, 0, PAGES - 1)}.html`
  const quiet = ['--headless', '--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync', '--ignore-certificate-errors', '--disable-dev-shm-usage', '--disable-crash-reporter']
  const quic = ['--enable-quic', `--ignore-certificate-errors-spki-list=${await keyHash(scene)}`,
    `--origin-to-force-quic-on=${HTTP3_SITES.map((each) => `${siteName(each)}:443`).join(',')}`]
  const folder = scratch(scene, machine, 'chromium')
  await act(scene, machine, ['env', `HOME=${folder}`, 'timeout', '-s', 'KILL', '25', 'chromium', ...quiet, ...(isQuic
    ? quic : []),
    `--user-data-dir=${folder}`, '--dump-dom', url])
  await act(scene, machine, ['rm', '-rf', folder])
})

async function keyHash(scene: Scene): Promise<string> {
  const { tlsCertificate } = placesOf(scene.lab)
  const finished = await scene.lab.finish(scene.lab.startHere(['sh', '-c',
    `openssl x509 -in ${tlsCertificate} -pubkey -noout | openssl pkey -pubin -outform der`
    + ' | openssl dgst -sha256 -binary | base64']))
  return finished.output.trim()
}

/** A link checker: follows a site's links three deep; every third answer is 404. */
export const linkChecker: Activity = repeatedly(90_000, async (scene, machine) => {
  await act(scene, machine, ['wget', '-q', '--spider', '-r', '-l', '2', '-T', '5', '-t', '1', '--no-check-certificate',
    '-P',
    scratch(scene, machine, 'spider'), '-e', 'robots=off',
      `https://${chooseSiteName(scene.random, machine)}/page${some(scene.random, 0, PAGES - 1)}.html`])
})

/** Somebody looks at the company's own shop: searches, items, an account, a password mistyped once. */
export function shop(address: string, medianMs: number, from?: (random: Random) => string): Activity {
  return repeatedly(medianMs, async (scene, machine) => {
    const { random } = scene
    const source = from === undefined ? [] : ['--interface', from(random)]
    const visit = [...CURL, '-A', pick(random, AGENTS), ...source]
    const scheme = random.uniform() < 0.3 ? 'http' : 'https'
    const urls = ['login', `search?q=${pick(random, ['lamp', 'chair', 'green+table', 'o%27neill'])}`,
      `item?id=${between(random, 1, 5200)}`, objectName(random)]
      .filter(() => random.uniform() < 0.75)
    if (urls.length > 0) await act(scene, machine, [...visit, '-Z', ...urls.flatMap((each) => ['-o', '/dev/null',
      `${scheme}://${address}/${each}`])])
    if (random.uniform() > 0.12 || !(await pause(scene, thinkMs(random, 3_000)))) return
    await act(scene, machine, [...visit, '-d', 'user=customer&password=Sumer2026', '-o', '/dev/null',
      `${scheme}://${address}/login`])
  })
}

/** A load test of `www` that its owner ordered: some hundreds of requests at once, and innocent. */
export const loadTest: Activity = repeatedly(200_000, async (scene, machine) => {
  const { random } = scene
  const url = `http://${PLAN.lan.www.address}/`
  const requests = between(random, 150, 450)
  await act(scene, machine, pick(random, [
    ['ab', '-q', '-n', String(requests), '-c', some(random, 3, 9), `${url}f4`],
    ['ab', '-q', '-k', '-n', String(requests * 3), '-c', some(random, 3, 9), `${url}search?q=lamp`],
    ['wrk', '-t', '1', '-c', some(random, 5, 20), '-d', '2s', `${url}f4`],
    ['siege', '-q', '-b', '-c', '5', '-r', some(random, 20, 60), `${url}item?id=17`],
  ]))
})

/** Photos from a phone's holiday: a burst of uploads. */
export const photos: Activity = repeatedly(400_000, async (scene, machine) => {
  const { random } = scene
  const chosen = placesOf(scene.lab).photos.filter(() => random.uniform() < 0.7)
  const site = siteName(70 + between(random, 0, 4))
  const uploads = chosen.flatMap((photo) => ['-T', photo, '-o', '/dev/null',
    `https://${site}/upload/${machine.name}/${path.basename(photo)}`])
  if (uploads.length > 0) await act(scene, machine, ['curl', '-s', '-k', '-m', '120', '--limit-rate', '600k',
    ...uploads])
})

/** A measurement of the line's speed, short. */
export const speedTest: Activity = repeatedly(400_000, async (scene, machine) => {
  await act(scene, machine, ['iperf3', '-c', siteAddress(between(scene.random, 0, 9)), '-t', '4', '-b', '4M',
    ...(scene.random.uniform() < 0.5 ? ['-R'] : [])])
})
