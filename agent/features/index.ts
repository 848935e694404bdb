/**
 * features: flow, host and pair counters of an event in, feature rows out, under a versioned schema.
 *
 * In:     EventBatch.
 * Out:    FeatureRows (flow + host + pair, for the forest), event vectors (one step each) and sequences of them.
 * Bounds: one row an event; sequences of at most `SEQUENCE_STEPS` steps for at most `entitiesMax` entities.
 * Throws: nothing. Values outside their range are clamped and counted.
 */
export { EVENT_VECTOR_SCHEMA, SEQUENCE_STEPS } from './event-vector-schema.ts'
export type { FeatureDefinition, FeatureRows, FeatureSchema, Presence, SequenceBatch } from './feature-schema.ts'
export { FEATURE_SCHEMA } from './flow-feature-schema.ts'
export { FeatureExtractor } from './feature-extractor.ts'
export { SEQUENCE_LIMITS, SequenceMemory } from './sequence-memory.ts'
export type { SequenceLimits } from './sequence-memory.ts'
