/**
 * learning: labelled samples in, models that ship out.
 *
 * In:     TrainingSamples: feature rows, event sequences, evidence and labels in typed arrays, with the capture of each row.
 * Out:    ONNX files and the manifest that pins them: forest, sequence model, calibrations, fusion weights, thresholds.
 * Units:  scores in (0, 1), log-likelihood ratios in nats.
 * Bounds: at most 1 000 rows of a capture, label and kind are kept; training stops after at most `epochsMax` passes.
 * Throws: LearningError where the samples do not suffice. Runs ONNX Runtime on its own thread: call it in a process of its own.
 */
export { areaUnderRoc } from './auc.ts'
export { conformalThreshold } from './conformal-threshold.ts'
export type { ConformalThreshold } from './conformal-threshold.ts'
export { LearningError } from './errors.ts'
export type { LearningProblem } from './errors.ts'
export { indicatorRatios } from './indicator-counts.ts'
export type { IndicatorCounts, IndicatorRatios } from './indicator-counts.ts'
export { writeModels } from './model-files.ts'
export type { ModelSigner, TrainedModels } from './model-files.ts'
export { SAMPLE_LIMITS, SampleCollector } from './sample-collector.ts'
export type { SampleLimits, SampleRow, SampleShape } from './sample-collector.ts'
export { trainBaseModels } from './train-base-models.ts'
export type { BaseModels, BaseTrainingOptions } from './train-base-models.ts'
export { LABEL, selectCaptures } from './training-samples.ts'
export type { TrainingSamples } from './training-samples.ts'
