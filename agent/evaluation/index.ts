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
export { AlarmLog } from './alarm-log.ts'
export type {
  ActivityStep, Alarm, CaptureReplay, EvaluationSubject, ReplayedCapture, ReplayedComparison, ReplayedFlow, ReplayedVerdict, ReplayOptions,
  ScoreAlarm,
} from './capture-replay.ts'
export { compareDetectors, DETECTORS, forEachDetector, MODEL_ALARMS } from './compare-detectors.ts'
export type { ByDetector, ComparedCapture, Detector } from './compare-detectors.ts'
export { confusionByCategory, INNOCENT, NOBODY } from './confusion.ts'
export type { ConfusionCell } from './confusion.ts'
export { precisionAt, thinCurve, truePositiveRateAt, weightedCurve } from './curves.ts'
export type { CurvePoint, WeightedScores } from './curves.ts'
export { reachedShares } from './detection-times.ts'
export type { ReachedShare } from './detection-times.ts'
export { EvaluationError, formatManifestProblem } from './errors.ts'
export type { EvaluationTrouble, ManifestProblem } from './errors.ts'
export { evaluateCaptures } from './evaluate-captures.ts'
export type { EvaluationProgress } from './evaluate-captures.ts'
export { boundedMean, poissonUpper95, proportion } from './exact-bounds.ts'
export type { Proportion } from './exact-bounds.ts'
export { BENIGN, FLOW_CATEGORIES, scoresOfClass } from './flow-sheet.ts'
export type { FlowCategory } from './flow-sheet.ts'
export { classifyFlow, labelsByEnd } from './label-matching.ts'
export type { FlowClass } from './label-matching.ts'
export type { DefaultLabel, Label, LabelCategory, LabelledCapture, Strength } from './labelled-capture.ts'
export { joinScores, rank } from './ranking.ts'
export type { Ranking, ScoredFlows } from './ranking.ts'
export { readManifests } from './read-manifest.ts'
export { reliability } from './reliability.ts'
export type { Reliability, ReliabilityBin } from './reliability.ts'
export type { CaptureReport, EntityCounts, EntityViews, EvaluationReport, FlowQuality, ListedVerdict, Percentiles, Rate } from './report.ts'
export { RULE_FLOWS_MIN, TRIVIAL_RULES } from './trivial-rules.ts'
export type { TrivialRule } from './trivial-rules.ts'
export { separateSources } from './source-separation.ts'
export type { Separation, SeparationOutcome, SourcedRows } from './source-separation.ts'
