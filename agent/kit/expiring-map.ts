/** Limits of an ExpiringMap. */
export interface ExpiringMapLimits {
  /** Entries at most. One more evicts the least recently used. */
  readonly capacity: number
  /** An entry that nobody used for this long is gone. */
  readonly idleTimeoutMs: number
}

interface Entry<K, V> {
  readonly key: K
  value: V
  usedAtMs: number
  older: Entry<K, V> | undefined
  newer: Entry<K, V> | undefined
}

/**
 * A map with a capacity and an idle timeout; pure, given the time. Entries stand in a list from the least to the most recently used,
 * so eviction and expiry take work in proportion to what they remove, and a look-up allocates nothing.
 * Time must not go back; an entry lives until exactly its deadline.
 */
export class ExpiringMap<K, V> {
  readonly #limits: ExpiringMapLimits
  readonly #entries = new Map<K, Entry<K, V>>()
  #oldest: Entry<K, V> | undefined
  #newest: Entry<K, V> | undefined
  #evicted = 0
  #expired = 0

  constructor(limits: ExpiringMapLimits) {
    if (!(limits.capacity >= 1)) throw new RangeError(`An ExpiringMap needs a capacity of at least 1, not ${limits.capacity}.`)
    this.#limits = limits
  }

  get size(): number {
    return this.#entries.size
  }

  /** Entries that had to go for a newer one since the start. */
  get evicted(): number {
    return this.#evicted
  }

  /** Entries that idled out since the start. */
  get expired(): number {
    return this.#expired
  }

  /** The value, whose idle time starts anew; undefined when there is none or its deadline has passed. */
  get(key: K, nowMs: number): V | undefined {
    const entry = this.#entries.get(key)
    if (entry === undefined) return undefined
    if (nowMs - entry.usedAtMs >= this.#limits.idleTimeoutMs) {
      this.#remove(entry)
      this.#expired++
      return undefined
    }
    entry.usedAtMs = nowMs
    if (entry !== this.#newest) {
      this.#unlink(entry)
      this.#append(entry)
    }
    return entry.value
  }

  /** The value as it is, without counting as use. */
  peek(key: K): V | undefined {
    return this.#entries.get(key)?.value
  }

  /** Sets the value. Past the capacity the least recently used entry goes, and is counted. */
  set(key: K, value: V, nowMs: number): void {
    const known = this.#entries.get(key)
    if (known !== undefined) this.#remove(known)
    else if (this.#entries.size >= this.#limits.capacity) this.#evictOldest()
    const entry: Entry<K, V> = { key, value, usedAtMs: nowMs, older: undefined, newer: undefined }
    this.#entries.set(key, entry)
    this.#append(entry)
  }

  delete(key: K): boolean {
    const entry = this.#entries.get(key)
    if (entry === undefined) return false
    this.#remove(entry)
    return true
  }

  clear(): void {
    this.#entries.clear()
    this.#oldest = undefined
    this.#newest = undefined
  }

  /** Removes what has idled out by `nowMs`, the longest idle first, and gives it back. */
  expire(nowMs: number): (readonly [key: K, value: V])[] {
    const gone: (readonly [K, V])[] = []
    for (let entry = this.#oldest; entry !== undefined && nowMs - entry.usedAtMs >= this.#limits.idleTimeoutMs; entry = this.#oldest) {
      this.#remove(entry)
      this.#expired++
      gone.push([entry.key, entry.value])
    }
    return gone
  }

  /** When the next entry idles out, if nobody uses it; undefined when the map is empty. */
  nextExpiryMs(): number | undefined {
    return this.#oldest === undefined ? undefined : this.#oldest.usedAtMs + this.#limits.idleTimeoutMs
  }

  /** Keys and values from the least to the most recently used. */
  *[Symbol.iterator](): IterableIterator<readonly [key: K, value: V]> {
    for (let entry = this.#oldest; entry !== undefined; entry = entry.newer) yield [entry.key, entry.value]
  }

  #evictOldest(): void {
    if (this.#oldest === undefined) return
    this.#remove(this.#oldest)
    this.#evicted++
  }

  #remove(entry: Entry<K, V>): void {
    this.#entries.delete(entry.key)
    this.#unlink(entry)
  }

  #append(entry: Entry<K, V>): void {
    entry.older = this.#newest
    entry.newer = undefined
    if (this.#newest === undefined) this.#oldest = entry
    else this.#newest.newer = entry
    this.#newest = entry
  }

  #unlink(entry: Entry<K, V>): void {
    if (entry.older === undefined) this.#oldest = entry.newer
    else entry.older.newer = entry.newer
    if (entry.newer === undefined) this.#newest = entry.older
    else entry.newer.older = entry.older
    entry.older = undefined
    entry.newer = undefined
  }
}
