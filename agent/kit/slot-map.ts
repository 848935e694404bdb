import type { ExpiringMapLimits } from './expiring-map.ts'

const NONE = -1
const FIRST_ROOM = 1_024

/**
 * Gives each key a small whole number, its slot, as long as the key is in use: state of many entities then stands in a few large typed
 * arrays, indexed by slot, and costs the garbage collector nothing. Bounds and expiry are those of ExpiringMap, and so is the order
 * of eviction; a slot that becomes free is handed out again. Pure, given the time, which must not go back.
 */
export class SlotMap<K> {
  readonly #limits: ExpiringMapLimits
  readonly #slots = new Map<K, number>()
  readonly #keys: (K | undefined)[] = []
  #usedAtMs = new Float64Array(FIRST_ROOM)
  #older = new Int32Array(FIRST_ROOM)
  #newer = new Int32Array(FIRST_ROOM)
  #oldest = NONE
  #newest = NONE
  #evicted = 0

  constructor(limits: ExpiringMapLimits) {
    if (!(limits.capacity >= 1)) throw new RangeError(`A SlotMap needs a capacity of at least 1, not ${limits.capacity}.`)
    this.#limits = limits
  }

  get size(): number {
    return this.#slots.size
  }

  /** Keys that had to go for a newer one since the start. */
  get evicted(): number {
    return this.#evicted
  }

  /** The slot of the key, whose idle time starts anew; undefined when it has none or its deadline has passed: then `add` it. */
  get(key: K, nowMs: number): number | undefined {
    const slot = this.#slots.get(key)
    if (slot === undefined || nowMs - this.#usedAtMs[slot]! >= this.#limits.idleTimeoutMs) return undefined
    this.#use(slot, nowMs)
    return slot
  }

  /** A slot for a key that `get` did not find. It may hold what a former key left there. */
  add(key: K, nowMs: number): number {
    const slot = this.#slots.get(key) ?? this.#freeSlot()
    this.#slots.set(key, slot)
    this.#keys[slot] = key
    this.#use(slot, nowMs)
    return slot
  }

  clear(): void {
    this.#slots.clear()
    this.#keys.length = 0
    this.#oldest = NONE
    this.#newest = NONE
  }

  /** The next one never used, or past the capacity that of the least recently used key, which is forgotten. */
  #freeSlot(): number {
    if (this.#slots.size >= this.#limits.capacity) {
      const slot = this.#oldest
      this.#slots.delete(this.#keys[slot]!)
      this.#evicted++
      return slot
    }
    const slot = this.#keys.length
    if (slot === this.#usedAtMs.length) this.#grow()
    this.#older[slot] = NONE
    this.#newer[slot] = NONE
    return slot
  }

  #grow(): void {
    const room = this.#usedAtMs.length * 2
    const usedAtMs = new Float64Array(room)
    const older = new Int32Array(room)
    const newer = new Int32Array(room)
    usedAtMs.set(this.#usedAtMs)
    older.set(this.#older)
    newer.set(this.#newer)
    this.#usedAtMs = usedAtMs
    this.#older = older
    this.#newer = newer
  }

  /** Moves the slot to the end of the list that goes from the least to the most recently used. */
  #use(slot: number, nowMs: number): void {
    this.#usedAtMs[slot] = nowMs
    if (slot === this.#newest) return
    const older = this.#older[slot]!
    const newer = this.#newer[slot]!
    if (older !== NONE) this.#newer[older] = newer
    else if (newer !== NONE) this.#oldest = newer
    if (newer !== NONE) this.#older[newer] = older
    this.#older[slot] = this.#newest
    this.#newer[slot] = NONE
    if (this.#newest === NONE) this.#oldest = slot
    else this.#newer[this.#newest] = slot
    this.#newest = slot
  }
}
