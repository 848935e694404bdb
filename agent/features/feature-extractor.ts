import type { EventBatch, EventLayout } from '../capture/index.ts'
import { RecordView } from '../kit/index.ts'
import { resolveEventOffsets, SCORE_PURPOSE } from './event-offsets.ts'
import type { EventOffsets } from './event-offsets.ts'
import { EVENT_VECTOR_SCHEMA } from './event-vector-schema.ts'
import type { FeatureRows } from './feature-schema.ts'
import { FEATURE_SCHEMA } from './flow-feature-schema.ts'
import { RowWriter } from './row-writer.ts'
import { writeEventVector } from './write-event-vector.ts'
import { writeFlowFeatures } from './write-flow-features.ts'
import { writeDestinationFeatures, writePairFeatures, writeSourceFeatures } from './write-host-features.ts'

/**
 * Makes feature rows and event vectors of the events admitted to scoring. Pure and without state between batches: the same event
 * gives the same row wherever it stands. Allocates nothing an event.
 */
export class FeatureExtractor {
  readonly #offsets: EventOffsets
  readonly #event: RecordView
  readonly #rows = new RowWriter(FEATURE_SCHEMA)
  readonly #vectors = new RowWriter(EVENT_VECTOR_SCHEMA)

  /** @param layout the one that all batches to come share */
  constructor(layout: EventLayout) {
    this.#offsets = resolveEventOffsets(layout)
    this.#event = new RecordView(layout)
  }

  /** Cells that had to be clamped into their range since the start: a broken counter shows here. */
  get clamped(): number {
    return this.#rows.clamped + this.#vectors.clamped
  }

  /** One row of FEATURE_SCHEMA an event admitted to scoring; valid until the next call. */
  extract(batch: EventBatch): FeatureRows {
    return this.#fill(batch, this.#rows, writeFeatureRow)
  }

  /** One row of FEATURE_SCHEMA for each of these events of the batch; valid until the next call of this or `extract`. */
  extractEvents(batch: EventBatch, eventIndexes: Uint32Array): FeatureRows {
    this.#rows.reset(eventIndexes.length)
    for (const index of eventIndexes) {
      this.#event.select(batch, index)
      this.#rows.beginRow(index)
      writeFeatureRow(this.#rows, this.#event, this.#offsets)
    }
    return this.#rows.finish()
  }

  /** One row of EVENT_VECTOR_SCHEMA an event admitted to scoring, in the same order; valid until the next call. */
  extractVectors(batch: EventBatch): FeatureRows {
    return this.#fill(batch, this.#vectors, writeEventVector)
  }

  #fill(batch: EventBatch, rows: RowWriter, write: typeof writeFeatureRow): FeatureRows {
    rows.reset(batch.length)
    for (let index = 0; index < batch.length; index++) {
      this.#event.select(batch, index)
      if ((this.#event.u8(this.#offsets.purpose) & SCORE_PURPOSE) === 0) continue
      rows.beginRow(index)
      write(rows, this.#event, this.#offsets)
    }
    return rows.finish()
  }
}

function writeFeatureRow(row: RowWriter, event: RecordView, at: EventOffsets): void {
  writeFlowFeatures(row, event, at)
  writeSourceFeatures(row, event, at)
  writeDestinationFeatures(row, event, at)
  writePairFeatures(row, event, at)
}
