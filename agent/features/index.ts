/**
 * features: flow, host and pair counters of an event in, feature rows out, under a versioned schema.
 *
 * In:     EventBatch.
 * Out:    FeatureRows (flow + host + pair, for the forest) and event vectors (for sequences).
 * Bounds: one row an event.
 * Throws: nothing. Values outside their range are clamped and counted.
 */
export type { FeatureDefinition, FeatureRows, FeatureSchema, Presence } from './feature-schema.ts'
