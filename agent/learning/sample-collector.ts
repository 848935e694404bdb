import { integerBelow, seededRandom } from '../kit/index.ts'
import type { Random } from '../kit/index.ts'
import { LABEL } from './training-samples.ts'
import type { TrainingSamples } from './training-samples.ts'

/** What the rows look like. */
export interface SampleShape {
  readonly features: { readonly schemaVersion: string; readonly width: number }
  readonly sequences: { readonly schemaVersion: string; readonly steps: number; readonly width: number }
  readonly tests: readonly string[]
}

/** How many rows are kept, and which. */
export interface SampleLimits {
  /** Rows of one capture, label and kind (with or without a sequence): beyond it they add time, not variety. */
  readonly rowsPerGroupMax: number
  readonly seed: number
}

/** One judged event. Arrays are copied. */
export interface SampleRow {
  readonly label: number
  readonly features: Float32Array
  /** [steps][width], with `length` steps filled; undefined where no sequence was due. */
  readonly sequence?: { readonly values: Float32Array; readonly length: number }
  /** A ratio a test. */
  readonly ratios: Float32Array
}

interface Group {
  readonly rows: SampleRow[]
  seen: number
}

/** A thousand rows of each kind: a capture then weighs √1000, and all of the shared data some tens of megabytes. */
export const SAMPLE_LIMITS: SampleLimits = { rowsPerGroupMax: 1_000, seed: 1 }

/**
 * Gathers labelled rows capture by capture, a bounded uniform sample of each kind (Vitter, algorithm R, 1985). Rows of unknown label are
 * dropped at once. The same rows in the same order and the same seed give the same samples.
 */
export class SampleCollector {
  readonly #shape: SampleShape
  readonly #limits: SampleLimits
  readonly #random: Random
  readonly #captures: { readonly id: string; readonly source: string; readonly groups: Map<string, Group> }[] = []

  constructor(shape: SampleShape, limits: SampleLimits = SAMPLE_LIMITS) {
    this.#shape = shape
    this.#limits = limits
    this.#random = seededRandom(limits.seed)
  }

  /** Rows added from now on belong to this capture. */
  startCapture(id: string, source: string): void {
    this.#captures.push({ id, source, groups: new Map() })
  }

  /** Adds one row of the capture started last. */
  add(row: SampleRow): void {
    const capture = this.#captures.at(-1)
    if (capture === undefined) throw new Error('a row before the first capture')
    if (row.label === LABEL.unknown) return
    const key = `${row.label}${row.sequence === undefined ? '' : ' sequence'}`
    const group = capture.groups.get(key) ?? { rows: [], seen: 0 }
    capture.groups.set(key, group)
    group.seen += 1
    const place = group.rows.length < this.#limits.rowsPerGroupMax ? group.rows.length : integerBelow(this.#random, group.seen)
    if (place < this.#limits.rowsPerGroupMax) group.rows[place] = copyRow(row)
  }

  /** All rows kept, in the order of captures. */
  finish(): TrainingSamples {
    const { features, sequences, tests } = this.#shape
    const rows = this.#captures.flatMap(({ groups }, capture) => (
      [...groups.values()].flatMap((group) => group.rows.map((row) => ({ row, capture })))
    ))
    const stepFloats = sequences.steps * sequences.width
    const samples: TrainingSamples = {
      labels: Uint8Array.from(rows, ({ row }) => row.label),
      captures: Int32Array.from(rows, ({ capture }) => capture),
      captureList: this.#captures.map(({ id, source }) => ({ id, source })),
      features: { ...features, values: new Float32Array(rows.length * features.width) },
      sequences: {
        ...sequences,
        values: new Float32Array(rows.length * stepFloats),
        lengths: Int32Array.from(rows, ({ row }) => row.sequence?.length ?? 0),
      },
      evidence: { tests, ratios: new Float32Array(rows.length * tests.length) },
    }
    for (const [index, { row }] of rows.entries()) {
      samples.features.values.set(row.features, index * features.width)
      samples.sequences.values.set(row.sequence?.values ?? [], index * stepFloats)
      samples.evidence.ratios.set(row.ratios, index * tests.length)
    }
    return samples
  }
}

function copyRow({ label, features, sequence, ratios }: SampleRow): SampleRow {
  return {
    label, features: features.slice(), ratios: ratios.slice(),
    ...(sequence === undefined ? {} : { sequence: { values: sequence.values.slice(), length: sequence.length } }),
  }
}
