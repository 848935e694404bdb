import { CodedError } from '../kit/index.ts'

/** One thing wrong in a manifest, with its place. Lines and columns count from 1. */
export interface ManifestProblem {
  readonly file: string
  readonly line: number
  readonly column: number
  readonly message: string
}

/** Why there is nothing to evaluate. A single capture that cannot be read is no error of this kind: the report names it. */
export type EvaluationTrouble =
  | { readonly code: 'EVALUATION_MANIFEST_UNREADABLE'; readonly file: string; readonly reason: string }
  | { readonly code: 'EVALUATION_MANIFEST_INVALID'; readonly problems: readonly ManifestProblem[] }
  | { readonly code: 'EVALUATION_REPORT_UNWRITABLE'; readonly file: string; readonly reason: string }

/** A manifest that cannot be read or holds errors, or a report that cannot be written. */
export class EvaluationError extends CodedError<EvaluationTrouble> {}

/** One line for people, in the form compilers use: `train.yaml:12:9: labels[0].category must be one of …`. */
export function formatManifestProblem({ file, line, column, message }: ManifestProblem): string {
  return `${file}:${line}:${column}: ${message}`
}
