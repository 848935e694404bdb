import { ConfigError, formatProblem } from '../config/config-problem.ts'
import { CodedError } from '../kit/index.ts'

/** The exit codes of the command line's contract. */
export const EXIT = { ok: 0, failed: 1, usage: 2, notReachable: 3, notPermitted: 4, configInvalid: 5 } as const

/** What to print for a failure, and which code to leave with. */
export interface Failure {
  readonly text: string
  readonly exitCode: number
}

/** Words and exit code for whatever a command threw. Only what nobody expected shows its stack. */
export function describeFailure(error: unknown): Failure {
  if (error instanceof ConfigError) return configFailure(error)
  if (error instanceof CodedError) return { text: `error: ${error.message}`, exitCode: exitCodeOf(error.code) }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
  return { text: `unexpected error, please report it: ${text}`, exitCode: EXIT.failed }
}

function configFailure({ problem, message }: ConfigError): Failure {
  const text = problem.code === 'CONFIG_INVALID' ? problem.problems.map(formatProblem).join('\n') : `error: ${message}`
  return { text, exitCode: EXIT.configInvalid }
}

function exitCodeOf(code: string): number {
  if (code === 'CLIENT_NOT_REACHABLE') return EXIT.notReachable
  return code.endsWith('_NOT_PERMITTED') || code.endsWith('_PERMISSION_DENIED') ? EXIT.notPermitted : EXIT.failed
}
