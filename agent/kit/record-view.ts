import { addressKey } from './address-key.ts'
import type { AddressKey } from './address-key.ts'

/** Element types of shared records. */
export type ElementType = 'f64' | 'f32' | 'u32' | 'u16' | 'i16' | 'u8'

/** Records of a fixed stride in memory shared with native code, seen through one view a type. `EventBatch` of capture is one. */
export interface SharedRecords {
  readonly layout: {
    readonly strideBytes: number
    readonly fields: Readonly<Record<string, { readonly offset: number; readonly type: ElementType; readonly count: number }>>
  }
  readonly length: number
  readonly u8: Uint8Array
  readonly u16: Uint16Array
  readonly i16: Int16Array
  readonly u32: Uint32Array
  readonly f32: Float32Array
  readonly f64: Float64Array
}

const ELEMENT_BYTES: Readonly<Record<ElementType, number>> = { f64: 8, f32: 4, u32: 4, u16: 2, i16: 2, u8: 1 }

/** Where the named fields start in a record, in elements of their type. A missing or differently typed field is a bug of the layout. */
export function elementOffsets<const Name extends string>(
  layout: SharedRecords['layout'], type: ElementType, names: readonly Name[],
): Readonly<Record<Name, number>> {
  return Object.fromEntries(
    names.map((name): readonly unknown[] => {
      const field = layout.fields[name]
      if (field?.type !== type) throw new Error(`The record layout has no ${type} field ${name}.`)
      return [name, field.offset / ELEMENT_BYTES[type]]
    }),
  )
}

/**
 * A view of one record at a time, moved by `select`; reading costs an addition and a typed-array load, and allocates nothing.
 * Offsets come from `elementOffsets`; for a field of several elements add the element's index.
 */
export class RecordView {
  #records: SharedRecords
  #words8 = 0
  #words4 = 0
  #words2 = 0
  #bytes = 0

  constructor(layout: SharedRecords['layout']) {
    const none = new ArrayBuffer(0)
    this.#records = {
      layout,
      length: 0,
      u8: new Uint8Array(none),
      u16: new Uint16Array(none),
      i16: new Int16Array(none),
      u32: new Uint32Array(none),
      f32: new Float32Array(none),
      f64: new Float64Array(none),
    }
  }

  /** Moves the view to record `index` of `records`, which have the layout of the constructor. */
  select(records: SharedRecords, index: number): void {
    this.#records = records
    this.#bytes = index * records.layout.strideBytes
    this.#words2 = this.#bytes / 2
    this.#words4 = this.#bytes / 4
    this.#words8 = this.#bytes / 8
  }

  f64(offset: number): number {
    return this.#records.f64[this.#words8 + offset]!
  }

  f32(offset: number): number {
    return this.#records.f32[this.#words4 + offset]!
  }

  u32(offset: number): number {
    return this.#records.u32[this.#words4 + offset]!
  }

  u16(offset: number): number {
    return this.#records.u16[this.#words2 + offset]!
  }

  i16(offset: number): number {
    return this.#records.i16[this.#words2 + offset]!
  }

  u8(offset: number): number {
    return this.#records.u8[this.#bytes + offset]!
  }

  /** The 16 octets of an address as a key of a Map, see `addressKey`. */
  addressKey(offset: number, version: number): AddressKey {
    return addressKey(this.#records.u8, this.#bytes + offset, version)
  }

  /** A copy of `count` octets. */
  bytes(offset: number, count: number): Uint8Array {
    return this.#records.u8.slice(this.#bytes + offset, this.#bytes + offset + count)
  }
}
