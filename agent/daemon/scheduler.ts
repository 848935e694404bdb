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
  readonly #underWay = new Set<Promise<void>>()
  #isStopped = false

  constructor(clock: Clock, logger: Logger) {
    this.#clock = clock
    this.#logger = logger
  }

  /** The first run comes one period from now. */
  every(task: PeriodicTask): void {
    if (this.#isStopped) return
    this.#timers.set(task.name, this.#clock.after(task.everyMs, () => this.#begin(task)))
  }

  /** No task begins any more; resolves when those under way have finished, so that what they use can be closed. */
  async stop(): Promise<void> {
    this.#isStopped = true
    for (const cancel of this.#timers.values()) cancel()
    await Promise.all(this.#underWay)
  }

  #begin(task: PeriodicTask): void {
    const running = this.#run(task).finally(() => this.#underWay.delete(running))
    this.#underWay.add(running)
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
