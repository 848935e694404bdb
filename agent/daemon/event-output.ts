import type { EventBroadcast } from '../control/index.ts'
import type { EveEvent, EventType, EventWriter } from '../telemetry/index.ts'

/** Where events go. */
export interface EventOutputParts {
  /** Undefined where no event log is kept. */
  readonly writer: Pick<EventWriter, 'write'> | undefined
  /** Types that the event log takes; followers see all. */
  readonly writtenTypes: ReadonlySet<string>
  readonly broadcast: EventBroadcast | undefined
}

/** Hands each event to the log and to the followers; formats it once, and only where somebody wants it. */
export class EventOutput {
  readonly #parts: EventOutputParts

  constructor(parts: EventOutputParts) {
    this.#parts = parts
  }

  emit(type: EventType, make: () => EveEvent): void {
    const { writer, writtenTypes, broadcast } = this.#parts
    let line: string | undefined
    const format = (): string => (line ??= JSON.stringify(make()))
    if (writer !== undefined && writtenTypes.has(type)) writer.write(format())
    broadcast?.publish(type, format)
  }
}
