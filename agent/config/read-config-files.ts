/** EDGE. Reads the configuration from disk: one file and the `conf.d/*.yaml` beside it, in the order of their names. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import { ConfigError, formatProblem } from './config-problem.ts'
import type { ConfigProblem } from './config-problem.ts'
import type { Config } from './config-schema.ts'
import { defaultPaths, INSTALLED_FOLDER } from './default-paths.ts'
import { parseConfig, TEXT_LENGTH_MAX } from './parse-config.ts'
import type { ConfigSource } from './parse-config.ts'

/** A configuration with its origin. */
export interface LoadedConfig {
  readonly config: Config
  /** The files it was read from; empty when every setting is a default. */
  readonly files: readonly string[]
  readonly warnings: readonly ConfigProblem[]
}

/** Files of conf.d past this many are refused: nobody means to write them. */
const FILES_MAX = 256

/**
 * Reads `file`, or /etc/phantommesh/agent.yaml where that exists, or nothing (all defaults).
 *
 * @param root the folder that holds `bin/`, `agent/` and `models/`
 * @throws ConfigError with every problem, or naming the file that cannot be read
 */
export function readConfig(root: string, file?: string): LoadedConfig {
  const installed = path.join(INSTALLED_FOLDER, 'agent.yaml')
  const main = file !== undefined ? path.resolve(file) : existsSync(installed) ? installed : undefined
  const files = main === undefined ? [] : [main, ...partsBeside(main)]
  const result = parseConfig(files.map(readText), defaultPaths(main, root))
  if (result.ok) return { config: result.config, files, warnings: result.warnings }
  throw new ConfigError({ code: 'CONFIG_INVALID', problems: result.problems }, result.problems.map(formatProblem).join('\n'))
}

function partsBeside(main: string): string[] {
  const folder = path.join(path.dirname(main), 'conf.d')
  if (!existsSync(folder)) return []
  let names: string[]
  try {
    names = readdirSync(folder).filter((name) => name.endsWith('.yaml') && !name.startsWith('.')).sort()
  } catch (error) {
    throw unreadable(folder, error)
  }
  if (names.length > FILES_MAX) throw unreadable(folder, new Error(`it holds more than ${FILES_MAX} files`))
  return names.map((name) => path.join(folder, name))
}

function readText(file: string): ConfigSource {
  try {
    const stats = statSync(file)
    if (!stats.isFile()) throw new Error('it is no regular file')
    if (stats.size > 4 * TEXT_LENGTH_MAX) throw new Error(`it is larger than ${4 * TEXT_LENGTH_MAX} bytes`)
    return { file, text: new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(file)) }
  } catch (error) {
    throw unreadable(file, error)
  }
}

function unreadable(file: string, error: unknown): ConfigError {
  const reason = reasonOf(error)
  return new ConfigError({ code: 'CONFIG_UNREADABLE', file, reason }, `${file}: cannot be read: ${reason}`, { cause: error })
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const code = 'code' in error ? error.code : undefined
  if (code === 'ENOENT') return 'there is no such file'
  if (code === 'EACCES' || code === 'EPERM') return 'permission denied'
  if (code === 'ERR_ENCODING_INVALID_ENCODED_DATA') return 'it is not UTF-8 text'
  return error.message
}
