import { spawn, type ChildProcess } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import { connect } from 'node:net'
import path from 'node:path'
import type { Settings } from '../config/index.ts'
import type { Clock, Logger } from '../kit/index.ts'

/** What the enforcer needs to be told. */
export interface EnforcerStart {
  readonly root: string
  readonly socketPath: string
  readonly response: Settings<'response'>
  readonly clock: Clock
  readonly logger: Logger
}

/** An enforcer that ends so often within a minute will not stay by being started once more. */
const STARTS_PER_MINUTE_MAX = 5
const MINUTE_MS = 60_000
/** It starts and ends within milliseconds; one that hangs is not waited for, and killed in the end. */
const PATIENCE_MS = 2_000

/**
 * The privileged enforcer of a checkout that runs as root: started where nobody serves the socket, and again when it ended.
 * Installed, the enforcer is a unit of its own and the daemon has no right to start one: then nothing happens here.
 */
export class EnforcerProcess {
  readonly #start: EnforcerStart
  readonly #program: string
  readonly #mayStart: boolean
  #child: ChildProcess | undefined
  #startedAtMs: number[] = []
  #hasGivenUp = false
  #isStopped = false

  constructor(start: EnforcerStart) {
    this.#start = start
    this.#program = path.join(start.root, 'native/build/phantommesh-enforcer')
    this.#mayStart = process.getuid?.() === 0 && existsSync(this.#program)
  }

  /** Starts the enforcer where it can be of use and none is there. To be called again and again. */
  async keep(): Promise<void> {
    const { socketPath } = this.#start
    if (!this.#mayStart || this.#child !== undefined || await isServed(socketPath)) return
    if (this.#isStopped || !this.#hasStartLeft()) return
    mkdirSync(path.dirname(socketPath), { recursive: true, mode: 0o755 })
    this.#child = this.#spawn()
    await listening(this.#child, this.#start.clock)
  }

  /** Ends it; bans stay in the kernel until they time out. */
  async stop(): Promise<void> {
    this.#isStopped = true
    const child = this.#child
    if (child === undefined) return
    const cancel = this.#start.clock.after(PATIENCE_MS, () => child.kill('SIGKILL'))
    child.kill('SIGTERM')
    await new Promise<void>((resolve) => { child.once('close', () => resolve()) })
    cancel()
  }

  #hasStartLeft(): boolean {
    const { clock, logger } = this.#start
    const nowMs = clock.monotonicMs()
    this.#startedAtMs = this.#startedAtMs.filter((atMs) => nowMs - atMs < MINUTE_MS)
    const isLeft = this.#startedAtMs.length < STARTS_PER_MINUTE_MAX
    if (!isLeft && !this.#hasGivenUp) logger.error({ starts: STARTS_PER_MINUTE_MAX }, 'Enforcer keeps ending; next start in a minute')
    if (isLeft) this.#startedAtMs.push(nowMs)
    this.#hasGivenUp = !isLeft
    return isLeft
  }

  #spawn(): ChildProcess {
    const { socketPath, response, logger } = this.#start
    const child = spawn(this.#program, enforcerArguments(socketPath, response), { stdio: ['ignore', 'pipe', 'pipe'] })
    child.stderr.setEncoding('utf8').on('data', (text: string) => logger.warn({ text: text.trim() }, 'Enforcer speaks'))
    child.once('error', (error) => logger.error({ error }, 'Enforcer cannot be started'))
    child.once('close', (exitCode, signal) => {
      this.#child = undefined
      if (this.#isStopped) logger.info({ exitCode, signal }, 'Enforcer ended')
      else logger.warn({ exitCode, signal }, 'Enforcer ended unasked')
    })
    return child
  }
}

/** Its own caps are those of the configuration: it checks them again, whatever the daemon asks. */
function enforcerArguments(socketPath: string, response: Settings<'response'>): string[] {
  return [
    '--socket', socketPath, '--exit-with-parent',
    '--elements-max', String(response.elementsMax),
    '--prefix-min-v4', String(response.prefixLength4Min),
    '--prefix-min-v6', String(response.prefixLength6Min),
    '--new-blocks-per-minute', String(10 * response.blocksPerMinuteMax),
  ]
}

/** Resolves when the enforcer has said that it listens, has ended, or has been silent for too long to be waited for. */
async function listening(child: ChildProcess, clock: Clock): Promise<void> {
  let cancel = (): void => {}
  await new Promise<void>((resolve) => {
    child.stdout?.once('data', () => resolve())
    child.once('close', () => resolve())
    cancel = clock.after(PATIENCE_MS, resolve)
  })
  cancel()
}

/** Whether somebody listens at the socket. Only a refusal proves that nobody does: the socket of a killed process stays behind. */
function isServed(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect(socketPath)
    probe.once('connect', () => {
      probe.destroy()
      resolve(true)
    })
    probe.once('error', (error: NodeJS.ErrnoException) => resolve(error.code !== 'ECONNREFUSED' && error.code !== 'ENOENT'))
  })
}
