/** EDGE. The event log on disk: buffered, bounded, rotated; a full disk costs events, which are counted, never the agent. */
import { promises as files } from 'node:fs'
import { unwritable } from './errors.ts'

/** Where and how much. */
export interface EventWriterOptions {
  /** The file, or `-` for standard output. */
  readonly file: string
  readonly queueBytesMax: number
  /** Size at which the file is renamed to .1, .2 ...; 0 for never. */
  readonly rotateBytes: number
  readonly filesMax: number
  /** Told when writing begins to fail (an error) and when it works again (undefined). */
  readonly onTrouble: (error: unknown) => void
}

/** What was written and what was lost, by reason. */
export interface EventWriterCounters {
  readonly lines: number
  readonly bytes: number
  readonly rotations: number
  readonly dropped: { readonly queueFull: number; readonly writeFailed: number }
}

interface Sink {
  /** Writes all of `bytes`; how many were written when it fails is told by `onProgress`. */
  write(bytes: Buffer, onProgress: (written: number) => void): Promise<void>
  close(): Promise<void>
}

/** A write begins by itself once so much waits. */
const CHUNK_BYTES = 65_536

/** Appends lines to the event log. Opening fails where the file cannot be made; afterwards nothing throws. */
export class EventWriter {
  readonly #options: EventWriterOptions
  #sink: Sink
  #lines: string[] = []
  #waitingBytes = 0
  #fileBytes: number
  #isMidLine = false
  #isFailing = false
  #work: Promise<void> = Promise.resolve()
  #isScheduled = false
  readonly #counters = { lines: 0, bytes: 0, rotations: 0, dropped: { queueFull: 0, writeFailed: 0 } }

  private constructor(options: EventWriterOptions, sink: Sink, fileBytes: number) {
    this.#options = options
    this.#sink = sink
    this.#fileBytes = fileBytes
  }

  /** Opens the file for appending, mode 0640. Throws TelemetryError where it cannot be made. */
  static async open(options: EventWriterOptions): Promise<EventWriter> {
    if (options.file === '-') return new EventWriter(options, standardOutput(), 0)
    const { sink, size } = await openFile(options.file).catch((error: unknown) => { throw unwritable(options.file, error) })
    return new EventWriter(options, sink, size)
  }

  get counters(): EventWriterCounters {
    return this.#counters
  }

  /** Octets that wait to be written. A producer that must not lose lines awaits `flush` before this reaches `queueBytesMax`. */
  get waitingBytes(): number {
    return this.#waitingBytes
  }

  /** Queues one line, given without line feed. False: dropped, because the disk is behind. */
  write(line: string): boolean {
    const bytes = Buffer.byteLength(line) + 1
    if (this.#waitingBytes + bytes > this.#options.queueBytesMax) {
      this.#counters.dropped.queueFull++
      return false
    }
    this.#lines.push(line)
    this.#waitingBytes += bytes
    if (this.#waitingBytes >= CHUNK_BYTES && !this.#isScheduled) void this.flush()
    return true
  }

  /** Resolves when all that was queued before the call is written or counted as lost. */
  flush(): Promise<void> {
    this.#isScheduled = true
    return this.#serialise(() => this.#writeQueued())
  }

  /** Opens the file anew after somebody else moved it (SIGHUP, logrotate). The old file stays in use where that fails. */
  reopen(): Promise<void> {
    return this.#serialise(async () => {
      await this.#writeQueued()
      await this.#replaceSink(() => Promise.resolve())
    })
  }

  /** Writes what is queued and closes. */
  close(): Promise<void> {
    return this.#serialise(async () => {
      await this.#writeQueued()
      await this.#sink.close().catch(this.#options.onTrouble)
    })
  }

  #serialise(task: () => Promise<void>): Promise<void> {
    this.#work = this.#work.then(task)
    return this.#work
  }

  async #writeQueued(): Promise<void> {
    this.#isScheduled = false
    const lines = this.#lines
    const waiting = this.#waitingBytes
    if (lines.length === 0) return
    this.#lines = []
    // A line that a full disk cut short is ended first, so that it spoils no other.
    const bytes = Buffer.from(`${this.#isMidLine ? '\n' : ''}${lines.join('\n')}\n`)
    let written = 0
    try {
      await this.#sink.write(bytes, (count) => {
        written = count
      })
      this.#counters.lines += lines.length
      this.#isMidLine = false
      this.#setTrouble(undefined)
    } catch (error) {
      const whole = bytes.subarray(0, written).toString('latin1').split('\n').length - 1 - (this.#isMidLine && written > 0 ? 1 : 0)
      this.#counters.lines += whole
      this.#counters.dropped.writeFailed += lines.length - whole
      if (written > 0) this.#isMidLine = bytes[written - 1] !== 0x0a
      this.#setTrouble(error)
    }
    this.#counters.bytes += written
    this.#fileBytes += written
    this.#waitingBytes -= waiting
    if (this.#mustRotate()) await this.#rotate()
  }

  #mustRotate(): boolean {
    const { file, rotateBytes } = this.#options
    return file !== '-' && rotateBytes > 0 && this.#fileBytes >= rotateBytes
  }

  async #rotate(): Promise<void> {
    const { file, filesMax } = this.#options
    await this.#replaceSink(async () => {
      for (let number = filesMax - 1; number >= 1; number--) await renameIfThere(`${file}.${number}`, `${file}.${number + 1}`)
      await renameIfThere(file, `${file}.1`)
      this.#counters.rotations++
    })
  }

  async #replaceSink(prepare: () => Promise<void>): Promise<void> {
    if (this.#options.file === '-') return
    try {
      await prepare()
      const { sink, size } = await openFile(this.#options.file)
      const former = this.#sink
      this.#sink = sink
      this.#fileBytes = size
      this.#isMidLine = false
      await former.close()
    } catch (error) {
      this.#setTrouble(error)
    }
  }

  #setTrouble(error: unknown): void {
    const isFailing = error !== undefined
    if (isFailing !== this.#isFailing) this.#options.onTrouble(error)
    this.#isFailing = isFailing
  }
}

async function openFile(file: string): Promise<{ readonly sink: Sink; readonly size: number }> {
  const handle = await files.open(file, 'a', 0o640)
  const { size } = await handle.stat()
  const sink: Sink = {
    async write(bytes, onProgress) {
      for (let offset = 0; offset < bytes.length;) {
        offset += (await handle.write(bytes, offset)).bytesWritten
        onProgress(offset)
      }
    },
    close: () => handle.close(),
  }
  return { sink, size }
}

/** Standard output stays open: it is not ours to close. Who reads it may leave (EPIPE): then lines are lost and counted. */
function standardOutput(): Sink {
  process.stdout.on('error', () => undefined)
  return {
    write: (bytes, onProgress) => new Promise((resolve, reject) => {
      process.stdout.write(bytes, (error) => {
        if (error) reject(error)
        else {
          onProgress(bytes.length)
          resolve()
        }
      })
    }),
    close: () => Promise.resolve(),
  }
}

async function renameIfThere(from: string, to: string): Promise<void> {
  try {
    await files.rename(from, to)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error
  }
}
