import type {
  Alert, AlertQuery, AlertSummary, ControlMode, Decision, DecisionQuery, EventQuery, ModeChange, NewDecision, Status, Version,
} from './schema.ts'

/** Who asked, as the kernel says (SO_PEERCRED): nothing a client can claim. */
export interface PeerCredentials {
  readonly pid: number
  readonly uid: number
  readonly gid: number
  /** Supplementary groups, where the addon knows them (SO_PEERGROUPS). */
  readonly groups?: readonly number[]
}

/** What became of an operator's decision. A refusal names its rule: `never-block`, `too-wide`, `cap`, `off`, `lifted` ... */
export type DecisionAnswer =
  | { readonly outcome: 'added'; readonly decision: Decision }
  | { readonly outcome: 'refused'; readonly reason: string }

/** Which decisions to lift: one by its number, or all on a target. */
export type DecisionSelector = { readonly id: number } | { readonly target: string }

/**
 * One follower's view of the event stream: finished JSON lines, without line feed. At most `capacity` lines wait;
 * past that the newest are dropped and counted, so that what was seen has no hidden gap in its middle.
 */
export interface EventSubscription {
  /** All that waits, at least one line; undefined at the end: after `close`, or after what there was when not following. */
  next(): Promise<readonly string[] | undefined>
  /** Lines this follower was too slow to take. */
  readonly dropped: number
  /** No more lines will come; those that wait are still given. Wakes whoever waits in `next`. Calling it twice does nothing. */
  close(): void
}

/** What the control room needs from the running agent. The daemon implements it; tests fake it. */
export interface AgentControl {
  status(): Promise<Status>
  version(): Version
  /** The newest first. */
  alerts(query: AlertQuery): Promise<readonly AlertSummary[]>
  alert(id: number): Promise<Alert | undefined>
  /** Active decisions, the newest first. */
  decisions(query: DecisionQuery): Promise<readonly Decision[]>
  /** Resolves after the kernel was asked, so that the answer tells the truth. */
  addDecision(request: NewDecision): Promise<DecisionAnswer>
  /** Lifts what the selector names and returns it; empty when nothing matched. */
  deleteDecisions(selector: DecisionSelector): Promise<readonly Decision[]>
  mode(): ControlMode
  /** What `setMode` would do now. Changes nothing. */
  previewMode(mode: ControlMode): Promise<ModeChange>
  setMode(mode: ControlMode): Promise<ModeChange>
  /** Undefined when as many followers as allowed are already there. */
  subscribe(query: EventQuery): EventSubscription | undefined
  /** Prometheus text format. */
  metrics(): Promise<string>
}

/** One change, or one attempt at it, for the audit journal. */
export interface ControlAudit {
  readonly requestId: string
  readonly actor: PeerCredentials | undefined
  /** `decisions.add`, `decisions.delete`, `mode.set`. */
  readonly operation: string
  readonly request: unknown
  readonly outcome: 'done' | 'refused' | 'failed'
  /** The error's code where there was one. */
  readonly reason: string
}
