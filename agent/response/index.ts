/**
 * response: verdicts in, enforcement out, verified in the kernel for as long as it should hold.
 *
 * In:     bans with their deadlines; the Enforcer port (privileged program or dry run).
 * Out:    enforcement records: enforced, refused or failed, with the reason; drift found and repaired.
 * Units:  durations in milliseconds; instants on the wall clock, so that they survive a restart.
 * Bounds: at most `desiredMax` bans; requests in batches of at most 256, at most `pendingMax` under way.
 * Throws: EnforcerError when the privileged program cannot be reached or answers nonsense.
 */
export { canonicalPrefix } from './address-interval.ts'
export { DEFAULT_CAPS, DryRunEnforcer } from './dry-run-enforcer.ts'
export type { EnforcerCaps } from './dry-run-enforcer.ts'
export { EnforcementKeeper } from './enforcement-keeper.ts'
export type { ReconcileReport } from './enforcement-keeper.ts'
export { EnforcerClient } from './enforcer-client.ts'
export type { EnforcerClientOptions } from './enforcer-client.ts'
export type { EnforcerStatus } from './enforcer-messages.ts'
export type { BlockRequest, EnforcedElement, EnforcementResult, Enforcer } from './enforcer.ts'
export { EnforcerError } from './errors.ts'
export type { EnforcerProblem } from './errors.ts'
export { Reconciler } from './reconciler.ts'
export type { DesiredBlock, Drift, ReconcilerOptions, Repairs } from './reconciler.ts'
