// The real phantomd in a namespace, as systemd or a person would start it, and phantomctl beside it.
import type { ChildProcess } from 'node:child_process'
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { Namespaces, Ran } from './namespaces.ts'
import { whyNoEnforcer } from './namespaces.ts'

const ROOT = path.resolve(import.meta.dirname, '../..')

const PHANTOMD = path.join(ROOT, 'bin/phantomd')
/** The program to ask the daemon with. */
export const PHANTOMCTL = path.join(ROOT, 'bin/phantomctl')

/** Why the daemon cannot run here; empty when it can. */
export function whyNoDaemon(): string {
  if (!existsSync(path.join(ROOT, 'native/build/phantommesh.node'))) return 'native/build/phantommesh.node is not built'
  if (!existsSync(path.join(ROOT, 'models/manifest.json'))) return 'there are no models'
  return whyNoEnforcer()
}

/** What a daemon in a test is told; everything else is as shipped. */
export interface DaemonSettings {
  readonly mode: 'off' | 'observe' | 'enforce'
  readonly interfaces: readonly string[]
  readonly neverBlock?: readonly string[]
  /** More lines of YAML. */
  readonly more?: string
}

/** One line of the event log. */
export interface LoggedEvent {
  readonly timestamp: string
  readonly event_type: string
  readonly src_ip?: string
  readonly alert?: { readonly action: string; readonly signature: string }
  readonly enforcement?: { readonly action: string; readonly target: string; readonly outcome: string }
  readonly phantommesh?: { readonly action?: string; readonly target?: string; readonly latency_ms?: number | null }
}

/** What alerts and decisions are known by in lists; a decision has no category, an alert no value. */
export interface ListedLine {
  readonly id: number
  readonly category?: string
  readonly action?: string
  readonly heldBackBy?: readonly string[]
  readonly value?: string
  readonly simulated?: boolean
}

/** Paths of one daemon, which several processes may use one after the other. */
export class DaemonHome {
  readonly folder: string
  readonly config: string
  readonly socket: string
  readonly #net: Namespaces
  readonly #namespace: string

  constructor(net: Namespaces, namespace: string, settings: DaemonSettings) {
    this.#net = net
    this.#namespace = namespace
    homes += 1
    this.folder = path.join(net.folder, `daemon-${homes}`)
    mkdirSync(this.folder)
    this.socket = path.join(this.folder, 'agent.sock')
    this.config = this.configure(settings)
  }

  /** Writes the configuration; a running daemon has read its own already. */
  configure({ mode, interfaces, neverBlock = [], more = '' }: DaemonSettings, name = 'agent.yaml'): string {
    const file = path.join(this.folder, name)
    const { folder } = this
    writeFileSync(file, `mode: ${mode}
capture: { interfaces: [${interfaces.join(', ')}] }
paths:
  state: ${folder}/state
  socket: ${this.socket}
  events: ${folder}/eve.json
  enforcerSocket: ${folder}/enforcer.sock
response: { neverBlock: [${neverBlock.map((each) => `'${each}'`).join(', ')}] }
metrics: { listen: null }
events: { flushMs: 50 }
${more}`)
    return file
  }

  /** Starts the daemon, by way of `prefix`, and waits until it says that it is ready. */
  async start(...prefix: readonly string[]): Promise<RunningDaemon> {
    starts += 1
    const logFile = path.join(this.folder, `log-${starts}`)
    const command = [...prefix, PHANTOMD, 'run', '--config', this.config]
    const daemon = new RunningDaemon(this.#net.start(this.#namespace, 'sh', '-c', 'exec "$@" > "$0" 2>&1', logFile, ...command), logFile)
    await until('the daemon is ready', () => {
      if (daemon.hasEnded) throw new Error(`the daemon ended: ${daemon.log()}`)
      return daemon.log().includes('Agent ready')
    })
    return daemon
  }

  /** Runs a daemon that is expected to end by itself. */
  tryRun(config = this.config, ...prefix: readonly string[]): Ran {
    return this.#net.try(this.#namespace, 'timeout', '20', ...prefix, PHANTOMD, 'run', '--config', config)
  }

  /** phantomctl as a user calls it. */
  ctl(...words: readonly string[]): Ran {
    return spawnSync(PHANTOMCTL, ['--socket', this.socket, ...words], { encoding: 'utf8' })
  }

  /** Runs phantomctl, which must succeed; gives what it says in JSON. */
  must(...words: readonly string[]): string {
    const { status, stdout, stderr } = this.ctl('-o', 'json', ...words)
    if (status !== 0) throw new Error(`phantomctl ${words.join(' ')}: ${status} ${stderr}`)
    return stdout
  }

  /** The alerts, or the decisions, that it lists. */
  list(what: 'alerts' | 'decisions', ...options: readonly string[]): ListedLine[] {
    return JSON.parse(this.must(what, 'list', ...options))
  }

  /** The event log so far. */
  events(type?: string): LoggedEvent[] {
    const file = path.join(this.folder, 'eve.json')
    const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n') : []
    // The last line may be under way.
    const events = lines.slice(0, -1).map((line): LoggedEvent => JSON.parse(line))
    return type === undefined ? events : events.filter((event) => event.event_type === type)
  }
}

/** A daemon under way. */
export class RunningDaemon {
  readonly child: ChildProcess
  readonly #logFile: string

  constructor(child: ChildProcess, logFile: string) {
    this.child = child
    this.#logFile = logFile
  }

  /** What it has logged, as JSON lines. */
  log(): string {
    return existsSync(this.#logFile) ? readFileSync(this.#logFile, 'utf8') : ''
  }

  get hasEnded(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null
  }

  /** Sends a signal and waits for the end. */
  async end(signal: NodeJS.Signals): Promise<number | null> {
    if (!this.hasEnded) {
      this.child.kill(signal)
      await once(this.child, 'exit')
    }
    return this.child.exitCode
  }

  /** The process of the enforcer that the daemon started. */
  enforcerPid(): number | undefined {
    const { pid } = this.child
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').map(Number)
    return children.find((child) => commandOf(child).includes('phantommesh-enforcer'))
  }
}

let homes = 0
let starts = 0

/** Waits for a condition, up to `deadlineMs`; what never comes true is a failed test that says what it waited for. */
export async function until<T>(what: string, condition: () => T | Promise<T>, deadlineMs = 15_000): Promise<Exclude<T, false | undefined>> {
  const endMs = performance.now() + deadlineMs
  for (;;) {
    const value = await condition()
    if (holds(value)) return value
    if (performance.now() > endMs) throw new Error(`after ${deadlineMs} ms still not so: ${what}`)
    await pause(20)
  }
}

function holds<T>(value: T): value is Exclude<T, false | undefined> {
  return value !== false && value !== undefined
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
  } catch {
    return ''
  }
}
