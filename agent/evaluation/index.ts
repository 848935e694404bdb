/**
 * evaluation: labelled captures and what the pipeline made of them in, detection quality out. The yardstick of every later change.
 *
 * In:     manifests (architecture.md, section 6); ReplayedCapture, which the daemon delivers through the port CaptureReplay.
 * Out:    EvaluationReport with exact bounds; a capture that cannot be judged has an `error` in it.
 * Units:  packet time in milliseconds since the epoch; hours and days of active time only.
 * Bounds: 100 000 captures, 10 000 labels each; 1 000 verdicts listed a capture, the rest counted.
 * Throws: EvaluationError for a manifest that cannot be read or is wrong, with every place.
 */
export { ActiveTime } from './active-time.ts'
export { ActivityRecorder } from './activity-recorder.ts'
export type { FlowProgress } from './activity-recorder.ts'
export type {
  ActivityStep, CaptureReplay, EvaluationSubject, ReplayedCapture, ReplayedFlow, ReplayedVerdict, ReplayOptions,
} from './capture-replay.ts'
export { EvaluationError, formatManifestProblem } from './errors.ts'
export type { EvaluationTrouble, ManifestProblem } from './errors.ts'
export { evaluateCaptures } from './evaluate-captures.ts'
export type { EvaluationProgress } from './evaluate-captures.ts'
export { classifyFlow } from './label-matching.ts'
export type { FlowClass } from './label-matching.ts'
export type { DefaultLabel, Label, LabelCategory, LabelledCapture, Strength } from './labelled-capture.ts'
export { readManifests } from './read-manifest.ts'
export type { CaptureReport, EntityCounts, EntityViews, EvaluationReport, FlowQuality, ListedVerdict, Percentiles, Rate } from './report.ts'
