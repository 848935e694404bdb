/** What `phantomd` hands to each of its verbs. Every verb is a file `agent/commands/<verb>.ts` that exports `<verb>Command`. */

/** `phantomd run` */
export interface RunOptions {
  readonly config?: string
}

/** `phantomd replay` */
export interface ReplayOptions {
  readonly files: readonly string[]
  readonly config?: string
  /** A file, or `-` for standard output; without it no event is formatted. */
  readonly output?: string
  /** A folder to keep the state in; without it the state is forgotten at the end. */
  readonly state?: string
  readonly summaryJson?: string
}

/** `phantomd meter` */
export interface MeterOptions {
  readonly files: readonly string[]
  readonly output?: string
  readonly summaryJson?: string
  /** False: a flow ends with its file only, whatever its silences and the jumps of time. */
  readonly timers: boolean
}

/** `phantomd check` */
export interface CheckOptions {
  readonly config?: string
}

/** `phantomd train` */
export interface TrainOptions {
  readonly manifest: readonly string[]
  readonly out: string
  readonly seed: number
  /** Says where the node's key is (`paths.nodeKey`). */
  readonly config?: string
}

/** `phantomd evaluate` */
export interface EvaluateOptions {
  readonly manifest: readonly string[]
  readonly models?: string
  /** Says whose models are trusted; nothing else of it is used. */
  readonly config?: string
  readonly json?: string
}
