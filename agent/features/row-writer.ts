import type { FeatureRows, FeatureSchema, Presence } from './feature-schema.ts'

const ABSENT: Presence = 0
const TRUNCATED: Presence = 1
const VALUE: Presence = 2

/** Fills rows cell by cell in column order. The arrays grow to the largest batch seen and are used again. */
export class RowWriter {
  readonly schema: FeatureSchema
  readonly #least: Float32Array
  readonly #greatest: Float32Array
  #values = new Float32Array(0)
  #presence = new Uint8Array(0)
  #eventIndexes = new Uint32Array(0)
  #rows = 0
  #cell = 0
  #clamped = 0

  constructor(schema: FeatureSchema) {
    this.schema = schema
    this.#least = Float32Array.from(schema.features, (feature) => feature.range[0])
    this.#greatest = Float32Array.from(schema.features, (feature) => feature.range[1])
  }

  /** Values that were outside their range, or not finite, since the start. */
  get clamped(): number {
    return this.#clamped
  }

  /** Starts over, with room for `rowsMax` rows. */
  reset(rowsMax: number): void {
    this.#rows = 0
    this.#cell = 0
    if (rowsMax <= this.#eventIndexes.length) return
    this.#values = new Float32Array(rowsMax * this.schema.features.length)
    this.#presence = new Uint8Array(this.#values.length)
    this.#eventIndexes = new Uint32Array(rowsMax)
  }

  /** Begins the row of an event. The row before it must be full. */
  beginRow(eventIndex: number): void {
    if (this.#cell !== this.#rows * this.schema.features.length) throw new Error(`Row ${this.#rows} of ${this.schema.version} is not full.`)
    this.#eventIndexes[this.#rows++] = eventIndex
  }

  put(value: number): void {
    const column = this.#cell - (this.#rows - 1) * this.#least.length
    const least = this.#least[column]!
    const greatest = this.#greatest[column]!
    let bounded = value
    if (!(value >= least && value <= greatest)) {
      this.#clamped++
      bounded = value > greatest ? greatest : least
    }
    this.#presence[this.#cell] = VALUE
    this.#values[this.#cell++] = bounded
  }

  absent(): void {
    this.#presence[this.#cell] = ABSENT
    this.#values[this.#cell++] = 0
  }

  truncated(): void {
    this.#presence[this.#cell] = TRUNCATED
    this.#values[this.#cell++] = 0
  }

  putFlag(isSet: boolean): void {
    this.put(isSet ? 1 : 0)
  }

  /** The value; absent when it is NaN. */
  putKnown(value: number): void {
    if (Number.isNaN(value)) this.absent()
    else this.put(value)
  }

  /** `part / whole`, at most 1; absent while the whole is below `wholeMin`, where a share says nothing. */
  putShare(part: number, whole: number, wholeMin = 1): void {
    if (!(whole >= wholeMin)) this.absent()
    else this.put(Math.min(1, part / whole))
  }

  /** (out - in) / (out + in); absent while nothing moved. */
  putBalance(sent: number, received: number): void {
    if (sent + received < 1) this.absent()
    else this.put((sent - received) / (sent + received))
  }

  /** deviation / mean, at most the range; absent where there is no mean. */
  putVariation(deviation: number, mean: number): void {
    if (!(mean > 0)) this.absent()
    else this.put(Math.min(10, deviation / mean))
  }

  /** ln(1 + x). */
  putLog(value: number): void {
    this.put(Math.log1p(value))
  }

  finish(): FeatureRows {
    return {
      schema: this.schema,
      length: this.#rows,
      width: this.schema.features.length,
      values: this.#values,
      presence: this.#presence,
      eventIndexes: this.#eventIndexes,
    }
  }
}
