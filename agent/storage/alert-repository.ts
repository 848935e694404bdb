import type { KeyValueStore, StoreChange } from '../kit/index.ts'
import type { AlertRecord } from '../decision/index.ts'
import { jsonCodec, keysBelow, sortableNumber } from './record-codec.ts'

const PREFIX = 'alert'
const alertCodec = jsonCodec<AlertRecord>()

/** Limits of the alerts kept. */
export interface AlertLimits {
  readonly alertsMax: number
  readonly alertAgeMsMax: number
}

/**
 * Alerts by their number, which grows. Not fsynced one by one: a crash of the machine may cost the last seconds of alerts,
 * a crash of the agent none, and an attack that raises thousands does not wait for the disk.
 */
export class AlertRepository {
  readonly #store: KeyValueStore
  readonly #limits: AlertLimits
  #count: number

  private constructor(store: KeyValueStore, limits: AlertLimits, count: number) {
    this.#store = store
    this.#limits = limits
    this.#count = count
  }

  /** Counts what is there, so that the limit holds from the first alert. */
  static async open(store: KeyValueStore, limits: AlertLimits): Promise<AlertRepository> {
    let count = 0
    for await (const _ of store.entries(keysBelow(PREFIX))) count++
    return new AlertRepository(store, limits, count)
  }

  /** Alerts kept. */
  get size(): number {
    return this.#count
  }

  /** Records alerts; an alert with a known number is replaced (its enforcement became known). */
  async put(alerts: readonly AlertRecord[]): Promise<void> {
    let added = 0
    const changes: StoreChange[] = []
    for (const alert of alerts) {
      const key = keyOf(alert.verdict.id)
      if ((await this.#store.get(key)) === undefined) added++
      changes.push({ type: 'put', key, value: alertCodec.encode(alert) })
    }
    await this.#store.write(changes, { durable: false })
    this.#count += added
  }

  async get(id: number): Promise<AlertRecord | undefined> {
    const value = await this.#store.get(keyOf(id))
    return value === undefined ? undefined : alertCodec.decode(value)
  }

  /** The newest alerts that `matches` accepts, newest first. Reads no more than it takes to find them. */
  async newest(limit: number, matches: (alert: AlertRecord) => boolean = () => true): Promise<readonly AlertRecord[]> {
    const found: AlertRecord[] = []
    if (limit <= 0) return found
    for await (const [, value] of this.#store.entries({ ...keysBelow(PREFIX), reverse: true })) {
      const alert = alertCodec.decode(value)
      if (matches(alert)) found.push(alert)
      if (found.length >= limit) break
    }
    return found
  }

  /** Removes what is too old or too much, the oldest first; the daemon calls it at a slow cadence. Returns how many went. */
  async prune(nowMs: number): Promise<number> {
    const surplus = Math.max(0, this.#count - this.#limits.alertsMax)
    const changes: StoreChange[] = []
    for await (const [key, value] of this.#store.entries(keysBelow(PREFIX))) {
      const { verdict } = alertCodec.decode(value)
      if (changes.length >= surplus && nowMs - verdict.decidedAtMs <= this.#limits.alertAgeMsMax) break
      changes.push({ type: 'del', key })
    }
    await this.#store.write(changes, { durable: false })
    this.#count -= changes.length
    return changes.length
  }
}

function keyOf(id: number): string {
  return `${PREFIX}/${sortableNumber(id)}`
}
