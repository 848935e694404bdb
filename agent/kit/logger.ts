/** Structured logging as pino spells it: data first, then a sentence. Levels as in docs: see style.md, section 3. */
export interface Logger {
  trace(data: object, message: string): void
  debug(data: object, message: string): void
  info(data: object, message: string): void
  warn(data: object, message: string): void
  error(data: object, message: string): void
  /** A logger that adds `bindings` to every line. */
  child(bindings: object): Logger
}

/** Drops everything; for tests and for commands that print for people. */
export const silentLogger: Logger = {
  trace() {},
  debug() {},
  info() {},
  warn() {},
  error() {},
  child: () => silentLogger,
}
