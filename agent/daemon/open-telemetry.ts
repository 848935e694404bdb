import { mkdirSync } from 'node:fs'
import path from 'node:path'
import type { Config } from '../config/index.ts'
import { EventBroadcast } from '../control/index.ts'
import type { Logger } from '../kit/index.ts'
import { createMetrics, EventWriter, unwritable } from '../telemetry/index.ts'
import type { Metrics } from '../telemetry/index.ts'
import { EventOutput } from './event-output.ts'

/** Where the daemon tells what it does. */
export interface Telemetry {
  readonly metrics: Metrics
  readonly writer: EventWriter
  readonly broadcast: EventBroadcast
  readonly output: EventOutput
}

/** Opens the event log and declares metrics; fails where the log cannot be made. */
export async function openTelemetry({ paths, events }: Config, logger: Logger): Promise<Telemetry> {
  if (paths.events !== '-') makeFolderOf(paths.events)
  const writer = await EventWriter.open({
    file: paths.events,
    ...events,
    onTrouble: (error) => {
      if (error === undefined) logger.info({}, 'The event log can be written again')
      else logger.error({ error }, 'The event log cannot be written; events are dropped and counted')
    },
  })
  const broadcast = new EventBroadcast({ followersMax: events.followersMax, linesMax: events.followerQueueMax })
  const output = new EventOutput({ writer, writtenTypes: new Set(events.types), broadcast })
  return { metrics: createMetrics(), writer, broadcast, output }
}

function makeFolderOf(file: string): void {
  try {
    mkdirSync(path.dirname(file), { recursive: true, mode: 0o750 })
  } catch (error) {
    throw unwritable(file, error)
  }
}
