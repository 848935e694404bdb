import type { EventLayout } from './event-batch.ts'

/** Where a field is found in its typed view: element `event * stride + offset + i`. */
export interface EventFieldIndex {
  /** The view of EventBatch that holds the field. */
  readonly view: 'f64' | 'f32' | 'u32' | 'u16' | 'i16' | 'u8'
  /** Elements (not bytes) from one event to the next in that view. */
  readonly stride: number
  /** Elements from the event's start to the field's first element. */
  readonly offset: number
  readonly count: number
}

const BYTES = { f64: 8, f32: 4, u32: 4, u16: 2, i16: 2, u8: 1 } as const

/** Element indexes of every field, computed once from the layout that the addon exports. */
export function createEventFields(layout: EventLayout): Readonly<Record<string, EventFieldIndex>> {
  return Object.fromEntries(
    Object.entries(layout.fields).map(([name, { type, offset, count }]) => {
      const bytes = BYTES[type]
      return [name, { view: type, stride: layout.strideBytes / bytes, offset: offset / bytes, count }]
    }),
  )
}

/** The index of one field; an unknown name is a bug. */
export function eventField(fields: Readonly<Record<string, EventFieldIndex>>, name: string): EventFieldIndex {
  const field = fields[name]
  if (field === undefined) throw new Error(`The event layout has no field ${name}.`)
  return field
}
