// Network namespaces for tests: names of their own, removed at the end whatever happened.
import { spawn, spawnSync } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import process from 'node:process'

const ROOT = path.resolve(import.meta.dirname, '../..')

/** Where scripts/build-native.mjs puts the privileged program; the variable names another build, say one with sanitizers. */
const ENFORCER_PROGRAM = process.env['PHANTOMMESH_ENFORCER'] ?? path.join(ROOT, 'native/build/phantommesh-enforcer')

let made = 0

/** Why no namespaces can be made here; empty when they can. */
export function whyNoNamespaces(): string {
  if (process.getuid?.() !== 0) return 'not root'
  const name = `pm-probe-${process.pid}`
  const probe = spawnSync('ip', ['netns', 'add', name], { encoding: 'utf8' })
  if (probe.error !== undefined) return 'no `ip` program (Debian: iproute2)'
  spawnSync('ip', ['netns', 'del', name])
  return probe.status === 0 ? '' : `no network namespaces: ${probe.stderr.trim()}`
}

/** Why the privileged program cannot be tested here; empty when it can. */
export function whyNoEnforcer(): string {
  return existsSync(ENFORCER_PROGRAM) ? whyNoNamespaces() : `${ENFORCER_PROGRAM} is not built`
}

/** What a program printed, and how it ended. */
export interface Ran {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

/** A cable between two namespaces: each end with its interface and addresses in CIDR. */
export interface CableEnd {
  readonly namespace: string
  readonly interfaceName: string
  readonly addresses: readonly string[]
}

/** A few namespaces under short names, the programs started in them, and a folder for their files. */
export class Namespaces {
  readonly folder = mkdtempSync(path.join(tmpdir(), 'pm-e2e-'))
  readonly #prefix: string
  readonly #names = new Set<string>()
  readonly #children = new Set<ChildProcess>()
  readonly #onExit = (): void => this.#removeAll()

  constructor() {
    made += 1
    this.#prefix = `pm-${process.pid}-${made}-`
    // A crash of the test process must not leave namespaces behind either.
    process.once('exit', this.#onExit)
  }

  /** The namespace's name as `ip netns` knows it. */
  name(short: string): string {
    return this.#prefix + short
  }

  add(...shorts: readonly string[]): void {
    for (const short of shorts) {
      this.#names.add(short)
      must('ip', ['netns', 'add', this.name(short)])
      this.run(short, 'ip', 'link', 'set', 'lo', 'up')
    }
  }

  connect(one: CableEnd, other: CableEnd): void {
    const peer = ['peer', 'name', other.interfaceName, 'netns', this.name(other.namespace)]
    must('ip', ['link', 'add', one.interfaceName, 'netns', this.name(one.namespace), 'type', 'veth', ...peer])
    for (const { namespace, interfaceName, addresses } of [one, other]) {
      // nodad: an IPv6 address is usable at once, not after a second of duplicate address detection.
      for (const each of addresses) {
        const isV6 = each.includes(':')
        this.run(namespace, 'ip', 'address', 'add', each, 'dev', interfaceName, ...(isV6 ? ['nodad'] : []))
      }
      this.run(namespace, 'ip', 'link', 'set', interfaceName, 'up')
    }
  }

  /** Runs to the end; throws when it fails. */
  run(short: string, program: string, ...words: readonly string[]): string {
    return must('ip', ['netns', 'exec', this.name(short), program, ...words])
  }

  /** Runs to the end, however it ends. */
  try(short: string, program: string, ...words: readonly string[]): Ran {
    return spawnSync('ip', ['netns', 'exec', this.name(short), program, ...words], { encoding: 'utf8' })
  }

  /** Starts a program; `remove` ends it. `ip netns exec` becomes the program, so the child's id is the program's. */
  start(short: string, program: string, ...words: readonly string[]): ChildProcess {
    const child = spawn('ip', ['netns', 'exec', this.name(short), program, ...words], { stdio: ['ignore', 'pipe', 'inherit'] })
    this.#children.add(child)
    return child
  }

  /** Starts the privileged program and waits until it listens, at a fresh path unless `--socket` names one. */
  async startEnforcer(short: string, ...words: readonly string[]): Promise<{ child: ChildProcess; socketPath: string }> {
    made += 1
    const socketPath = words[0] === '--socket' ? words[1]! : path.join(this.folder, `enforcer-${made}.sock`)
    const child = this.start(short, ENFORCER_PROGRAM, '--socket', socketPath, '--never-block-file', '', ...words)
    await saysSomething(child)
    return { child, socketPath }
  }

  async stop(child: ChildProcess): Promise<void> {
    this.#children.delete(child)
    if (child.exitCode !== null || child.signalCode !== null) return
    child.kill('SIGTERM')
    await once(child, 'exit')
  }

  async remove(): Promise<void> {
    await Promise.all([...this.#children].map((child) => this.stop(child)))
    process.off('exit', this.#onExit)
    this.#removeAll()
  }

  #removeAll(): void {
    for (const child of this.#children) child.kill('SIGKILL')
    for (const short of this.#names) spawnSync('ip', ['netns', 'del', this.name(short)])
    rmSync(this.folder, { recursive: true, force: true })
  }
}

/** Resolves with the first words of a program; rejects when it ends without any. */
export async function saysSomething(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    child.stdout?.once('data', (words: Buffer) => resolve(words.toString()))
    child.once('exit', (status) => reject(new Error(`ended with ${status} before it said anything`)))
  })
}

function must(program: string, words: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(program, words, { encoding: 'utf8', maxBuffer: 64 << 20 })
  if (status !== 0) throw new Error(`${program} ${words.join(' ')}: ${stderr.trim()}`)
  return stdout
}
