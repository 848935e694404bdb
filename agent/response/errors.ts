import { CodedError } from '../kit/index.ts'

/** Why the privileged program could not be asked, or could not do what it was asked. */
export type EnforcerProblem =
  | { readonly code: 'ENFORCER_UNREACHABLE'; readonly socketPath: string; readonly reason: string }
  | { readonly code: 'ENFORCER_TIMEOUT'; readonly command: string; readonly deadlineMs: number }
  | { readonly code: 'ENFORCER_BUSY'; readonly pendingMax: number }
  | { readonly code: 'ENFORCER_REFUSED'; readonly command: string; readonly reason: string }
  | { readonly code: 'ENFORCER_PROTOCOL'; readonly reason: string }

/** Enforcement as a whole is out of reach; what became of single requests is data, see `EnforcementResult`. */
export class EnforcerError extends CodedError<EnforcerProblem> {}
