/** Stops a pending timer. Calling it twice, or after the timer fired, does nothing. */
export type Cancel = () => void

/** The only source of time in the agent. */
export interface Clock {
  /** Milliseconds since the Unix epoch. May jump; use it for records and logs only. */
  wallMs(): number
  /** Milliseconds on a scale that never goes back. Use it for every deadline and duration. */
  monotonicMs(): number
  /** Runs `task` once, `delayMs` from now. */
  after(delayMs: number, task: () => void): Cancel
}
