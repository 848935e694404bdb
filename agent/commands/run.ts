import { readConfig } from '../config/index.ts'
import { createDaemon } from '../daemon/create-daemon.ts'
import { onSignals, serviceNotifier } from '../daemon/lifecycle.ts'
import { Scheduler } from '../daemon/scheduler.ts'
import { systemClock } from '../daemon/system-clock.ts'
import { openLogger } from '../telemetry/index.ts'
import { EXIT } from './exit-code.ts'
import { packageVersion, ROOT } from './installation.ts'
import type { RunOptions } from './options.ts'

/** The daemon, until a signal ends it. */
export async function runCommand(options: RunOptions): Promise<number> {
  const { config, files, warnings } = readConfig(ROOT, options.config)
  const logger = openLogger({ level: config.log.level, hasPriorityPrefix: process.env['JOURNAL_STREAM'] !== undefined })
  for (const { message } of warnings) logger.warn({ files }, message)
  const daemon = await createDaemon({ config, root: ROOT, version: packageVersion(), clock: systemClock, logger })
  const service = serviceNotifier(process.env)
  const removeHandlers = onSignals({
    stop() {
      service.notify('STOPPING=1')
      daemon.stop()
    },
    reopen: () => { daemon.reopen().catch((error: unknown) => logger.error({ error }, 'The event log could not be opened anew')) },
  })
  service.notify('READY=1')
  const scheduler = new Scheduler(systemClock, logger)
  if (service.watchdogMs !== undefined) {
    scheduler.every({ name: 'watchdog', everyMs: service.watchdogMs, run: () => service.notify('WATCHDOG=1') })
  }
  try {
    await daemon.run()
    return EXIT.ok
  } finally {
    await scheduler.stop()
    removeHandlers()
  }
}
