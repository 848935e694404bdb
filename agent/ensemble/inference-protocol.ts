import type { EnsembleProblem } from './errors.ts'
import type { LoadedModel } from './read-models.ts'

/** Rows of one `session.run`: TreeEnsemble costs three times as much a row above 64 (dependencies.md, trap 4). */
export const BATCH_ROWS_MAX = 64

/** Rows of one message. Larger requests travel as several. */
export const REQUEST_ROWS_MAX = 1_024

/** Messages in flight; a request past it waits for a slot. Two keep the worker busy, eight ride out a slow turn of the main thread. */
export const SLOTS = 8

/** What the worker is given at its start. */
export interface WorkerStart {
  readonly models: readonly LoadedModel[]
  readonly memory: SharedArrayBuffer
  readonly rowFloatsMax: number
}

/** One request. Rows (and lengths) stand in the slot before it is sent, scores when it is answered. */
export type WorkerRequest =
  | { readonly id: number; readonly kind: LoadedModel['kind']; readonly slot: number; readonly count: number }
  | { readonly close: true }

/** What the worker says: once that it is ready, or why it never will be; then one answer for each request. */
export type WorkerReply =
  | { readonly ready: true }
  | { readonly unusable: EnsembleProblem; readonly message: string }
  | { readonly id: number; readonly refusedRows: number }
  | { readonly id: number; readonly failed: string }

/** One slot of the shared memory. */
export interface Slot {
  readonly rows: Float32Array
  readonly lengths: Int32Array
  readonly scores: Float32Array
}

/** Floats of one row of a model: a feature row, or all steps of a sequence. */
export function rowFloats(model: Pick<LoadedModel, 'inputWidth' | 'steps'>): number {
  return model.inputWidth * (model.steps ?? 1)
}

/** Size of the memory that all slots share. */
export function memoryBytes(rowFloatsMax: number): number {
  return SLOTS * slotBytes(rowFloatsMax)
}

/** Views of all slots: rows first, then lengths, then scores. Both sides make them the same way. */
export function slotsOf(memory: SharedArrayBuffer, rowFloatsMax: number): Slot[] {
  const rowBytes = REQUEST_ROWS_MAX * rowFloatsMax * 4
  return Array.from({ length: SLOTS }, (_, index) => {
    const start = index * slotBytes(rowFloatsMax)
    return {
      rows: new Float32Array(memory, start, REQUEST_ROWS_MAX * rowFloatsMax),
      lengths: new Int32Array(memory, start + rowBytes, REQUEST_ROWS_MAX),
      scores: new Float32Array(memory, start + rowBytes + REQUEST_ROWS_MAX * 4, REQUEST_ROWS_MAX),
    }
  })
}

function slotBytes(rowFloatsMax: number): number {
  return REQUEST_ROWS_MAX * (rowFloatsMax + 2) * 4
}
