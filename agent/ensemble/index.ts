/**
 * ensemble: feature rows and events in; scores, evidence and one calibrated posterior per entity out.
 *
 * In:     FeatureRows, sequences of event vectors, EventBatch.
 * Out:    Posterior, additive in its contributions, with the model version.
 * Bounds: entities of at most `entitiesMax`, the least recently seen forgotten and counted; batches of at most 64 rows.
 * Throws: EnsembleError when models do not load; rows that are not finite are refused and counted.
 */
export type { Category, Contribution, Entity, Finding, Posterior } from './posterior.ts'
export { fusionParametersSchema, UNTRAINED_FUSION } from './fusion-parameters.ts'
export type { FusionParameters, FusionSource, ScoreThreshold } from './fusion-parameters.ts'
export { EnsembleError } from './errors.ts'
export type { EnsembleProblem } from './errors.ts'
export { InferenceClient, openInferenceClient } from './inference-client.ts'
export type { InferenceCounters, InferenceOptions } from './inference-client.ts'
export { modelManifestSchema, parseManifest } from './model-manifest.ts'
export type { ModelFile, ModelManifest } from './model-manifest.ts'
export { ModelRegistry } from './model-registry.ts'
export type { RegisteredModels } from './model-registry.ts'
export type { ModelSignature, ModelTrust } from './model-origin.ts'
export { readModels } from './read-models.ts'
export type { ExpectedInputs, LoadedModel, LoadedModels } from './read-models.ts'
export { AnomalyDetector } from './anomaly-detector.ts'
export { UNKNOWN_SURROUNDINGS } from './entity-naming.ts'
export type { Surroundings } from './entity-naming.ts'
export { HybridBayesianFusion } from './hybrid-bayesian-fusion.ts'
export { EVIDENCE_TESTS, PatternRecognizer } from './pattern-recognizer.ts'
export { ThreatDetector } from './threat-detector.ts'
export type { JudgeInput, ThreatDetectorOptions } from './threat-detector.ts'
