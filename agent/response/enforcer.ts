/** One address or prefix to keep out, until a deadline. */
export interface BlockRequest {
  /** Address or prefix in text: `192.0.2.7`, `2001:db8::/64`. */
  readonly target: string
  /** How long from now, milliseconds; the kernel keeps the deadline. 1 s to 7 d. */
  readonly durationMs: number
}

/** What the enforcer did with one request. */
export interface EnforcementResult {
  readonly target: string
  readonly outcome: 'enforced' | 'refused' | 'failed'
  /** `never-block`, `cap`, `invalid-target`, the kernel's error ... Empty when enforced. */
  readonly reason: string
}

/** One element as it stands in the kernel. */
export interface EnforcedElement {
  readonly target: string
  readonly remainingMs: number
}

/**
 * The port to whatever keeps packets out. `response` implements it on the privileged program and as a dry run;
 * both pass tests/contracts/enforcer.contract.ts.
 */
export interface Enforcer {
  /** Blocks in one batch; afterwards the rules are in the kernel, or the result says why not. One result per request, in order. */
  block(requests: readonly BlockRequest[]): Promise<readonly EnforcementResult[]>
  unblock(targets: readonly string[]): Promise<readonly EnforcementResult[]>
  /** What the kernel holds, read back. */
  list(): Promise<readonly EnforcedElement[]>
  /** Replaces the addresses that must never be blocked; elements that contradict it are removed from the kernel. */
  neverBlock(prefixes: readonly string[]): Promise<void>
  /** Removes the agent's table from the kernel. */
  cleanup(): Promise<void>
  close(): Promise<void>
}
