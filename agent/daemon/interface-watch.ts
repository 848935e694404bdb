import type { CapturedInterface, MeterCounters } from '../capture/index.ts'
import type { Config } from '../config/index.ts'
import type { Logger } from '../kit/index.ts'
import type { PeriodicTask } from './scheduler.ts'

/** The meter itself looks once a second. */
const WATCH_MS = 1_000

/** Says once of each interface that it was lost, is back, has another name, or has come; and once that one found no place. */
export function interfaceTask(counters: () => Pick<MeterCounters, 'interfaces' | 'dropped'>, logger: Logger): PeriodicTask {
  let before = counters()
  return {
    name: 'interfaces',
    everyMs: WATCH_MS,
    run() {
      const now = counters()
      now.interfaces.forEach((each, index) => report(before.interfaces[index], each, logger))
      const refused = reasonsOf(now) - reasonsOf(before)
      if (refused > 0) logger.warn({ refused }, 'Interfaces match a pattern, but there is no room for them; they are not watched')
      before = now
    },
  }
}

function reasonsOf({ dropped }: Pick<MeterCounters, 'dropped'>): number {
  return dropped['interfaceOverLimit'] ?? 0
}

function report(before: CapturedInterface | undefined, now: CapturedInterface, logger: Logger): void {
  const { name, kernelName } = now
  if (before?.name !== name) {
    if (now.isOpen) logger.info({ name }, 'An interface has come and is watched')
  } else if (wasLost(before, now)) {
    logger.warn({ name }, 'An interface is gone; it is watched again when it is back')
    // Between two looks it may be gone and back.
    if (now.isOpen) logger.info({ name }, 'An interface is watched again')
  } else if (now.isOpen && !before.isOpen) {
    logger.info({ name }, 'An interface is watched again')
  } else if (kernelName !== before.kernelName) {
    logger.info({ name, kernelName }, 'An interface has another name, and is watched on under that of the configuration')
  }
}

function wasLost(before: CapturedInterface, now: CapturedInterface): boolean {
  return now.timesLost > before.timesLost || (before.isOpen && !now.isOpen)
}

/** The names of interfaces that must be there and are not, for readiness: those that may be missing are none of them. */
export function missingInterfaces(configured: Config['capture']['interfaces'], states: readonly CapturedInterface[]): string[] {
  return states
    .filter(({ isOpen, source }) => !isOpen && configured[source] !== undefined && !mayBeMissing(configured[source]))
    .map(({ name }) => name)
}

function mayBeMissing({ name, optional }: Config['capture']['interfaces'][number]): boolean {
  return optional || name.endsWith('*')
}
