import { CodedError } from '../kit/index.ts'

/** Why models are not used or not served. */
export type EnsembleProblem =
  | { readonly code: 'ENSEMBLE_MANIFEST_MISSING'; readonly file: string }
  | { readonly code: 'ENSEMBLE_MANIFEST_INVALID'; readonly file: string; readonly problems: readonly string[] }
  | { readonly code: 'ENSEMBLE_MODEL_UNSIGNED'; readonly file: string }
  | { readonly code: 'ENSEMBLE_SIGNATURE_INVALID'; readonly file: string; readonly reason: string }
  | { readonly code: 'ENSEMBLE_KEY_UNTRUSTED'; readonly file: string; readonly publicKey: string }
  | { readonly code: 'ENSEMBLE_MODEL_MISSING'; readonly file: string }
  | { readonly code: 'ENSEMBLE_MODEL_SIZE'; readonly file: string; readonly expected: number; readonly found: number }
  | { readonly code: 'ENSEMBLE_MODEL_HASH'; readonly file: string; readonly expected: string; readonly found: string }
  | { readonly code: 'ENSEMBLE_MODEL_SCHEMA'; readonly file: string; readonly expected: string; readonly found: string }
  | { readonly code: 'ENSEMBLE_MODEL_SHAPE'; readonly file: string; readonly expected: string; readonly found: string }
  | { readonly code: 'ENSEMBLE_MODEL_UNUSABLE'; readonly file: string; readonly reason: string }
  | { readonly code: 'ENSEMBLE_MODEL_VERSION_UNKNOWN'; readonly version: string; readonly known: readonly string[] }
  | { readonly code: 'ENSEMBLE_SCORING_FAILED'; readonly reason: string }
  | { readonly code: 'ENSEMBLE_WORKER_CRASHED'; readonly reason: string }
  | { readonly code: 'ENSEMBLE_CLOSED' }

/** Models did not load, or scoring stopped. */
export class EnsembleError extends CodedError<EnsembleProblem> {}
