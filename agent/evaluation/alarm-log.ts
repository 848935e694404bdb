import type { Alarm } from './capture-replay.ts'

/** A source that goes on is named again after this, as the agent reports again what goes on. */
const AGAIN_MS = 10_000

/** Whom a rule names, each source once in ten seconds. */
export class AlarmLog {
  readonly #lastAtMs = new Map<string, number>()
  readonly #alarms: Alarm[] = []

  add(address: string, atMs: number): void {
    const last = this.#lastAtMs.get(address)
    if (last !== undefined && Math.abs(atMs - last) < AGAIN_MS) return
    this.#lastAtMs.set(address, atMs)
    this.#alarms.push({ address, atMs })
  }

  /** In the order they came. */
  alarms(): readonly Alarm[] {
    return this.#alarms
  }
}
