import { writeFile } from 'node:fs/promises'
import { TelemetryError, unwritable } from '../telemetry/errors.ts'
import { EventWriter } from '../telemetry/event-writer.ts'
import type { Summary } from '../daemon/summary.ts'
import type { Terminal } from './terminal.ts'

/** Events that may wait for a slow disk before the run waits too: a replay loses none. */
const QUEUE_BYTES_MAX = 1 << 26

/** The event log of `--output`: a file, or `-` for standard output. A replay's log is whole, so it is never rotated. */
export function openOutput(file: string, terminal: Terminal): Promise<EventWriter> {
  return EventWriter.open({
    file,
    queueBytesMax: QUEUE_BYTES_MAX,
    rotateBytes: 0,
    filesMax: 1,
    onTrouble: (error) => {
      if (error !== undefined) terminal.err(`error: ${file}: ${error instanceof Error ? error.message : 'cannot be written'}\n`)
    },
  })
}

/** Lets the disk catch up before the queue is so full that events would be lost. */
export async function keepUp(writer: EventWriter | undefined): Promise<void> {
  if (writer !== undefined && writer.waitingBytes > QUEUE_BYTES_MAX / 4) await writer.flush()
}

/** Resolves when every event is on disk; throws TelemetryError when some were lost, since half a log must not look like a whole one. */
export async function ensureWritten(writer: EventWriter | undefined, file: string): Promise<void> {
  if (writer === undefined) return
  await writer.flush()
  const { queueFull, writeFailed } = writer.counters.dropped
  const lines = queueFull + writeFailed
  if (lines === 0) return
  throw new TelemetryError(
    { code: 'TELEMETRY_LINES_LOST', file, lines }, `${file}: ${lines} events could not be written and are missing there`,
  )
}

/** Writes `--summary-json`. Throws TelemetryError. */
export async function writeSummary(file: string, summary: Summary): Promise<void> {
  await writeFile(file, `${JSON.stringify(summary)}\n`).catch((error: unknown) => { throw unwritable(file, error) })
}

/** What was read, in one line for people. */
export function describeSummary({ packets, flows, seconds, cpuSeconds }: Summary): string {
  const nsPerPacket = packets === 0 ? '' : `, ${Math.round((cpuSeconds / packets) * 1e9)} ns of CPU a packet`
  return `${packets.toLocaleString('en')} packets, ${flows.toLocaleString('en')} flows in ${seconds.toFixed(2)} s${nsPerPacket}`
}
