import { CodedError } from '../kit/index.ts'

/** Why what happened could not be written down. */
export type TelemetryProblem =
  | { readonly code: 'TELEMETRY_FILE_UNWRITABLE'; readonly file: string; readonly reason: string }
  | { readonly code: 'TELEMETRY_LINES_LOST'; readonly file: string; readonly lines: number }

/** A file of events or counts that cannot be made, or that lacks lines. */
export class TelemetryError extends CodedError<TelemetryProblem> {}

/** The error for a file that the system refuses to make; the message names it and the system's own reason. */
export function unwritable(file: string, cause: unknown): TelemetryError {
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new TelemetryError({ code: 'TELEMETRY_FILE_UNWRITABLE', file, reason }, `${file}: cannot be written: ${reason}`, { cause })
}
