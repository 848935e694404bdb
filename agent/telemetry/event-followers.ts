/** Limits of the followers. */
export interface FollowerLimits {
  readonly followersMax: number
  /** Lines that wait for one follower. Past it the newest are dropped for that follower and counted. */
  readonly queueMax: number
}

/** What a follower asks for. */
export interface FollowerQuery {
  /** Event types; all when empty. */
  readonly type: readonly string[]
  /** How many of the latest lines to begin with. */
  readonly last: number
  /** Whether to stay for those to come. */
  readonly follow: boolean
}

interface Line {
  readonly type: string
  readonly text: string
}

/** Lines remembered for those who come later. */
const RECENT_MAX = 1_000

/** The live view of the event stream: every line goes to every follower that wants its type; nobody waits for a slow one. */
export class EventFollowers {
  readonly #limits: FollowerLimits
  readonly #followers = new Set<Follower>()
  readonly #recent: Line[] = []
  #recentStart = 0
  #droppedOfGone = 0

  constructor(limits: FollowerLimits) {
    this.#limits = limits
  }

  get connected(): number {
    return this.#followers.size
  }

  /** Lines that followers, gone ones included, were too slow to take. */
  get dropped(): number {
    return [...this.#followers].reduce((sum, follower) => sum + follower.dropped, this.#droppedOfGone)
  }

  /** Hands `text` (one JSON object, without line feed) to the followers. */
  publish(type: string, text: string): void {
    const line = { type, text }
    if (this.#recent.length < RECENT_MAX) this.#recent.push(line)
    else {
      this.#recent[this.#recentStart] = line
      this.#recentStart = (this.#recentStart + 1) % RECENT_MAX
    }
    for (const follower of this.#followers) follower.offer(line)
  }

  /** A new follower, or undefined when as many as allowed are there. */
  subscribe(query: FollowerQuery): Follower | undefined {
    if (query.follow && this.#followers.size >= this.#limits.followersMax) return undefined
    const wanted = this.#latest().filter((line) => wants(query.type, line))
    const first = query.last === 0 ? [] : wanted.slice(-query.last)
    const follower = new Follower(query.type, { first, capacity: this.#limits.queueMax, onClose: () => this.#leave(follower) })
    if (query.follow) this.#followers.add(follower)
    else follower.end()
    return follower
  }

  /** Ends all followers, when the agent stops. */
  close(): void {
    for (const follower of this.#followers) follower.close()
  }

  #latest(): Line[] {
    return [...this.#recent.slice(this.#recentStart), ...this.#recent.slice(0, this.#recentStart)]
  }

  #leave(follower: Follower): void {
    if (this.#followers.delete(follower)) this.#droppedOfGone += follower.dropped
  }
}

/** One follower's queue. */
export class Follower {
  readonly #types: readonly string[]
  readonly #capacity: number
  readonly #onClose: () => void
  #queue: string[]
  #taken = 0
  #dropped = 0
  #hasEnded = false
  #wake: (() => void) | undefined

  /** Made by EventFollowers only. */
  constructor(types: readonly string[], start: { first: readonly Line[]; capacity: number; onClose: () => void }) {
    this.#types = types
    this.#queue = start.first.map((line) => line.text)
    this.#capacity = start.capacity
    this.#onClose = start.onClose
  }

  get dropped(): number {
    return this.#dropped
  }

  /** The next line; undefined after `close`, and at the end of what there is when not following. */
  async next(): Promise<string | undefined> {
    while (this.#taken === this.#queue.length) {
      if (this.#hasEnded) return undefined
      this.#queue = []
      this.#taken = 0
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
    return this.#queue[this.#taken++]
  }

  /** Takes a line if it is wanted and there is room. */
  offer(line: Line): void {
    if (this.#hasEnded || !wants(this.#types, line)) return
    if (this.#queue.length - this.#taken >= this.#capacity) {
      this.#dropped++
      return
    }
    if (this.#taken > this.#capacity) {
      this.#queue = this.#queue.slice(this.#taken)
      this.#taken = 0
    }
    this.#queue.push(line.text)
    this.#wake?.()
  }

  /** No more lines will come; those waiting are still delivered. */
  end(): void {
    this.#hasEnded = true
    this.#wake?.()
  }

  /** Leaves. Calling it twice does nothing. */
  close(): void {
    this.#queue = []
    this.#taken = 0
    this.end()
    this.#onClose()
  }
}

function wants(types: readonly string[], line: Line): boolean {
  return types.length === 0 || types.includes(line.type)
}
