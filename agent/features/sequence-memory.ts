import type { EventBatch, EventLayout } from '../capture/index.ts'
import { RecordView, SlotMap } from '../kit/index.ts'
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
  /** At most one sequence, and one event due, an entity in this time: its events are not independent (learning.md, section 3). */
  readonly intervalMs: number
}

/** 20 MB at most. Ten minutes: beacons up to that period still make a sequence. */
export const SEQUENCE_LIMITS: SequenceLimits = { entitiesMax: 20_000, idleTimeoutMs: 600_000, intervalMs: 1_000 }

/** Fewer events than this are no sequence worth reading (performance.md). */
const STEPS_MIN = 4
const WIDTH = EVENT_VECTOR_SCHEMA.features.length
/** ln(1 + gap) is divided by this, as all times of the event vector. */
const LOG_MS = 20

const TRACK_FLOATS = SEQUENCE_STEPS * WIDTH
/** Tracks of one array: memory grows in steps of a quarter of a megabyte, and what is there never moves. */
const CHUNK_TRACKS = 256

/** Remembers the last events of each source host and says what the models should read now. Bounded; time comes with the events. */
export class SequenceMemory {
  readonly #offsets: EventOffsets
  readonly #event: RecordView
  readonly #limits: SequenceLimits
  readonly #tracks: SlotMap<AddressKey>
  /** By track: a ring of its last steps, chunk after chunk. */
  readonly #chunks: Float32Array[] = []
  #counts = new Uint32Array(0)
  #lastEventMs = new Float64Array(0)
  #lastSelectedMs = new Float64Array(0)
  #lastDueMs = new Float64Array(0)
  #segment = -1
  #values = new Float32Array(0)
  #stepCounts = new Uint8Array(0)
  #rows = new Uint32Array(0)
  #dueEvents = new Uint32Array(0)

  constructor(layout: EventLayout, limits: SequenceLimits = SEQUENCE_LIMITS) {
    this.#offsets = resolveEventOffsets(layout)
    this.#event = new RecordView(layout)
    this.#limits = limits
    this.#tracks = new SlotMap({ capacity: limits.entitiesMax, idleTimeoutMs: limits.idleTimeoutMs })
  }

  /** Entities remembered now, and those that had to go for want of room since the start. */
  get counts(): { readonly entities: number; readonly evicted: number } {
    return { entities: this.#tracks.size, evicted: this.#tracks.evicted }
  }

  /** Adds the events of `vectors` and gives the sequences that are due; valid until the next call. */
  select(batch: EventBatch, vectors: FeatureRows): SequenceBatch {
    this.#reserve(vectors.length)
    let [length, due] = [0, 0]
    for (let row = 0; row < vectors.length; row++) {
      const eventIndex = vectors.eventIndexes[row]!
      this.#event.select(batch, eventIndex)
      this.#startSegment(this.#event.u32(this.#offsets.segment))
      const nowMs = this.#event.f64(this.#offsets.observedAtMs)
      const track = this.#track(nowMs)
      this.#remember(track, { vectors: vectors.values, row, nowMs })
      if (this.#isDue(this.#lastDueMs, track, nowMs)) this.#dueEvents[due++] = eventIndex
      const count = this.#counts[track]!
      if (count < STEPS_MIN || !this.#isDue(this.#lastSelectedMs, track, nowMs)) continue
      this.#rows[length] = row
      this.#stepCounts[length] = Math.min(count, SEQUENCE_STEPS)
      this.#copySteps(track, length++)
    }
    return {
      schema: EVENT_VECTOR_SCHEMA, length, steps: SEQUENCE_STEPS, width: WIDTH,
      values: this.#values, stepCounts: this.#stepCounts, rows: this.#rows,
      dueEvents: this.#dueEvents.subarray(0, due),
    }
  }

  #reserve(rowsMax: number): void {
    if (rowsMax <= this.#rows.length) return
    this.#values = new Float32Array(rowsMax * SEQUENCE_STEPS * WIDTH)
    this.#stepCounts = new Uint8Array(rowsMax)
    this.#rows = new Uint32Array(rowsMax)
    this.#dueEvents = new Uint32Array(rowsMax)
  }

  /** Packet time jumped in a file: what came before belongs to another time. */
  #startSegment(segment: number): void {
    if (segment === this.#segment) return
    this.#segment = segment
    this.#tracks.clear()
  }

  #track(nowMs: number): number {
    const key = this.#event.addressKey(this.#offsets.sourceAddress, this.#event.u8(this.#offsets.ipVersion))
    const known = this.#tracks.get(key, nowMs)
    if (known !== undefined) return known
    const track = this.#tracks.add(key, nowMs)
    if (track === this.#counts.length) this.#grow()
    this.#counts[track] = 0
    this.#lastEventMs[track] = -Infinity
    this.#lastSelectedMs[track] = -Infinity
    this.#lastDueMs[track] = -Infinity
    return track
  }

  /** Whether the interval has passed for this track; it then begins anew. */
  #isDue(lastMs: Float64Array, track: number, nowMs: number): boolean {
    if (nowMs - lastMs[track]! < this.#limits.intervalMs) return false
    lastMs[track] = nowMs
    return true
  }

  #grow(): void {
    const room = this.#counts.length + CHUNK_TRACKS
    this.#chunks.push(new Float32Array(CHUNK_TRACKS * TRACK_FLOATS))
    this.#counts = grown(this.#counts, new Uint32Array(room))
    this.#lastEventMs = grown(this.#lastEventMs, new Float64Array(room))
    this.#lastSelectedMs = grown(this.#lastSelectedMs, new Float64Array(room))
    this.#lastDueMs = grown(this.#lastDueMs, new Float64Array(room))
  }

  // The two below copy element by element: for so few, views of parts of the arrays would cost more than the copy.

  #remember(track: number, { vectors, row, nowMs }: { vectors: Float32Array; row: number; nowMs: number }): void {
    const chunk = this.#chunks[Math.trunc(track / CHUNK_TRACKS)]!
    const count = this.#counts[track]!
    const start = (track % CHUNK_TRACKS) * TRACK_FLOATS + (count % SEQUENCE_STEPS) * WIDTH
    for (let column = 0; column < WIDTH; column++) chunk[start + column] = vectors[row * WIDTH + column]!
    const gapMs = Math.max(0, nowMs - this.#lastEventMs[track]!)
    chunk[start + GAP_COLUMN] = count === 0 ? 0 : Math.min(1, Math.log1p(gapMs) / LOG_MS)
    this.#lastEventMs[track] = nowMs
    this.#counts[track] = count + 1
  }

  /** Oldest step first, zeros behind the last. */
  #copySteps(track: number, sequence: number): void {
    const chunk = this.#chunks[Math.trunc(track / CHUNK_TRACKS)]!
    const from = (track % CHUNK_TRACKS) * TRACK_FLOATS
    const to = sequence * TRACK_FLOATS
    const count = this.#counts[track]!
    const used = Math.min(count, SEQUENCE_STEPS) * WIDTH
    const oldest = count <= SEQUENCE_STEPS ? 0 : (count % SEQUENCE_STEPS) * WIDTH
    const values = this.#values
    for (let index = oldest; index < used; index++) values[to + index - oldest] = chunk[from + index]!
    for (let index = 0; index < oldest; index++) values[to + used - oldest + index] = chunk[from + index]!
    values.fill(0, to + used, to + TRACK_FLOATS)
  }
}

function grown<Values extends Uint32Array | Float64Array>(from: Values, to: Values): Values {
  to.set(from)
  return to
}
