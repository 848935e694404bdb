import { spawn, type ChildProcess } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import path from 'node:path'
import type { Settings } from '../config/index.ts'
import type { Logger } from '../kit/index.ts'

/** A privileged enforcer that this daemon started, from a checkout and as root. Installed, it is a unit of its own. */
export interface EnforcerProcess {
  /** Ends it; bans stay in the kernel until they time out. */
  stop(): Promise<void>
}

/** What the enforcer needs to be told. */
export interface EnforcerStart {
  readonly root: string
  readonly socketPath: string
  readonly response: Settings<'response'>
  readonly logger: Logger
}

/** Starts it where it can be of use: as root, built, and nobody else serving the socket. Undefined otherwise. */
export function startEnforcer({ root, socketPath, response, logger }: EnforcerStart): EnforcerProcess | undefined {
  const program = path.join(root, 'native/build/phantommesh-enforcer')
  if (process.getuid?.() !== 0 || !existsSync(program) || existsSync(socketPath)) return undefined
  mkdirSync(path.dirname(socketPath), { recursive: true, mode: 0o755 })
  const child = spawn(program, enforcerArguments(socketPath, response), { stdio: ['ignore', 'ignore', 'pipe'] })
  child.stderr.setEncoding('utf8').on('data', (text: string) => logger.warn({ text: text.trim() }, 'Enforcer speaks'))
  const ended = new Promise<void>((resolve) => {
    child.once('error', () => resolve())
    child.once('exit', () => resolve())
  })
  void ended.then(() => logger.info({ exitCode: child.exitCode }, 'Enforcer ended'))
  return { stop: () => stop(child, ended) }
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

async function stop(child: ChildProcess, ended: Promise<void>): Promise<void> {
  child.kill('SIGTERM')
  await ended
}
