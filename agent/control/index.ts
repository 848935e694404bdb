/**
 * control: requests of operators in, answers of the agent out; HTTP/1.1 with JSON over a Unix socket, versioned `/v1`.
 *
 * In:     AgentControl, the port that the daemon implements; peer credentials from the kernel.
 * Out:    the API of routes.ts for phantomctl and other tools; ControlAudit for every change and every attempt at one.
 * Units:  milliseconds, instants since the epoch.
 * Bounds: requests of 64 KiB, answers within 10 s, 64 followers with 1024 waiting events each; past that: 413, 503, drops counted.
 * Throws: ControlError when the socket is in use or cannot be made (server), when the daemon cannot be reached or says no (client).
 */
export type {
  AgentControl, ControlAudit, DecisionAnswer, DecisionSelector, EventSubscription, PeerCredentials,
} from './agent-control.ts'
export { createControlClient } from './client.ts'
export type { ControlClient, Filter } from './client.ts'
export { describeAlert, describeDecision, describeModeChange } from './describe-decided.ts'
export { DURATION_MS_MAX, DURATION_MS_MIN, parseDuration } from './duration.ts'
export { ControlError } from './errors.ts'
export type { ClientProblem, RequestProblem, ServerProblem } from './errors.ts'
export { EventBroadcast } from './event-broadcast.ts'
export type { BroadcastLimits } from './event-broadcast.ts'
export { ROUTES } from './routes.ts'
export type { Route } from './routes.ts'
export type {
  Alert, AlertQuery, AlertSummary, ControlMode, Decision, DecisionQuery, ErrorAnswer, EventQuery, Explanation, ModeChange, NewDecision,
  Status, Version,
} from './schema.ts'
export { openControlServer } from './server.ts'
export type { ControlServer, ControlServerOptions } from './server.ts'
