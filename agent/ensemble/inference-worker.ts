// EDGE: the thread that runs ONNX Runtime, because `session.run` holds its thread for the whole call.
import { parentPort, workerData } from 'node:worker_threads'
import { InferenceSession, Tensor } from 'onnxruntime-node'
import { EnsembleError } from './errors.ts'
import { BATCH_ROWS_MAX, rowFloats, slotsOf } from './inference-protocol.ts'
import type { Slot, WorkerReply, WorkerRequest, WorkerStart } from './inference-protocol.ts'
import type { LoadedModel } from './read-models.ts'

/** An open model with the buffers that its batches are gathered in. */
interface OpenModel {
  readonly model: LoadedModel
  readonly session: InferenceSession
  readonly rows: Float32Array
  readonly lengths: Int32Array
}

const port = parentPort
if (port === null) throw new Error('inference-worker.ts runs as a worker thread only')

const start: WorkerStart = workerData
const slots = slotsOf(start.memory, start.rowFloatsMax)
const reply = (message: WorkerReply): void => port.postMessage(message)

try {
  const models = new Map<LoadedModel['kind'], OpenModel>()
  for (const model of start.models) models.set(model.kind, await openModel(model))
  let last: Promise<void> = Promise.resolve()
  port.on('message', (request: WorkerRequest) => {
    // One after the other: `run` starts in a later turn, and the batch buffers are shared.
    last = last.then(() => serve(request, models))
  })
  reply({ ready: true })
} catch (error) {
  const problem = error instanceof EnsembleError ? error : unusable('inference worker', error)
  reply({ unusable: problem.problem, message: problem.message })
  port.close()
}

async function openModel(model: LoadedModel): Promise<OpenModel> {
  const session = await InferenceSession
    .create(model.content, { intraOpNumThreads: 1, interOpNumThreads: 1, executionMode: 'sequential' })
    .catch((error: unknown) => { throw unusable(model.file, error) })
  checkGraph(model, session)
  return {
    model, session,
    rows: new Float32Array(BATCH_ROWS_MAX * rowFloats(model)),
    lengths: new Int32Array(BATCH_ROWS_MAX),
  }
}

/** The manifest says what the file reads; the file itself must agree. */
function checkGraph(model: LoadedModel, session: InferenceSession): void {
  const wanted = model.kind === 'forest'
    ? `rows[*,${model.inputWidth}] -> score[*,1]`
    : `sequences[*,${model.steps},${model.inputWidth}] lengths[*] -> score[*,1]`
  const text = (values: readonly InferenceSession.ValueMetadata[]): string => values.map((value) => {
    const shape = value.isTensor ? value.shape.map((size) => (typeof size === 'number' && size > 0 ? size : '*')).join(',') : '?'
    return `${value.name}[${shape}]`
  }).join(' ')
  const found = `${text(session.inputMetadata)} -> ${text(session.outputMetadata)}`
  if (found === wanted) return
  throw new EnsembleError(
    { code: 'ENSEMBLE_MODEL_SHAPE', file: model.file, expected: wanted, found }, `${model.file}: the graph is ${found}, expected ${wanted}`,
  )
}

function unusable(file: string, error: unknown): EnsembleError {
  const reason = error instanceof Error ? error.message : String(error)
  return new EnsembleError({ code: 'ENSEMBLE_MODEL_UNUSABLE', file, reason }, `${file}: ONNX Runtime does not take it: ${reason}`)
}

async function serve(request: WorkerRequest, models: ReadonlyMap<LoadedModel['kind'], OpenModel>): Promise<void> {
  if ('close' in request) {
    for (const { session } of models.values()) await session.release()
    port?.close()
    return
  }
  try {
    const refusedRows = await score(models.get(request.kind)!, slots[request.slot]!, request.count)
    reply({ id: request.id, refusedRows })
  } catch (error) {
    reply({ id: request.id, failed: error instanceof Error ? error.message : String(error) })
  }
}

/** Scores the first `count` rows of the slot. A row that must not reach ONNX Runtime gets NaN; their number is the answer. */
async function score(open: OpenModel, slot: Slot, count: number): Promise<number> {
  const batch = new Int32Array(BATCH_ROWS_MAX)
  let [filled, refused] = [0, 0]
  for (let row = 0; row < count; row += 1) {
    if (copyRow(open, slot, { from: row, to: filled })) {
      batch[filled] = row
      filled += 1
    } else {
      slot.scores[row] = Number.NaN
      refused += 1
    }
    if (filled === BATCH_ROWS_MAX || (filled > 0 && row === count - 1)) {
      await runBatch(open, slot, batch.subarray(0, filled))
      filled = 0
    }
  }
  return refused
}

/** Copies a row into the batch; false where it is not finite or its length is not one of the model. */
function copyRow({ model, rows, lengths }: OpenModel, slot: Slot, place: { readonly from: number; readonly to: number }): boolean {
  const floats = rowFloats(model)
  const [from, to] = [place.from * floats, place.to * floats]
  let used = floats
  if (model.steps !== undefined) {
    const length = slot.lengths[place.from]!
    if (length < 1 || length > model.steps) return false
    lengths[place.to] = length
    used = length * model.inputWidth
  }
  for (let index = 0; index < used; index += 1) {
    const value = slot.rows[from + index]!
    if (!Number.isFinite(value)) return false
    rows[to + index] = value
  }
  rows.fill(0, to + used, to + floats)
  return true
}

async function runBatch({ model, session, rows, lengths }: OpenModel, slot: Slot, batch: Int32Array): Promise<void> {
  const count = batch.length
  const data = rows.subarray(0, count * rowFloats(model))
  const feeds = model.steps === undefined
    ? { rows: new Tensor('float32', data, [count, model.inputWidth]) }
    : {
        sequences: new Tensor('float32', data, [count, model.steps, model.inputWidth]),
        lengths: new Tensor('int32', lengths.subarray(0, count), [count]),
      }
  const { score: scores } = await session.run(feeds)
  const values = scores?.data
  if (!(values instanceof Float32Array)) throw new TypeError(`score is ${scores?.type}, not float32`)
  for (const [index, row] of batch.entries()) slot.scores[row] = values[index]!
}
