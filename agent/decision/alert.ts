import type { FlowRecord } from '../flows/index.ts'
import type { Verdict } from './verdict.ts'

/** What the enforcer answered about a verdict. */
export interface AlertEnforcement {
  readonly outcome: 'enforced' | 'refused' | 'failed' | 'dry-run'
  readonly reason: string
  readonly latencyMs: number | null
}

/** A verdict that operators hear of, with what is needed to explain it later. Its number is the verdict's. */
export interface AlertRecord {
  readonly verdict: Verdict
  /** The flow whose event raised it; null where it is no longer known. */
  readonly flow: FlowRecord | null
  /** Kernel timestamp of the last packet of the evidence to verdict; null for capture files. */
  readonly decisionLatencyMs: number | null
  readonly enforcement: AlertEnforcement | null
}
