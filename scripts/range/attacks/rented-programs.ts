import { randomBytes } from 'node:crypto'
import { execFileSync } from 'node:child_process'
import { appendFileSync, rmSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Finished, Host } from '../../lab/lab.ts'
import { signalGroup, stopGroup } from '../../lab/lab.ts'
import { between, pick } from '../scene.ts'
import type { AttackScene, RentedServer, Scene } from '../scene.ts'

/** A program that goes on beside the attack. */
export interface Running {
  /** What its lines `got N` add up to: proof that something arrived. */
  readonly got: () => Got
  /** What it said last. */
  readonly output: () => string
  readonly write: (text: string) => void
  readonly isRunning: () => boolean
  /** Ends it and waits until it has. */
  readonly stop: () => Promise<void>
}

/** How often something arrived and how much. */
export interface Got {
  readonly count: number
  readonly octets: number
}

/** A program to start, and the words that it prints once it serves. */
export interface Wanted {
  readonly command: readonly string[]
  readonly ready?: string
  /** How long that may take. */
  readonly readyMsMax?: number
}

const READY_MS_MAX = 10_000
const OUTPUT_MAX = 8_000

/** The words that start one of the scripts beside this file. Debian's Python, for its packages. */
export function python(script: string, ...words: readonly (string | number)[]): string[] {
  return ['/usr/bin/python3', path.join(import.meta.dirname, 'tools', script), ...words.map(String)]
}

/** Starts a program that goes on, and waits until it says it is ready. Throws when it does not. */
export async function begin(scene: Scene, host: Host, wanted: Wanted): Promise<Running> {
  const child = scene.lab.start(host, wanted.command)
  let [output, count, octets, rest] = ['', 0, 0, '']
  const listen = (chunk: Buffer): void => {
    output = (output + chunk.toString()).slice(-OUTPUT_MAX)
    const lines = (rest + chunk.toString()).slice(-OUTPUT_MAX).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) {
      if (!line.startsWith('got ')) continue
      count += 1
      octets += Number(line.slice(4))
    }
  }
  child.stdout?.on('data', listen)
  child.stderr?.on('data', listen)
  let isRunning = true
  const ended = new Promise<void>((resolve) => {
    child.once('close', () => { isRunning = false; resolve() })
    child.once('error', () => { isRunning = false; resolve() })
  })
  const running: Running = {
    got: () => ({ count, octets }),
    output: () => output,
    write: (text) => { child.stdin?.write(text) },
    isRunning: () => isRunning,
    stop: async () => {
      stopGroup(child)
      const killer = setTimeout(() => signalGroup(child, 'SIGKILL'), 3_000)
      await ended
      clearTimeout(killer)
    },
  }
  if (wanted.ready !== undefined) await waitFor(running, wanted.ready, wanted.readyMsMax ?? READY_MS_MAX)
  return running
}

async function waitFor(running: Running, words: string, msMax: number): Promise<void> {
  const giveUpAtMs = Date.now() + msMax
  while (!running.output().includes(words)) {
    if (!running.isRunning() || Date.now() > giveUpAtMs) {
      await running.stop()
      throw new Error(`did not become ready: ${running.output()}`)
    }
    await sleep(30)
  }
}

/** Runs `act` beside a program, and ends the program whatever happens. */
export async function beside<T>(started: Promise<Running>, act: (running: Running) => Promise<T>): Promise<T> {
  const running = await started
  try {
    return await act(running)
  } finally {
    await running.stop()
  }
}

/** Runs a program to its end, or until the scene's. `isCut` says which. */
export async function runUntilEnd(
  scene: Scene, host: Host, { command, input }: { command: readonly string[]; input?: string },
): Promise<Finished & { readonly isCut: boolean }> {
  const child = scene.lab.start(host, command)
  child.stdin?.end(input ?? '')
  let isCut = false
  const timers = [0, 3_000].map((graceMs) => setTimeout(() => {
    isCut = true
    if (graceMs === 0) stopGroup(child)
    else signalGroup(child, 'SIGKILL')
  }, Math.max(0, scene.endAtMs - Date.now()) + graceMs))
  const finished = await scene.lab.finish(child)
  for (const timer of timers) clearTimeout(timer)
  return { ...finished, isCut }
}

/** Waits until somebody listens on a port of an address there. For daemons that do not say when they do. */
export async function listening(
  scene: Scene, host: Host, { address, port, kind }: { address: string; port: number; kind: 'tcp' | 'udp' },
): Promise<void> {
  const giveUpAtMs = Date.now() + READY_MS_MAX
  for (;;) {
    const { output } = await scene.lab.run(host, ['ss', '-Hln', kind === 'tcp' ? '-t' : '-u', 'sport', '=', `:${port}`])
    if (output.includes(`${address}:${port}`)) return
    if (Date.now() > giveUpAtMs) throw new Error(`nobody listens on ${address}:${port}`)
    await sleep(50)
  }
}

/** Ports on which attackers' web and other servers are found; more than the well-known ones. */
export const PORTS = {
  tls: [443, 443, 443, 8443, 4443, 9443], web: [80, 80, 8080, 8000, 8888], any: [4444, 5555, 6667, 1337, 9001, 443, 53_531],
} as const

/** What can be served on a rented machine. */
export type Service = 'web' | 'web-tls' | 'echo' | 'echo-tls' | 'shell' | 'shell-tls' | 'sink' | 'sink-tls' | 'pool' | 'udp'

/** Where a service of the attacker's is found. */
export interface Served {
  readonly server: RentedServer
  readonly port: number
  readonly url: string
  readonly running: Running
}

/** Rents a server, serves there while `act` runs, and stops. */
export async function serve<T>(scene: AttackScene, service: Service, act: (served: Served) => Promise<T>): Promise<T> {
  const server = scene.rent()
  const isTls = service.endsWith('-tls')
  const isWeb = service.startsWith('web')
  const port = pick(scene.random, isTls ? PORTS.tls : isWeb ? PORTS.web : PORTS.any)
  const tls = isTls ? certificate(scene, server.name) : []
  const seed = between(scene.random, 1, 1_000_000)
  const where = [server.address, port, seed, ...tls]
  const manner = service.replace('-tls', '')
  const command = isWeb ? python('http_server.py', ...where)
    : service === 'udp' ? python('udp_server.py', ...where) : python('stream_server.py', manner, ...where)
  const url = `${isTls ? 'https' : 'http'}://${scene.random.uniform() < 0.7 ? server.name : server.address}:${port}`
  return beside(begin(scene, server.machine, { command, ready: 'ready' }), (running) => act({ server, port, url, running }))
}

/** A certificate that names the server and is signed by itself: its files. */
export function certificate({ lab }: Scene, name: string): [string, string] {
  const [crt, key] = [path.join(lab.folder, `${name}.crt`), path.join(lab.folder, `${name}.key`)]
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '30',
    '-subj', `/CN=${name}`, '-keyout', key, '-out', crt], { stdio: 'ignore' })
  return [crt, key]
}

let files = 0

/** Hands a file of random octets to `act` and removes it afterwards. */
export async function withLoot<T>(scene: Scene, octets: number, act: (file: string) => Promise<T>): Promise<T> {
  files += 1
  const file = path.join(scene.lab.folder, `loot-${files}.bin`)
  for (let left = octets; left > 0; left -= 4_194_304) appendFileSync(file, randomBytes(Math.min(left, 4_194_304)))
  try {
    return await act(file)
  } finally {
    rmSync(file, { force: true })
  }
}
