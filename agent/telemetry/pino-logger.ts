/** EDGE. The Logger port on pino: one JSON object a line, to standard error. */
import { destination, pino, stdTimeFunctions } from 'pino'
import type { Logger as PinoLogger } from 'pino'
import type { Logger } from '../kit/index.ts'
import { redact } from './redact.ts'

/** How to log. */
export interface LoggerOptions {
  readonly level: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'silent'
  /** Prefix lines with `<6>` and the like, which journald takes as the priority (sd-daemon(3)). Not for pipes that want JSON. */
  readonly hasPriorityPrefix?: boolean
  /** Where lines go; standard error, written synchronously, when absent, so that the last words of a crash are not lost. */
  readonly write?: (line: string) => void
}

/** Priorities of syslog(3) by pino's levels. */
const PRIORITY: Readonly<Record<number, number>> = { 10: 7, 20: 7, 30: 6, 40: 4, 50: 3, 60: 2 }
/** pino tells a destination with this property the level of each line. */
const NEEDS_METADATA = Symbol.for('pino.metadata')

/** Opens the log. Addresses appear at debug and trace only; keys never. */
export function openLogger({ level, hasPriorityPrefix = false, write }: LoggerOptions): Logger {
  const output = write === undefined ? destination({ fd: 2, sync: true }) : { write }
  const stream = {
    [NEEDS_METADATA]: true,
    lastLevel: 30,
    write(line: string): void {
      output.write(hasPriorityPrefix ? `<${PRIORITY[this.lastLevel] ?? 6}>${line}` : line)
    },
  }
  return loggerOn(pino({
    level,
    base: null,
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    // Errors were already made plain by redact.
    serializers: { err: (error: unknown) => error },
  }, stream))
}

function loggerOn(log: PinoLogger): Logger {
  const at = (level: 'trace' | 'debug' | 'info' | 'warn' | 'error', hidesAddresses: boolean) => (data: object, message: string): void => {
    if (log.isLevelEnabled(level)) log[level](redact(data, hidesAddresses), message)
  }
  return {
    trace: at('trace', false),
    debug: at('debug', false),
    info: at('info', true),
    warn: at('warn', true),
    error: at('error', true),
    // Bindings appear on lines of every level, so the strictest rule holds for them.
    child(bindings) {
      const redacted = Object.entries(bindings).map(([name, value]) => [name, redact(value, true)])
      return loggerOn(log.child(Object.fromEntries(redacted)))
    },
  }
}
