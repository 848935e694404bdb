import { CodedError } from '../kit/index.ts'

/** One thing wrong (error) or useless (warning) in the configuration, with its place. Lines and columns count from 1. */
export interface ConfigProblem {
  readonly severity: 'error' | 'warning'
  readonly file: string
  readonly line: number
  readonly column: number
  /** The setting, dotted: `capture.interfaces[0].side`. Empty when the whole file is meant. */
  readonly key: string
  /** What is wrong, as the end of a sentence that begins with the key. */
  readonly message: string
  /** What to write instead, where that can be told; else empty. */
  readonly suggestion: string
}

/** Why there is no configuration. */
export type ConfigTrouble =
  | { readonly code: 'CONFIG_INVALID'; readonly problems: readonly ConfigProblem[] }
  | { readonly code: 'CONFIG_UNREADABLE'; readonly file: string; readonly reason: string }

/** A configuration that cannot be read or holds errors; exit code 5. */
export class ConfigError extends CodedError<ConfigTrouble> {}

/** One line for people, in the form compilers use: `agent.yaml:3:5: error: mode is ...`. */
export function formatProblem(problem: ConfigProblem): string {
  const { file, line, column, severity, key, message, suggestion } = problem
  const sentence = key === '' ? message : `${key} ${message}`
  return `${file}:${line}:${column}: ${severity}: ${sentence}${suggestion === '' ? '' : `; ${suggestion}`}`
}
