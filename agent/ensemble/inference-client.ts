// EDGE: starts the inference worker and talks to it through shared memory, one message a request.
import { Worker } from 'node:worker_threads'
import { EnsembleError } from './errors.ts'
import { memoryBytes, REQUEST_ROWS_MAX, rowFloats, SLOTS, slotsOf } from './inference-protocol.ts'
import type { Slot, WorkerReply, WorkerRequest, WorkerStart } from './inference-protocol.ts'
import type { LoadedModel, LoadedModels } from './read-models.ts'

/** What the client counted since it was opened. */
export interface InferenceCounters {
  readonly rows: number
  /** Rows that were not finite, or sequences of an impossible length: never shown to ONNX Runtime, scored NaN. */
  readonly refusedRows: number
  readonly failedRequests: number
  readonly crashes: number
}

/** Options for tests. */
export interface InferenceOptions {
  /** Another worker script than the agent's own. */
  readonly workerUrl?: URL
}

/** A worker that died this often does not die by chance; every later request is refused. */
const CRASHES_MAX = 5

interface Pending {
  readonly resolve: (refusedRows: number) => void
  readonly reject: (error: EnsembleError) => void
}

/** Starts the inference worker with `models`; resolves when they are open. Throws EnsembleError where ONNX Runtime does not take them. */
export async function openInferenceClient(models: LoadedModels, options: InferenceOptions = {}): Promise<InferenceClient> {
  const client = new InferenceClient(models, options)
  await client.start()
  return client
}

/**
 * Scores rows in the inference worker. Several requests may be in flight; each is answered in its own time. Deadlines are the caller's.
 * Input arrays must stay as they are until their promise settles. A crash of the worker rejects what was in flight; the next request
 * starts a new one, at most five times.
 */
export class InferenceClient {
  readonly modelVersion: string
  readonly #models: ReadonlyMap<LoadedModel['kind'], LoadedModel>
  readonly #workerUrl: URL
  readonly #start: WorkerStart
  readonly #slots: readonly Slot[]
  readonly #freeSlots = Array.from({ length: SLOTS }, (_, slot) => slot)
  readonly #waiting: ((slot: number) => void)[] = []
  readonly #pending = new Map<number, Pending>()
  readonly #counters = { rows: 0, refusedRows: 0, failedRequests: 0, crashes: 0 }
  #worker: Promise<Worker> | undefined
  #nextId = 0
  #isClosed = false

  constructor(models: LoadedModels, options: InferenceOptions) {
    const list = [models.forest, models.sequence].filter((model) => model !== undefined)
    const rowFloatsMax = Math.max(...list.map(rowFloats))
    const memory = new SharedArrayBuffer(memoryBytes(rowFloatsMax))
    this.modelVersion = models.manifest.version
    this.#models = new Map(list.map((model) => [model.kind, model]))
    this.#workerUrl = options.workerUrl ?? new URL('./inference-worker.ts', import.meta.url)
    this.#start = { models: list.map((model) => ({ ...model, file: `${models.folder}/${model.file}` })), memory, rowFloatsMax }
    this.#slots = slotsOf(memory, rowFloatsMax)
  }

  /** Whether a model of this kind is open. */
  has(kind: LoadedModel['kind']): boolean {
    return this.#models.has(kind)
  }

  counters(): InferenceCounters {
    return { ...this.#counters }
  }

  /** Starts the worker if none is running. */
  async start(): Promise<void> {
    await this.#running()
  }

  /** Anomaly scores in (0, 1) of `count` feature rows of `width`, row-major; NaN for a refused row. */
  scoreForest(rows: Float32Array, count: number, width: number): Promise<Float32Array> {
    const model = this.#model('forest')
    if (width !== model.inputWidth) throw new RangeError(`rows of ${width} columns; the forest reads ${model.inputWidth}`)
    return this.#score(model, rows, { count })
  }

  /**
   * Attack scores in (0, 1) of `count` sequences, each [steps][width] with its oldest event first, `lengths` events of it filled.
   * NaN for a refused sequence.
   */
  scoreSequences(sequences: Float32Array, lengths: Int32Array | Uint8Array, count: number): Promise<Float32Array> {
    return this.#score(this.#model('sequence'), sequences, { count, lengths })
  }

  /** Ends the worker after what is in flight; later requests are rejected. */
  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    const worker = await this.#worker?.catch(() => undefined)
    if (worker === undefined) return
    const ended = new Promise<void>((resolve) => { worker.once('exit', () => resolve()) })
    worker.postMessage({ close: true } satisfies WorkerRequest)
    await ended
  }

