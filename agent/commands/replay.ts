import { readConfig } from '../config/index.ts'
import type { Config } from '../config/index.ts'
import { openModels } from '../daemon/create-detection.ts'
import type { OpenModels } from '../daemon/create-detection.ts'
import { closeInReverse } from '../daemon/drain.ts'
import { EventOutput } from '../daemon/event-output.ts'
import { replay } from '../daemon/replay.ts'
import type { ReplayResult } from '../daemon/replay.ts'
import { summarise } from '../daemon/summary.ts'
import { systemClock } from '../daemon/system-clock.ts'
import type { KeyValueStore } from '../kit/index.ts'
import { openLevelStore, openMemoryStore } from '../storage/index.ts'
import { openLogger } from '../telemetry/index.ts'
import type { EventWriter } from '../telemetry/index.ts'
import { describeSummary, ensureWritten, keepUp, openOutput, writeSummary } from './capture-run.ts'
import { EXIT } from './exit-code.ts'
import { ROOT } from './installation.ts'
import type { ReplayOptions } from './options.ts'
import { formatTable } from './table.ts'
import { createProgressBar, processTerminal } from './terminal.ts'
import type { Terminal } from './terminal.ts'

/** Capture files through the whole pipeline in packet time. Nothing reaches the kernel. */
export async function replayCommand(options: ReplayOptions): Promise<number> {
  const terminal = processTerminal()
  const { config } = readConfig(ROOT, options.config)
  const opened: (() => Promise<void>)[] = []
  try {
    const store = options.state === undefined ? openMemoryStore() : await openLevelStore(options.state)
    opened.push(() => store.close())
    const writer = options.output === undefined ? undefined : await openOutput(options.output, terminal)
    if (writer !== undefined) opened.push(() => writer.close())
    const models = await openModels(config)
    opened.push(() => models.inference.close())
    await replayInto({ options, config, terminal, store, writer, models })
    return EXIT.ok
  } finally {
    await closeInReverse(opened)
  }
}

interface Replaying {
  readonly options: ReplayOptions
  readonly config: Config
  readonly terminal: Terminal
  readonly store: KeyValueStore
  readonly writer: EventWriter | undefined
  readonly models: OpenModels
}

async function replayInto({ options, config, terminal, store, writer, models }: Replaying): Promise<void> {
  const output = writer && new EventOutput({ writer, writtenTypes: new Set(config.events.types), broadcast: undefined })
  const bar = createProgressBar('replaying', terminal, systemClock)
  const startedAtMs = systemClock.monotonicMs()
  const result = await replay(
    { files: options.files, config, models, store, output, logger: openLogger({ level: config.log.level }) },
    (fraction, alerts) => {
      bar.update(fraction, `${alerts} alerts`)
      return keepUp(writer)
    },
  ).finally(() => bar.end())
  await ensureWritten(writer, options.output ?? '')
  const summary = summarise({
    counters: result.counters, alerts: result.alertCount, decisions: result.decisionCount,
    elapsedMs: systemClock.monotonicMs() - startedAtMs,
  })
  if (options.summaryJson !== undefined) await writeSummary(options.summaryJson, summary)
  if (options.output !== '-') await terminal.out(describeAlerts(result, terminal))
  terminal.err(`${describeSummary(summary)}\n`)
  if (result.failure !== undefined) throw result.failure
}

/** The alerts of a replay as a table; packet time in UTC. */
export function describeAlerts(
  { alerts, alertCount }: Pick<ReplayResult, 'alerts' | 'alertCount'>, terminal: Pick<Terminal, 'width'>,
): string {
  if (alertCount === 0) return 'nothing was found\n'
  const columns = [...['TIME', 'ENTITY', 'CATEGORY', 'P', 'ACTION'].map((title) => ({ title })), { title: 'WHY', shrinks: true }]
  const rows = alerts.map(({ verdict: { posterior, category, action, heldBackBy } }) => [
    new Date(posterior.observedAtMs).toISOString().slice(11, 23),
    `${posterior.entity.value}${posterior.entity.kind === 'victim' ? ' (victim)' : ''}`,
    category,
    posterior.probability.toFixed(3),
    heldBackBy.length === 0 ? action : `${action} (${heldBackBy.join(', ')})`,
    posterior.contributions.find(({ source }) => source.includes('.'))?.detail ?? '',
  ])
  const more = alertCount > alerts.length ? `... and ${alertCount - alerts.length} more\n` : ''
  return `${formatTable(columns, rows, terminal.width)}${more}`
}
