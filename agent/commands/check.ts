import { formatProblem, readConfig } from '../config/index.ts'
import { EXIT } from './exit-code.ts'
import { ROOT } from './installation.ts'
import type { CheckOptions } from './options.ts'
import { processTerminal } from './terminal.ts'

/** Reads the configuration as `phantomd run` would. Problems are thrown, as ConfigError with every one of them. */
export async function checkCommand(options: CheckOptions): Promise<number> {
  const { files, warnings } = readConfig(ROOT, options.config)
  const terminal = processTerminal()
  for (const warning of warnings) terminal.err(`${formatProblem(warning)}\n`)
  const subject = files.length === 0 ? 'no configuration file, all defaults' : files.join(', ')
  const warned = warnings.length === 0 ? '' : `, ${warnings.length} ${warnings.length === 1 ? 'warning' : 'warnings'}`
  await terminal.out(`${subject}: valid${warned}\n`)
  return EXIT.ok
}
