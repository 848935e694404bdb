import type { Cancel, Clock, Logger } from '../kit/index.ts'

/** Something to do again and again. */
export interface PeriodicTask {
  readonly name: string
  readonly everyMs: number
  run(): Promise<void> | void
}

/** Runs periodic tasks, each on its own; a task never overlaps itself, and one that fails is logged and tried again. */
export class Scheduler {
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #timers = new Map<string, Cancel>()
  #isStopped = false

  constructor(clock: Clock, logger: Logger) {
    this.#clock = clock
    this.#logger = logger
  }

  /** The first run comes one period from now. */
  every(task: PeriodicTask): void {
    if (this.#isStopped) return
    this.#timers.set(task.name, this.#clock.after(task.everyMs, () => { void this.#run(task) }))
  }

  /** No task begins any more; one under way finishes. */
  stop(): void {
    this.#isStopped = true
    for (const cancel of this.#timers.values()) cancel()
  }

  async #run(task: PeriodicTask): Promise<void> {
    try {
      await task.run()
    } catch (error) {
      this.#logger.error({ task: task.name, error }, 'Periodic task failed')
    }
    this.every(task)
  }
}