  #model(kind: LoadedModel['kind']): LoadedModel {
    const model = this.#models.get(kind)
    if (model === undefined) throw new RangeError(`no ${kind} among the models ${this.modelVersion}; ask has('${kind}') first`)
    return model
  }

  async #score(
    model: LoadedModel, rows: Float32Array, { count, lengths }: { readonly count: number; readonly lengths?: Int32Array | Uint8Array },
  ): Promise<Float32Array> {
    const floats = rowFloats(model)
    if (rows.length < count * floats || (lengths !== undefined && lengths.length < count)) {
      throw new RangeError(`${count} rows of ${floats} floats do not fit into what was given`)
    }
    const scores = new Float32Array(count)
    const starts = Array.from({ length: Math.ceil(count / REQUEST_ROWS_MAX) }, (_, index) => index * REQUEST_ROWS_MAX)
    await Promise.all(starts.map((start) => {
      const end = Math.min(count, start + REQUEST_ROWS_MAX)
      return this.#withSlot(async (index) => {
        const slot = this.#slots[index]!
        slot.rows.set(rows.subarray(start * floats, end * floats))
        if (lengths !== undefined) slot.lengths.set(lengths.subarray(start, end))
        const refusedRows = await this.#request(model.kind, index, end - start)
        this.#counters.rows += end - start
        this.#counters.refusedRows += refusedRows
        scores.set(slot.scores.subarray(0, end - start), start)
      })
    }))
    return scores
  }

  async #request(kind: LoadedModel['kind'], slot: number, count: number): Promise<number> {
    const worker = await this.#running()
    this.#nextId += 1
    const id = this.#nextId
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject })
      worker.postMessage({ id, kind, slot, count } satisfies WorkerRequest)
    })
  }

  async #withSlot(work: (slot: number) => Promise<void>): Promise<void> {
    const slot = this.#freeSlots.pop() ?? await new Promise<number>((resolve) => { this.#waiting.push(resolve) })
    try {
      await work(slot)
    } finally {
      const next = this.#waiting.shift()
      if (next === undefined) this.#freeSlots.push(slot)
      else next(slot)
    }
  }

  #running(): Promise<Worker> {
    if (this.#isClosed) return Promise.reject(new EnsembleError({ code: 'ENSEMBLE_CLOSED' }, 'the inference client is closed'))
    if (this.#counters.crashes > CRASHES_MAX) {
      return Promise.reject(crashed(`${this.#counters.crashes} times; it is not started again`))
    }
    this.#worker ??= this.#spawn()
    return this.#worker
  }

  #spawn(): Promise<Worker> {
    const worker = new Worker(this.#workerUrl, { workerData: this.#start, name: 'pm-inference' })
    return new Promise((resolve, reject) => {
      worker.on('message', (reply: WorkerReply) => {
        if ('ready' in reply) resolve(worker)
        else if ('unusable' in reply) reject(new EnsembleError(reply.unusable, reply.message))
        else this.#settle(reply)
      })
      // Every error is followed by the exit, and only that is acted on: until then no new worker can be started.
      let reason: string | undefined
      worker.on('error', (error) => { reason = error instanceof Error ? error.message : String(error) })
      worker.on('exit', (exitCode) => reject(this.#onExit(reason ?? `exit code ${exitCode}`)))
    })
  }

  #settle(reply: Extract<WorkerReply, { id: number }>): void {
    const pending = this.#pending.get(reply.id)
    this.#pending.delete(reply.id)
    if (pending === undefined) return
    if ('refusedRows' in reply) {
      pending.resolve(reply.refusedRows)
      return
    }
    this.#counters.failedRequests += 1
    pending.reject(new EnsembleError({ code: 'ENSEMBLE_SCORING_FAILED', reason: reply.failed }, `scoring failed: ${reply.failed}`))
  }

  #onExit(reason: string): EnsembleError {
    const error = this.#isClosed ? new EnsembleError({ code: 'ENSEMBLE_CLOSED' }, 'the inference client is closed') : crashed(reason)
    if (!this.#isClosed) this.#counters.crashes += 1
    this.#worker = undefined
    for (const { reject } of this.#pending.values()) reject(error)
    this.#pending.clear()
    return error
  }
}

function crashed(reason: string): EnsembleError {
  return new EnsembleError({ code: 'ENSEMBLE_WORKER_CRASHED', reason }, `the inference worker ended: ${reason}`)
}
