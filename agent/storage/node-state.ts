import type { KeyValueStore } from '../kit/index.ts'
import type { Mode } from '../decision/index.ts'
import { jsonCodec } from './record-codec.ts'

const MODE_KEY = 'mode'
const NEXT_ID_KEY = 'next-id'
const modeCodec = jsonCodec<Mode>()
const numberCodec = jsonCodec<number>()
/** Numbers reserved at a time; after a crash at most so many are skipped. */
const BLOCK = 1_024

/** The mode an operator set, or undefined where none ever did; it wins over the configuration. */
export async function loadMode(store: KeyValueStore): Promise<Mode | undefined> {
  const value = await store.get(MODE_KEY)
  return value === undefined ? undefined : modeCodec.decode(value)
}

/** Records the mode an operator set; on disk before it resolves. */
export async function saveMode(store: KeyValueStore, mode: Mode): Promise<void> {
  await store.write([{ type: 'put', key: MODE_KEY, value: modeCodec.encode(mode) }], { durable: true })
}

/**
 * Numbers for verdicts: unique and growing over the life of the store, without a write for each. Blocks are reserved ahead;
 * a clean end gives the rest back.
 */
export class IdCounter {
  readonly #store: KeyValueStore
  readonly #onError: (error: unknown) => void
  #next: number
  #reservedTo: number
  #reserving: Promise<void> | undefined

  private constructor(store: KeyValueStore, next: number, onError: (error: unknown) => void) {
    this.#store = store
    this.#next = next
    this.#reservedTo = next
    this.#onError = onError
  }

  /** @param onError is told when a reservation cannot be written; numbers go on, but a crash could then repeat some */
  static async open(store: KeyValueStore, onError: (error: unknown) => void): Promise<IdCounter> {
    const value = await store.get(NEXT_ID_KEY)
    const counter = new IdCounter(store, value === undefined ? 1 : numberCodec.decode(value), onError)
    await counter.#write(counter.#next + BLOCK)
    return counter
  }

  /** The next number. */
  take(): number {
    const id = this.#next++
    if (this.#reservedTo - this.#next < BLOCK / 2 && this.#reserving === undefined) this.#reserve()
    return id
  }

  /** Gives the rest of the block back. */
  async close(): Promise<void> {
    await this.#reserving
    await this.#write(this.#next)
  }

  #reserve(): void {
    this.#reserving = this.#write(this.#next + BLOCK).catch(this.#onError).finally(() => {
      this.#reserving = undefined
    })
  }

  async #write(reservedTo: number): Promise<void> {
    await this.#store.write([{ type: 'put', key: NEXT_ID_KEY, value: numberCodec.encode(reservedTo) }], { durable: true })
    this.#reservedTo = reservedTo
  }
}
