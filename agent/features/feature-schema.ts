/** Whether a feature could be seen: 0 absent (does not apply or never seen), 1 truncated (the capture cut it), 2 value. */
export type Presence = 0 | 1 | 2

/** One feature: what it is, in which unit, its range after extraction, and where it comes from (paper, RFC or reasoning). */
export interface FeatureDefinition {
  readonly name: string
  readonly unit: string
  readonly range: readonly [min: number, max: number]
  readonly source: string
}

/** A versioned list of features; models name the version they were trained on. */
export interface FeatureSchema {
  readonly version: string
  readonly features: readonly FeatureDefinition[]
}

/**
 * Rows of features, row-major: `values[row * width + column]`, with the presence of each cell beside it. Absent cells hold 0.
 * Only events admitted to scoring have a row; `eventIndexes[row]` is the event's index in its batch.
 * The arrays are the extractor's own: valid until its next call.
 */
export interface FeatureRows {
  readonly schema: FeatureSchema
  readonly length: number
  readonly width: number
  readonly values: Float32Array
  readonly presence: Uint8Array
  readonly eventIndexes: Uint32Array
}

/**
 * Sequences ready for the sequence model: `values[(sequence * steps + step) * width + column]`, oldest step first, zeros behind
 * `stepCounts[sequence]`. `rows[sequence]` is the row (of the vectors they were selected from) of the last step's event.
 * `dueEvents` are the events (by index in their batch) of entities none of whose events were due for the memory's interval: one of an
 * entity's events in that time is enough for a model, because they are not independent.
 * The arrays are the memory's own: valid until its next call.
 */
export interface SequenceBatch {
  readonly schema: FeatureSchema
  readonly length: number
  readonly steps: number
  readonly width: number
  readonly values: Float32Array
  readonly stepCounts: Uint8Array
  readonly rows: Uint32Array
  readonly dueEvents: Uint32Array
}
