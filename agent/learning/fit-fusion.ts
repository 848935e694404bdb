import type { FusionSource } from '../ensemble/index.ts'
import { calibratedLogRatio } from '../kit/index.ts'
import { fitBoundedLogistic } from './bounded-logistic.ts'
import { balanceClasses, fitBetaCalibration } from './fit-calibration.ts'

/** One source of evidence, with what it said about every row; NaN where it said nothing. */
export interface SourceColumn {
  readonly name: string
  /** Scores in (0, 1) need calibration; ratios are log-likelihood ratios already. */
  readonly unit: 'score' | 'ratio'
  readonly values: Float64Array
  /** Bound of the ratio before weighting, nats. */
  readonly cap: number
  readonly weightMin: number
}

/** What the rows are: 1 attack, 0 benign; and how much each counts. */
export interface RowTruth {
  readonly labels: ArrayLike<number>
  readonly weights: ArrayLike<number>
}

/** Calibration and weight by source name. */
export type FittedSources = Record<string, FusionSource>

/**
 * Pull towards naive Bayes (weight 1), beside the mean log-loss. 0.01: what the labels say wins wherever a source moves the mean loss
 * by more than a hundredth of a nat; a test that never fires in the samples keeps its full weight.
 */
const RIDGE = 0.01

/**
 * Calibrates every score on the given rows and finds the weights of the sum of log-likelihood ratios by ridge logistic regression,
 * each in [weightMin, 1]. Less than 1 where sources repeat one another. No intercept: the sources are calibrated, the prior is a policy.
 */
export function fitSources(sources: readonly SourceColumn[], truth: RowTruth, rows: readonly number[]): FittedSources {
  const calibrated = sources.map((source): FusionSource => ({
    ...(source.unit === 'score' ? { calibration: calibrate(source, truth, rows) } : {}), weight: 1, cap: source.cap,
  }))
  const ratios = new Float64Array(rows.length * sources.length)
  for (const [position, row] of rows.entries()) {
    for (const [column, source] of sources.entries()) {
      ratios[position * sources.length + column] = cappedRatio(source, calibrated[column]!, row)
    }
  }
  const labels = rows.map((row) => truth.labels[row]!)
  const weights = fitBoundedLogistic({
    features: ratios, width: sources.length, labels, weights: balanceClasses(labels, rows.map((row) => truth.weights[row]!)),
    lower: sources.map(({ weightMin }) => weightMin), upper: sources.map(() => 1),
    ridge: sources.map(() => RIDGE), centre: sources.map(() => 1),
  })
  return Object.fromEntries(sources.map(({ name }, column) => [name, { ...calibrated[column]!, weight: weights[column]! }]))
}

/** The weighted sum of log-likelihood ratios of one row, without the prior. */
export function fusedRatio(sources: readonly SourceColumn[], fitted: FittedSources, row: number): number {
  return sources.reduce((sum, source) => {
    const parameters = fitted[source.name]!
    return sum + parameters.weight * cappedRatio(source, parameters, row)
  }, 0)
}

function cappedRatio(source: SourceColumn, { calibration, cap }: FusionSource, row: number): number {
  const value = source.values[row]!
  if (Number.isNaN(value)) return 0
  const ratio = calibration === undefined ? value : calibratedLogRatio(calibration, value)
  return Math.min(cap, Math.max(-cap, ratio))
}

function calibrate(source: SourceColumn, truth: RowTruth, rows: readonly number[]) {
  const present = rows.filter((row) => !Number.isNaN(source.values[row]!))
  return fitBetaCalibration({
    scores: present.map((row) => source.values[row]!),
    labels: present.map((row) => truth.labels[row]!),
    weights: present.map((row) => truth.weights[row]!),
  })
}
