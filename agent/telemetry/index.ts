/**
 * telemetry: what happened, told to operators and machines: EVE events, metrics, logs, the node's condition.
 *
 * In:     records of the other rooms.
 * Out:    EVE lines (file and followers), Prometheus text, JSON logs, Inventory and NodeHealth.
 * Units:  EVE's own; seconds and bytes in metrics; bytes_* of EVE are layer-3 octets.
 * Bounds: the event queue by octets, each follower's queue by lines; what is dropped is counted by reason.
 * Throws: nothing after opening; EventWriter.open throws TelemetryError where the file cannot be made.
 */
export { TelemetryError, unwritable } from './errors.ts'
export type { TelemetryProblem } from './errors.ts'
export { eveTimestamp } from './eve-format.ts'
export { alertEvent, anomalyEvent, decisionEvent, enforcementEvent, flowEvent, noticeEvent, statsEvent } from './eve-events.ts'
export type { EnforcementReport, EveEvent, EventType } from './eve-events.ts'
export { EventWriter } from './event-writer.ts'
export type { EventWriterCounters, EventWriterOptions } from './event-writer.ts'
export { createMetrics } from './metrics.ts'
export type { EnforcementState, LatencySummary, Metrics } from './metrics.ts'
export { openLogger } from './pino-logger.ts'
export type { LoggerOptions } from './pino-logger.ts'
export type { NodeHealth } from './proc-health.ts'
export { readHealth, readInventory } from './system-inventory.ts'
export type { Inventory } from './system-inventory.ts'
