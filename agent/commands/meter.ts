import { eventLayout } from '../../native/index.js'
import type { PacketSource } from '../capture/index.ts'
import { WITHOUT_TIMERS } from '../capture/meter-limits.ts'
import { openCaptureFiles } from '../capture/native-source.ts'
import { closeInReverse, drain, eachFlowRecord } from '../daemon/drain.ts'
import { summarise } from '../daemon/summary.ts'
import { systemClock } from '../daemon/system-clock.ts'
import { createFlowNamer } from '../flows/index.ts'
import { flowEvent } from '../telemetry/eve-events.ts'
import type { EventWriter } from '../telemetry/event-writer.ts'
import { describeSummary, ensureWritten, keepUp, openOutput, writeSummary } from './capture-run.ts'
import { EXIT } from './exit-code.ts'
import type { MeterOptions } from './options.ts'
import { createProgressBar, processTerminal } from './terminal.ts'
import type { Terminal } from './terminal.ts'

/** Flow records of capture files: decode and flow table, nothing else. A broken file counts as far as it can be read. */
export async function meterCommand(options: MeterOptions): Promise<number> {
  const terminal = processTerminal()
  const opened: (() => Promise<void>)[] = []
  try {
    const source = openCaptureFiles(options.files, {
      behaviour: false, recordFlows: options.output !== undefined, ...(options.timers ? {} : WITHOUT_TIMERS),
    })
    opened.push(() => source.close())
    const writer = options.output === undefined ? undefined : await openOutput(options.output, terminal)
    if (writer !== undefined) opened.push(() => writer.close())
    await meter({ options, terminal, source, writer })
    return EXIT.ok
  } finally {
    await closeInReverse(opened)
  }
}

interface Metering {
  readonly options: MeterOptions
  readonly terminal: Terminal
  readonly source: PacketSource
  readonly writer: EventWriter | undefined
}

async function meter({ options, terminal, source, writer }: Metering): Promise<void> {
  const namer = createFlowNamer(eventLayout, ['file'])
  const bar = createProgressBar('metering', terminal, systemClock)
  const startedAtMs = systemClock.monotonicMs()
  const failure = await drain(source, async (batch) => {
    eachFlowRecord(batch, (index) => writer?.write(JSON.stringify(flowEvent(namer.name(batch, index)))))
    bar.update(source.progress())
    await keepUp(writer)
  })
  bar.end()
  const elapsedMs = systemClock.monotonicMs() - startedAtMs
  await ensureWritten(writer, options.output ?? '')
  const summary = summarise({ counters: source.counters(), alerts: 0, decisions: 0, elapsedMs })
  if (options.summaryJson !== undefined) await writeSummary(options.summaryJson, summary)
  terminal.err(`${describeSummary(summary)}\n`)
  if (failure !== undefined) throw failure
}
