/**
 * config: YAML in, the validated and frozen Config out.
 *
 * In:     agent.yaml and the conf.d/*.yaml beside it (in the order of names; later files win key by key, lists are replaced).
 * Out:    Config, complete with every default; or every problem with file, line, column, message and suggestion.
 * Units:  in the name of each setting.
 * Bounds: files of 1 MiB, 64 aliases, 100 problems shown; every setting has its own.
 * Throws: ConfigError (CONFIG_INVALID, CONFIG_UNREADABLE).
 */
export { ConfigError, formatProblem } from './config-problem.ts'
export type { ConfigProblem, ConfigTrouble } from './config-problem.ts'
export type { Config, Settings } from './config-schema.ts'
export { defaultConfig } from './default-config.ts'
export { defaultPaths, INSTALLED_FOLDER } from './default-paths.ts'
export type { DefaultPaths } from './default-paths.ts'
export { parseConfig } from './parse-config.ts'
export type { ConfigResult, ConfigSource } from './parse-config.ts'
export { readConfig } from './read-config-files.ts'
export type { LoadedConfig } from './read-config-files.ts'
