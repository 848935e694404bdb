import type { EventBatch, EventLayout } from '../capture/index.ts'
import { ExpiringMap, RecordView } from '../kit/index.ts'
import type { AddressKey } from '../kit/index.ts'
import { resolveEventOffsets } from './event-offsets.ts'
import type { EventOffsets } from './event-offsets.ts'
import { EVENT_VECTOR_SCHEMA, GAP_COLUMN, SEQUENCE_STEPS } from './event-vector-schema.ts'
import type { FeatureRows, SequenceBatch } from './feature-schema.ts'

/** Limits of a SequenceMemory. */
export interface SequenceLimits {
  /** Entities remembered at most; the least recently seen goes first. A kilobyte each. */
  readonly entitiesMax: number
  /** An entity silent for this long starts a new sequence. */
  readonly idleTimeoutMs: number
  /** At most one sequence an entity in this time: its events are not independent (learning.md, section 3). */
  readonly intervalMs: number
}

/** 20 MB at most. Ten minutes: beacons up to that period still make a sequence. */
export const SEQUENCE_LIMITS: SequenceLimits = { entitiesMax: 20_000, idleTimeoutMs: 600_000, intervalMs: 1_000 }

/** Fewer events than this are no sequence worth reading (performance.md). */
const STEPS_MIN = 4
const WIDTH = EVENT_VECTOR_SCHEMA.features.length
/** ln(1 + gap) is divided by this, as all times of the event vector. */
const LOG_MS = 20

interface Track {
  /** Ring of the last steps. */
  readonly steps: Float32Array
  count: number
  lastEventMs: number
  lastSelectedMs: number
}

/** Remembers the last events of each source host and says whose sequence is worth a score now. Bounded; time comes with the events. */
export class SequenceMemory {
  readonly #offsets: EventOffsets
  readonly #event: RecordView
  readonly #limits: SequenceLimits
  readonly #tracks: ExpiringMap<AddressKey, Track>
  #segment = -1
  #values = new Float32Array(0)
  #stepCounts = new Uint8Array(0)
  #rows = new Uint32Array(0)

  constructor(layout: EventLayout, limits: SequenceLimits = SEQUENCE_LIMITS) {
    this.#offsets = resolveEventOffsets(layout)
    this.#event = new RecordView(layout)
    this.#limits = limits
    this.#tracks = new ExpiringMap({ capacity: limits.entitiesMax, idleTimeoutMs: limits.idleTimeoutMs })
  }

  /** Entities remembered now, and those that had to go for want of room since the start. */
  get counts(): { readonly entities: number; readonly evicted: number } {
    return { entities: this.#tracks.size, evicted: this.#tracks.evicted }
  }

  /** Adds the events of `vectors` and gives the sequences that are due; valid until the next call. */
  select(batch: EventBatch, vectors: FeatureRows): SequenceBatch {
    this.#reserve(vectors.length)
    let length = 0
    for (let row = 0; row < vectors.length; row++) {
      this.#event.select(batch, vectors.eventIndexes[row]!)
      this.#startSegment(this.#event.u32(this.#offsets.segment))
      const nowMs = this.#event.f64(this.#offsets.observedAtMs)
      const track = this.#track(nowMs)
      remember(track, vectors.values.subarray(row * WIDTH, (row + 1) * WIDTH), nowMs)
      if (track.count < STEPS_MIN || nowMs - track.lastSelectedMs < this.#limits.intervalMs) continue
      track.lastSelectedMs = nowMs
      this.#rows[length] = row
      this.#stepCounts[length] = Math.min(track.count, SEQUENCE_STEPS)
      copySteps(track, this.#values.subarray(length * SEQUENCE_STEPS * WIDTH, (length + 1) * SEQUENCE_STEPS * WIDTH))
      length++
    }
    return {
      schema: EVENT_VECTOR_SCHEMA, length, steps: SEQUENCE_STEPS, width: WIDTH,
      values: this.#values, stepCounts: this.#stepCounts, rows: this.#rows,
    }
  }

  #reserve(rowsMax: number): void {
    if (rowsMax <= this.#rows.length) return
    this.#values = new Float32Array(rowsMax * SEQUENCE_STEPS * WIDTH)
    this.#stepCounts = new Uint8Array(rowsMax)
    this.#rows = new Uint32Array(rowsMax)
  }

  /** Packet time jumped in a file: what came before belongs to another time. */
  #startSegment(segment: number): void {
    if (segment === this.#segment) return
    this.#segment = segment
    this.#tracks.clear()
  }

  #track(nowMs: number): Track {
    const key = this.#event.addressKey(this.#offsets.sourceAddress, this.#event.u8(this.#offsets.ipVersion))
    const known = this.#tracks.get(key, nowMs)
    if (known !== undefined) return known
    const track = { steps: new Float32Array(SEQUENCE_STEPS * WIDTH), count: 0, lastEventMs: -Infinity, lastSelectedMs: -Infinity }
    this.#tracks.set(key, track, nowMs)
    return track
  }
}

function remember(track: Track, vector: Float32Array, nowMs: number): void {
  const start = (track.count % SEQUENCE_STEPS) * WIDTH
  track.steps.set(vector, start)
  track.steps[start + GAP_COLUMN] = track.count === 0 ? 0 : Math.min(1, Math.log1p(Math.max(0, nowMs - track.lastEventMs)) / LOG_MS)
  track.lastEventMs = nowMs
  track.count++
}

/** Oldest step first, zeros behind the last. */
function copySteps(track: Track, into: Float32Array): void {
  if (track.count <= SEQUENCE_STEPS) {
    into.set(track.steps)
    return
  }
  const oldest = (track.count % SEQUENCE_STEPS) * WIDTH
  into.set(track.steps.subarray(oldest))
  into.set(track.steps.subarray(0, oldest), track.steps.length - oldest)
}
