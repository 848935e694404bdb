import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { Lab } from '../../lab/lab.ts'
import { PLAN, siteName } from '../plan.ts'

/**
 * Sizes of the sites' files, octets: log-normal as on the web, median 4 kB, a few large ones. File `n` has the n-th
 * size.
 */
export const FILE_SIZES = [
  180, 320, 450, 600, 800, 1_100, 1_500, 1_900, 2_400, 3_000, 3_600, 4_400, 5_400, 6_600, 8_200, 10_000, 13_000,
    17_000, 22_000, 30_000,
  38_000, 50_000, 70_000, 100_000, 180_000,
] as const
/** Long downloads, by name. */
export const DOWNLOADS: Readonly<Record<string, number>> = { 'image.iso': 6_000_000, 'update.bin': 1_500_000,
  'album.zip': 4_000_000 }
/** Packages of the sites' Debian repository. */
export const PACKAGES = Array.from({ length: 24 }, (_, index) => `range-tool${index}`)
/** How many pages each site has; each names pictures on several sites. */
export const PAGES = 40
/** Octets of what a backup saves: as large as a thief's loot, and innocent. */
export const BACKUP_OCTETS = 42_000_000

/** Where the material lies, below the lab's folder. */
export interface Places {
  /** Document root of every site. */
  readonly site: string
  /** What is uploaded to sites and file servers. */
  readonly dump: string
  /** A git repository with some history. */
  readonly repository: string
  /** Files that a backup saves. */
  readonly documents: string
  /** Private key that opens every sshd of the range for root. */
  readonly userKey: string
  /** Authorized key, host key and TLS pair of every server. */
  readonly authorized: string
  readonly hostKey: string
  readonly tlsKey: string
  readonly tlsCertificate: string
  /** Files of 120 to 400 kB each, as a phone's camera makes them. */
  readonly photos: readonly string[]
}

/** The places in this lab. */
export function placesOf(lab: Lab): Places {
  const at = (name: string): string => path.join(lab.folder, name)
  return {
    site: at('site'),
    dump: at('dump'),
    repository: at('repository'),
    documents: at('documents'),
    userKey: at('user-key'),
    authorized: at('authorized'),
    hostKey: at('host-key'),
    tlsKey: at('tls.key'),
    tlsCertificate: at('tls.crt'),
    photos: Array.from({ length: 10 }, (_, index) => at(`photos/photo-${index}.jpg`)),
  }
}

/** Makes keys and everything that is served, fetched, copied or saved. */
export function makeMaterial(lab: Lab): void {
  const places = placesOf(lab)
  for (const folder of [places.site, places.dump, path.join(places.dump, 'upload'), places.repository,
    places.documents, `${lab.folder}/photos`]) {
    mkdirSync(folder, { recursive: true })
  }
  execFileSync('chmod', ['777', places.dump, path.join(places.dump, 'upload')])
  makeKeys(places)
  makeSite(places.site)
  makeStream(places.site)
  makePackages(lab, places.site)
  makeRepository(places.repository)
  for (const [index, photo] of places.photos.entries()) writeFileSync(photo, randomBytes(120_000 + 30_000 * index))
  for (let index = 0; index < 14; index += 1) writeFileSync(path.join(places.documents, `d${index}`),
    randomBytes(BACKUP_OCTETS / 14))
}

function makeKeys(places: Places): void {
  for (const file of [places.userKey, places.hostKey]) {
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'range', '-f', file])
  }
  copyFileSync(`${places.userKey}.pub`, places.authorized)
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes',
    '-days', '2',
    '-subj', '/CN=example', '-addext', 'subjectAltName=DNS:*.example', '-keyout', places.tlsKey, '-out',
      places.tlsCertificate], { stdio: 'ignore' })
}

function makeSite(site: string): void {
  for (const [index, size] of FILE_SIZES.entries()) writeFileSync(path.join(site, `f${index}`), randomBytes(size))
  for (const [name, size] of Object.entries(DOWNLOADS)) writeFileSync(path.join(site, name), randomBytes(size))
  writeFileSync(path.join(site, 'health'), 'ok\n')
  for (let page = 0; page < PAGES; page += 1) {
    const pictures = Array.from({ length: 14 }, (_, index) => {
      const name = siteName((page * 7 + Math.floor(index / 4) * 23) % PLAN.sites)
      return `<img src="https://${name}/f${(page * 3 + index * 5) % 22}">`
    })
    // Every third link leads nowhere: what a link checker is for.
    const links = Array.from({ length: 9 }, (_, index) => {
      const target = index % 3 === 2 ? `gone-${page}-${index}` : `page${(page + index * 5) % PAGES}.html`
      return `<a href="/${target}">x</a>`
    })
    writeFileSync(path.join(site, `page${page}.html`),
      `<!doctype html><title>${page}</title>${links.join('')}${pictures.join('')}\n`)
  }
}

/** Two minutes of a moving picture with sound, cut for HLS: some 250 kbit/s. */
function makeStream(site: string): void {
  const folder = path.join(site, 'media')
  mkdirSync(folder)
  execFileSync('ffmpeg', ['-nostdin', '-v', 'error', '-f', 'lavfi', '-i',
    'testsrc=size=192x108:rate=12,noise=alls=40:allf=t', '-f', 'lavfi',
    '-i', 'sine', '-t', '120', '-c:v', 'libx264', '-preset', 'ultrafast', '-b:v', '200k', '-maxrate', '220k',
      '-bufsize', '220k', '-g', '48',
    '-c:a', 'aac', '-b:a', '48k', '-hls_time', '4', '-hls_list_size', '0', '-hls_segment_filename', path.join(folder,
      'seg%d.ts'),
    path.join(folder, 'list.m3u8')])
}

function makePackages(lab: Lab, site: string): void {
  const folder = path.join(site, 'debian')
  mkdirSync(folder)
  for (const [index, name] of PACKAGES.entries()) {
    const tree = path.join(lab.folder, 'packages', name)
    mkdirSync(path.join(tree, 'DEBIAN'), { recursive: true })
    mkdirSync(path.join(tree, 'usr/share', name), { recursive: true })
    writeFileSync(path.join(tree, 'usr/share', name, 'data'), randomBytes(Math.round(8_000 * 1.22 ** index)))
    writeFileSync(path.join(tree, 'DEBIAN/control'), `Package: ${name}\nVersion: 1.${index}\nArchitecture: all\n`
      + 'Maintainer: range <range@example>\nDescription: data of the range\n')
    execFileSync('dpkg-deb', ['-Znone', '--root-owner-group', '-b', tree, path.join(folder, `${name}.deb`)],
      { stdio: 'ignore' })
  }
  const index = execFileSync('dpkg-scanpackages', ['-m', '.'], { cwd: folder, stdio: ['ignore', 'pipe', 'ignore'] })
  writeFileSync(path.join(folder, 'Packages'), index)
}

function makeRepository(repository: string): void {
  const git = (...words: string[]): void => {
    execFileSync('git', ['-C', repository, '-c', 'user.name=range', '-c', 'user.email=range@example', ...words],
      { stdio: 'ignore' })
  }
  git('init', '-q')
  for (let commit = 0; commit < 4; commit += 1) {
    for (let index = 0; index < 12; index += 1) writeFileSync(path.join(repository, `source-${commit}-${index}`),
      randomBytes(900 * (1 + index)))
    git('add', '.')
    git('commit', '-q', '-m', `step ${commit}`)
  }
}
