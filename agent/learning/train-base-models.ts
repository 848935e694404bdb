import type { FusionParameters, ModelManifest, ScoreThreshold } from '../ensemble/index.ts'
import { areaUnderRoc } from './auc.ts'
import { conformalThreshold } from './conformal-threshold.ts'
import { crossFit } from './cross-fit.ts'
import type { CrossFit, CrossFitOptions } from './cross-fit.ts'
import { fitSources, fusedRatio } from './fit-fusion.ts'
import type { RowTruth, SourceColumn } from './fit-fusion.ts'
import { forestGraph } from './forest-graph.ts'
import { FOREST_DEFAULTS } from './isolation-forest.ts'
import { sha256 } from './model-files.ts'
import type { TrainedModels } from './model-files.ts'
import { inferenceGraph } from './sequence-graphs.ts'
import { assignFolds, checkSamples, LABEL, labelledRows, rowWeights } from './training-samples.ts'
import type { TrainingSamples } from './training-samples.ts'

/** How base models are trained. */
export interface BaseTrainingOptions {
  readonly seed: number
  /** What the samples are, for the manifest. */
  readonly description: string
  /** What the models cannot know, for the manifest, beside what training itself knows. */
  readonly limits?: readonly string[]
  /** Log-odds that an entity is hostile before anything is seen of it: a policy, see FusionParameters. */
  readonly priorLogOdds?: number
  readonly hidden?: number
  readonly epochsMax?: number
  readonly onProgress?: (done: number, total: number, what: string) => void
  readonly signal?: AbortSignal
}

/** Models with the scores behind their thresholds. */
export interface BaseModels extends TrainedModels {
  /** What each model gave benign rows of captures that it had not seen: what a threshold of its own can be set by. */
  readonly heldOut: { readonly forest: Float64Array; readonly sequence: Float64Array }
}

/**
 * Learned scores are capped (learning.md, section 3, point 3); tests over independent trials may say more. At run time everything learned
 * together multiplies the odds by at most ten (LEARNED_RATIO_MAX of the fusion), so each of the two models gets half of that; a score that
 * is repeated is summed to twice its cap. Under a prior of one's own both stay within this share of it all the same.
 */
const LEARNED_CAP_MAX = Math.log(10) / 2
const LEARNED_SHARE_OF_PRIOR = 0.85
const LEARNED_SUMMANDS = 4
const TEST_CAP = 12
/** The forest keeps a say: under a shift of traffic the supervised parts go stale first (learning.md, section 3, point 2). */
const FOREST_WEIGHT_MIN = 0.25
const LEARNED_INTERVAL_MS = 1_000
const PRIOR_LOG_ODDS = -6.9
const FALSE_POSITIVE_RATES = [0.01, 0.001]
const FAILURE_PROBABILITY = 0.05

const LIMITS = [
  'Fitted on short captures of single applications: the models know little of what is ordinary on a whole gateway.',
  'Calibrated on few, staged attacks: scores are capped and rank below explicit evidence tests.',
  'Thresholds hold only while new benign rows are exchangeable with the calibration rows; on another network they are not.',
  'Same samples and seed give the same bytes on the same kind of processor; elsewhere ONNX Runtime may sum in another order.',
]

/**
 * Forest, sequence model, calibrations, weights and thresholds out of labelled samples.
 *
 * Forest and sequence model see benign rows only; attacks calibrate. Everything that judges a score (calibration, weight, threshold, AUC)
 * sees scores of models that did not see that row's capture (folds by capture). What ships is then fitted on all captures.
 * Same samples and seed, same bytes.
 *
 * Throws LearningError where the samples do not suffice.
 */
export async function trainBaseModels(samples: TrainingSamples, options: BaseTrainingOptions): Promise<BaseModels> {
  checkSamples(samples)
  const priorLogOdds = options.priorLogOdds ?? PRIOR_LOG_ODDS
  const rows = labelledRows(samples)
  const folds = assignFolds(samples, rows, options.seed)
  const weights = rowWeights(samples, rows)
  const fitted = await crossFit(samples, { rows, folds, weights }, crossFitOptions(options))
  const truth: RowTruth = { labels: samples.labels, weights }
  const sources = sourceColumns(samples, fitted, learnedCap(priorLogOdds))
  const fused = crossFittedRatios(sources, truth, { rows, folds: folds.count, foldOf: (row) => folds.foldOf[samples.captures[row]!]! })
  const benign = rows.filter((row) => samples.labels[row] === LABEL.benign)
  const files = { 'forest.onnx': forestGraph(fitted.forest), 'sequence.onnx': inferenceGraph(fitted.sequence) }
  const fusion: FusionParameters = {
    priorLogOdds,
    categoryPriorLogOdds: {},
    sources: fitSources(sources, truth, rows),
    defaultTest: { weight: 1, cap: TEST_CAP },
    indicators: {},
    learnedIntervalMs: LEARNED_INTERVAL_MS,
    thresholds: thresholds(benign.map((row) => priorLogOdds + fused[row]!)),
  }
  const heldOut = (scores: Float64Array): Float64Array =>
    Float64Array.from(benign, (row) => scores[row]!).filter((score) => !Number.isNaN(score))
  const auc = (values: ArrayLike<number>): number | null => heldOutAuc(values, truth, rows)
  return {
    files,
    heldOut: { forest: heldOut(fitted.forestScores), sequence: heldOut(fitted.sequenceScores) },
    manifest: {
      format: 1,
      version: `base-${sha256(Object.values(files).map(sha256).join('') + JSON.stringify(fusion)).slice(0, 12)}`,
      description: options.description,
      limits: [...(options.limits ?? []), ...LIMITS],
      seed: options.seed,
      models: [
        {
          kind: 'forest', ...filePin('forest.onnx', files['forest.onnx']), schemaVersion: samples.features.schemaVersion,
          inputWidth: samples.features.width, rows: fitted.forestRows, heldOutAuc: auc(fitted.forestScores),
          parameters: { trees: fitted.forest.trees.length, subsample: fitted.forest.subsample },
        },
        {
          kind: 'sequence', ...filePin('sequence.onnx', files['sequence.onnx']), schemaVersion: samples.sequences.schemaVersion,
          inputWidth: samples.sequences.width, steps: samples.sequences.steps, rows: fitted.sequenceRows,
          heldOutAuc: auc(fitted.sequenceScores), parameters: { hidden: fitted.sequence.hidden, epochs: fitted.epochs },
        },
      ],
      fusion,
      fusedHeldOutAuc: auc(fused),
      training: trainingCaptures(samples, rows),
    },
  }
}

