import type { Config } from './config-schema.ts'
import { defaultPaths } from './default-paths.ts'
import { parseConfig } from './parse-config.ts'

/** Every setting at its default, whatever this machine has in /etc: for figures that must not depend on it. */
export function defaultConfig(root: string): Config {
  const result = parseConfig([], defaultPaths(undefined, root))
  if (!result.ok) throw new Error('The defaults of the configuration do not satisfy its own schema.')
  return result.config
}
