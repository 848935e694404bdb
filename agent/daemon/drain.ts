import { eventLayout } from '../../native/index.js'
import { createEventFields, eventField, PURPOSE } from '../capture/index.ts'
import type { EventBatch, PacketSource } from '../capture/index.ts'

const PURPOSE_FIELD = eventField(createEventFields(eventLayout), 'purpose')

/** Every batch of the source to `take`; gives what ended the source early, if anything did. */
export async function drain(source: PacketSource, take: (batch: EventBatch) => Promise<void>): Promise<unknown> {
  for (;;) {
    let batch: EventBatch | undefined
    try {
      batch = await source.next()
    } catch (error) {
      return error
    }
    if (batch === undefined) return undefined
    await take(batch)
  }
}

/** Calls `take` with the index of every event that is a finished flow's record. */
export function eachFlowRecord(batch: EventBatch, take: (index: number) => void): void {
  for (let index = 0; index < batch.length; index++) {
    if ((batch.u8[index * PURPOSE_FIELD.stride + PURPOSE_FIELD.offset]! & PURPOSE.record) !== 0) take(index)
  }
}

/** Closes what was opened, the last first. One that fails keeps no other from being closed; the first failure is thrown in the end. */
export async function closeInReverse(opened: readonly (() => Promise<void>)[]): Promise<void> {
  const failures: unknown[] = []
  for (const close of opened.toReversed()) await close().catch((error: unknown) => failures.push(error))
  if (failures.length > 0) throw failures[0]
}
