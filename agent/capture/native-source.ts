/** EDGE: packet sources on the native addon. */
import { Capture, eventLayout } from '../../native/index.js'
import { captureError } from './errors.ts'
import type { ReportedProblem } from './errors.ts'
import type { EventBatch, MeterCounters, PacketSource } from './event-batch.ts'
import { DEFAULT_METER_LIMITS } from './meter-limits.ts'
import type { InterfaceChoice, MeterLimits } from './meter-limits.ts'

/** Packets of capture files, one after the other, through one meter. Throws CaptureError when the first cannot be opened. */
export function openCaptureFiles(paths: readonly string[], limits: Partial<MeterLimits> = {}): PacketSource {
  return new NativeSource({ ...NO_INPUTS, files: paths }, { ...DEFAULT_METER_LIMITS, ...limits })
}

/**
 * Packets of live interfaces, by name or pattern, followed as they come, go and change names. Throws CaptureError when one cannot be
 * opened that must be there.
 */
export function openInterfaces(interfaces: readonly (string | InterfaceChoice)[], limits: Partial<MeterLimits> = {}): PacketSource {
  const choices = interfaces.map((each) => (typeof each === 'string' ? { name: each } : each))
  const inputs = { ...NO_INPUTS, interfaces: choices.map(({ name, isOptional = false }) => ({ name, isOptional })) }
  return new NativeSource(inputs, { ...DEFAULT_METER_LIMITS, ...limits })
}

/** A meter whose packets another library has captured. */
export interface FedSource extends PacketSource {
  /** See `push` of the addon. */
  readonly push: Capture['push']
}

/** A meter to be fed with packets of live interfaces; it knows nothing of these, so `counters().interfaces` is empty. */
export function openFeed(feedBytes: number, limits: Partial<MeterLimits> = {}): FedSource {
  return new NativeSource({ ...NO_INPUTS, feedBytes }, { ...DEFAULT_METER_LIMITS, ...limits })
}

interface Inputs {
  readonly files: readonly string[]
  readonly interfaces: readonly Required<InterfaceChoice>[]
  readonly feedBytes: number
}

const NO_INPUTS: Inputs = { files: [], interfaces: [], feedBytes: 0 }

type Views = Omit<EventBatch, 'layout' | 'length'>

class NativeSource implements FedSource {
  readonly push: Capture['push']
  readonly #capture: Capture
  readonly #views: readonly Views[]
  #wake: (() => void) | undefined
  #counters: MeterCounters | undefined
  #isFinished = false
  #interfaces: MeterCounters['interfaces']
  #generation = 0

  constructor(inputs: Inputs, limits: MeterLimits) {
    const { batchEvents, batches, ...options } = limits
    const buffers = Array.from({ length: batches }, () => new ArrayBuffer(batchEvents * eventLayout.strideBytes))
    this.#views = buffers.map(viewsOf)
    try {
      this.#capture = new Capture({ ...inputs, ...options }, buffers, () => this.#wake?.())
    } catch (error) {
      throw isReported(error) ? captureError(error.problem) : error
    }
    this.push = this.#capture.push.bind(this.#capture)
    this.#interfaces = this.#capture.counters().interfaces
    this.#capture.start()
  }

  async next(): Promise<EventBatch | undefined> {
    while (!this.#isFinished) {
      const batch = this.#capture.takeBatch()
      if (batch !== undefined && batch.generation !== this.#generation) {
        this.#generation = batch.generation
        this.#interfaces = this.#capture.counters().interfaces
      }
      if (batch !== undefined) return { layout: eventLayout, length: batch.length, ...this.#views[batch.buffer]! }
      if (this.#capture.isEnded()) this.#finish()
      else await this.#ready()
    }
    return undefined
  }

  counters(): MeterCounters {
    return this.#counters ?? this.#capture.counters()
  }

  interfaces(): MeterCounters['interfaces'] {
    return this.#interfaces
  }

  progress(): number {
    return this.#counters === undefined ? this.#capture.progress() : 1
  }

  stop(): void {
    this.#capture.stop()
  }

  async close(): Promise<void> {
    this.#counters ??= this.#capture.counters()
    this.#isFinished = true
    this.#capture.close()
    this.#wake?.()
  }

  /** Throws what ended the source early, once; everything readable has been delivered by then. */
  #finish(): void {
    this.#isFinished = true
    const failure = this.#capture.failure()
    if (failure !== undefined) throw captureError(failure)
  }

  /** The next wake-up of the native thread. One cannot be missed: it is delivered in a later turn of the event loop than this. */
  #ready(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = () => {
        this.#wake = undefined
        resolve()
      }
    })
  }
}

function viewsOf(buffer: ArrayBuffer): Views {
  return {
    u8: new Uint8Array(buffer),
    u16: new Uint16Array(buffer),
    i16: new Int16Array(buffer),
    u32: new Uint32Array(buffer),
    f32: new Float32Array(buffer),
    f64: new Float64Array(buffer),
  }
}

function isReported(error: unknown): error is { readonly problem: ReportedProblem } {
  return error instanceof Error && 'problem' in error
}
