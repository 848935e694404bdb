import { CodedError } from '../kit/index.ts'

/** Why no models could be made of the samples given. */
export type LearningProblem =
  | { readonly code: 'LEARNING_SAMPLES_MISSHAPEN'; readonly field: string; readonly expected: number; readonly found: number }
  | { readonly code: 'LEARNING_ROWS_MISSING'; readonly what: string }
  | { readonly code: 'LEARNING_ROW_NOT_FINITE'; readonly row: number; readonly column: number }

/** Training failed before anything was written. */
export class LearningError extends CodedError<LearningProblem> {}
