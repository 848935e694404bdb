/**
 * capture: live interfaces (through the addon or through libpcap) or capture files in, batches of native events out.
 *
 * In:     interface names or file paths; limits of the meter.
 * Out:    EventBatch, a view of memory shared with the addon, valid until the next read.
 * Units:  milliseconds since the epoch (packet time), layer-3 octets.
 * Bounds: flows, hosts, pairs and events are bounded in the addon; what is dropped is counted by reason.
 * Throws: CaptureError with the interface, capability or file in it.
 */
export { CAUSE, PURPOSE } from './event-batch.ts'
export type { CapturedInterface, EventBatch, EventField, EventLayout, MeterCounters, PacketSource } from './event-batch.ts'
export { createEventFields, eventField } from './event-fields.ts'
export type { EventFieldIndex } from './event-fields.ts'
export { CaptureError } from './errors.ts'
export type { CaptureProblem } from './errors.ts'
export { DEFAULT_METER_LIMITS } from './meter-limits.ts'
export type { InterfaceChoice, MeterLimits } from './meter-limits.ts'
