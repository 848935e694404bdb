/**
 * Every setting of the agent with its unit, bounds, default and reason. `config/README.md` and `config/agent.example.yaml`
 * are generated from here (`npm run docs:config`), so the descriptions are what operators read.
 */
import { z } from 'zod'
import { captureSettings, homeSetting, meterSettings, scoringSettings } from './capture-settings.ts'
import { decisionSettings, responseSettings } from './decision-settings.ts'
import type { DefaultPaths } from './default-paths.ts'
import { learningSettings, meshSettings, vpnSettings } from './later-settings.ts'
import {
  eventSettings, healthSettings, logSettings, metricsSettings, modelSettings, pathSettings, storageSettings,
} from './operation-settings.ts'

/** The whole configuration. The defaults of paths depend on where the agent runs. */
export function configSchema(paths: DefaultPaths) {
  return z.strictObject({
    mode: z.enum(['off', 'observe', 'enforce']).default('observe')
      .describe('off judges nothing; observe judges and reports; enforce also acts in the kernel. observe first: an agent that has not ' +
        'seen a network yet should not cut anybody off. A mode set with `phantomctl mode` outlives a restart and wins over this one.'),
    home: homeSetting(),
    capture: captureSettings(),
    meter: meterSettings(),
    scoring: scoringSettings(),
    models: modelSettings(paths),
    decision: decisionSettings(),
    response: responseSettings(),
    paths: pathSettings(paths),
    events: eventSettings(),
    storage: storageSettings(),
    metrics: metricsSettings(),
    log: logSettings(),
    health: healthSettings(),
    vpn: vpnSettings(),
    mesh: meshSettings(),
    learning: learningSettings(),
  })
}

type Frozen<T> = T extends readonly (infer E)[] ? readonly Frozen<E>[] : T extends object ? { readonly [K in keyof T]: Frozen<T[K]> } : T

/** The validated configuration: complete, with every default filled in, and frozen to its depth. */
export type Config = Frozen<z.output<ReturnType<typeof configSchema>>>

/** One section of the configuration: `Settings<'response'>`. */
export type Settings<K extends keyof Config> = Config[K]
