/**
 * response: verdicts in, enforcement out, verified in the kernel for as long as it should hold.
 *
 * In:     Verdict; the Enforcer port (privileged program or dry run).
 * Out:    enforcement records: enforced, refused or failed, with the reason; drift found and repaired.
 * Bounds: at most `elementsMax` elements; requests in batches of at most 256.
 * Throws: EnforcerError when the privileged program cannot be reached or answers nonsense.
 */
export type { BlockRequest, EnforcedElement, EnforcementResult, Enforcer } from './enforcer.ts'