function crossFitOptions(options: BaseTrainingOptions): CrossFitOptions {
  return {
    seed: options.seed,
    forest: FOREST_DEFAULTS,
    // Small by default: 16 × 32 costs 4.7 µs a row, and the samples do not carry more. Patience and rate: usual for Adam.
    sequence: { hidden: options.hidden ?? 32, batch: 128, learningRate: 3e-3, epochsMax: options.epochsMax ?? 30, patience: 4 },
    ...(options.onProgress === undefined ? {} : { onProgress: options.onProgress }),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  }
}

function learnedCap(priorLogOdds: number): number {
  return Math.min(LEARNED_CAP_MAX, LEARNED_SHARE_OF_PRIOR * Math.max(0, -priorLogOdds) / LEARNED_SUMMANDS)
}

function sourceColumns({ evidence, labels }: TrainingSamples, fitted: CrossFit, cap: number): SourceColumn[] {
  const { tests, ratios } = evidence
  return [
    { name: 'forest', unit: 'score', values: fitted.forestScores, cap, weightMin: FOREST_WEIGHT_MIN },
    { name: 'sequence', unit: 'score', values: fitted.sequenceScores, cap, weightMin: 0 },
    ...tests.map((name, column): SourceColumn => ({
      name, unit: 'ratio', cap: TEST_CAP, weightMin: 0,
      values: Float64Array.from({ length: labels.length }, (_, row) => ratios[row * tests.length + column]!),
    })),
  ]
}

/** Fused log-likelihood ratio of each row by calibrations and weights fitted on the other folds; NaN for rows that take no part. */
function crossFittedRatios(sources: readonly SourceColumn[], truth: RowTruth, { rows, folds, foldOf }: {
  readonly rows: readonly number[]
  readonly folds: number
  readonly foldOf: (row: number) => number
}): Float64Array {
  const fused = new Float64Array(truth.labels.length).fill(Number.NaN)
  for (let fold = 0; fold < folds; fold += 1) {
    const parameters = fitSources(sources, truth, rows.filter((row) => foldOf(row) !== fold))
    for (const row of rows) {
      if (foldOf(row) === fold) fused[row] = fusedRatio(sources, parameters, row)
    }
  }
  return fused
}

function thresholds(benignLogOdds: readonly number[]): ScoreThreshold[] {
  const scores = Float64Array.from(benignLogOdds)
  return FALSE_POSITIVE_RATES.flatMap((falsePositiveRateMax): ScoreThreshold[] => {
    const found = conformalThreshold(scores, falsePositiveRateMax, FAILURE_PROBABILITY)
    if (found === undefined) return []
    const { threshold, benign, exceeding } = found
    return [{
      logOdds: threshold, falsePositiveRateMax, failureProbability: FAILURE_PROBABILITY, benignRows: benign, exceedingRows: exceeding,
    }]
  })
}

function heldOutAuc(values: ArrayLike<number>, { labels, weights }: RowTruth, rows: readonly number[]): number | null {
  const scored = rows.filter((row) => !Number.isNaN(values[row]!))
  return areaUnderRoc(scored.map((row) => values[row]!), scored.map((row) => labels[row]!), scored.map((row) => weights[row]!))
}

function filePin(file: string, content: Uint8Array) {
  return { file, sha256: sha256(content), bytes: content.length }
}

function trainingCaptures({ captureList, captures, labels }: TrainingSamples, rows: readonly number[]): ModelManifest['training'] {
  const counts = captureList.map(({ id, source }) => ({ capture: id, source, benignRows: 0, attackRows: 0 }))
  for (const row of rows) counts[captures[row]!]![labels[row] === LABEL.attack ? 'attackRows' : 'benignRows'] += 1
  return counts.filter(({ benignRows, attackRows }) => benignRows + attackRows > 0)
}
