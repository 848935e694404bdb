import type { EventSubscription } from './agent-control.ts'
import type { EventQuery } from './schema.ts'

/** Bounds of a broadcast. */
export interface BroadcastLimits {
  readonly followersMax: number
  /** Lines that may wait for one follower; past that the newest are dropped and counted. */
  readonly linesMax: number
  /** Lines remembered for those who come later; the oldest make room. */
  readonly historyMax: number
  /** Types too frequent to remember; they are formatted only while somebody follows them. */
  readonly forgottenTypes: readonly string[]
}

const DEFAULT_LIMITS: BroadcastLimits = { followersMax: 64, linesMax: 1_024, historyMax: 1_000, forgottenTypes: ['flow'] }

interface Event {
  readonly type: string
  readonly line: string
}

/** Hands each event to the followers who asked for its type, and remembers the latest. An event nobody wants is never formatted. */
export class EventBroadcast {
  readonly #limits: BroadcastLimits
  readonly #followers = new Set<Follower>()
  readonly #history: Event[] = []
  #droppedByGone = 0

  constructor(limits: Partial<BroadcastLimits> = {}) {
    this.#limits = { ...DEFAULT_LIMITS, ...limits }
  }

  /**
   * @param type the event's `event_type`
   * @param format makes the JSON line; called at most once, and only where somebody wants it
   */
  publish(type: string, format: () => string): void {
    const wanting = [...this.#followers].filter((follower) => follower.wants(type))
    const isRemembered = !this.#limits.forgottenTypes.includes(type)
    if (wanting.length === 0 && !isRemembered) return
    const line = format()
    for (const follower of wanting) follower.push(line)
    if (isRemembered) this.#remember({ type, line })
  }

  /** A follower that begins with the latest of what is remembered; undefined when there are as many as allowed. */
  subscribe(query: EventQuery): EventSubscription | undefined {
    if (this.#followers.size >= this.#limits.followersMax) return undefined
    const follower: Follower = new Follower(query.type, this.#limits.linesMax, () => this.#forget(follower))
    this.#followers.add(follower)
    const past = this.#history.filter((event) => follower.wants(event.type))
    for (const event of query.last === 0 ? [] : past.slice(-query.last)) follower.push(event.line)
    if (!query.follow) follower.finish()
    return follower
  }

  /** Followers now, and all lines dropped since the start because a follower was slow. */
  counts(): { readonly connected: number; readonly dropped: number } {
    const dropped = [...this.#followers].reduce((sum, follower) => sum + follower.dropped, this.#droppedByGone)
    return { connected: this.#followers.size, dropped }
  }

  #remember(event: Event): void {
    this.#history.push(event)
    // Cut in strides: shifting a thousand elements for every event would cost more than the event.
    if (this.#history.length >= 2 * this.#limits.historyMax) this.#history.splice(0, this.#history.length - this.#limits.historyMax)
  }

  #forget(follower: Follower): void {
    if (this.#followers.delete(follower)) this.#droppedByGone += follower.dropped
  }
}

class Follower implements EventSubscription {
  readonly #types: ReadonlySet<string>
  readonly #linesMax: number
  readonly #onClose: () => void
  #lines: string[] = []
  #dropped = 0
  #isFinished = false
  #wake: (() => void) | undefined

  constructor(types: readonly string[], linesMax: number, onClose: () => void) {
    this.#types = new Set(types)
    this.#linesMax = linesMax
    this.#onClose = onClose
  }

  get dropped(): number {
    return this.#dropped
  }

  wants(type: string): boolean {
    return this.#types.size === 0 || this.#types.has(type)
  }

  push(line: string): void {
    if (this.#isFinished) return
    if (this.#lines.length >= this.#linesMax) {
      this.#dropped += 1
      return
    }
    this.#lines.push(line)
    this.#wake?.()
  }

  async next(): Promise<readonly string[] | undefined> {
    if (this.#lines.length === 0 && !this.#isFinished) {
      await new Promise<void>((resolve) => { this.#wake = resolve })
      this.#wake = undefined
    }
    const lines = this.#lines
    this.#lines = []
    if (lines.length > 0) return lines
    this.close()
    return undefined
  }

  /** No more lines will come; those that wait are still delivered. */
  finish(): void {
    this.#isFinished = true
    this.#wake?.()
  }

  close(): void {
    this.finish()
    this.#onClose()
  }
}
