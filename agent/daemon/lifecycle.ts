import { notifySystemd } from '../../native/index.js'

/** Tells systemd how the service fares (sd_notify(3)); without NOTIFY_SOCKET nothing is told. */
export interface ServiceNotifier {
  /** How often the watchdog wants to be fed; undefined where there is none. */
  readonly watchdogMs: number | undefined
  notify(state: 'READY=1' | 'WATCHDOG=1' | 'STOPPING=1'): void
}

/** Reads what systemd left in the environment. The watchdog is fed at a third of its time, so that two late turns do not kill. */
export function serviceNotifier(environment: NodeJS.ProcessEnv): ServiceNotifier {
  const socket = environment['NOTIFY_SOCKET']
  const watchdogUs = Number(environment['WATCHDOG_USEC'])
  return {
    watchdogMs: socket !== undefined && watchdogUs > 0 ? watchdogUs / 3_000 : undefined,
    notify(state) {
      if (socket !== undefined) notifySystemd(socket, state)
    },
  }
}

/** Calls back on SIGTERM and SIGINT (stop, once) and on SIGHUP (reopen files). Gives the function that takes the handlers away. */
export function onSignals(handlers: { readonly stop: () => void; readonly reopen: () => void }): () => void {
  process.on('SIGTERM', handlers.stop).on('SIGINT', handlers.stop).on('SIGHUP', handlers.reopen)
  return () => {
    process.off('SIGTERM', handlers.stop).off('SIGINT', handlers.stop).off('SIGHUP', handlers.reopen)
  }
}
