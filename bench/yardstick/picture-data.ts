import {
  confusionByCategory, DETECTORS, FLOW_CATEGORIES, INNOCENT, joinScores, NOBODY, precisionAt, reachedShares, reliability, thinCurve,
  weightedCurve,
} from '../../agent/evaluation/index.ts'
import type { ConfusionCell, CurvePoint, Detector, Reliability, WeightedScores } from '../../agent/evaluation/index.ts'
import { attackScores, benignScores } from './figures.ts'
import type { JudgedFold } from './judge-fold.ts'

/** One point of a line of a picture with panels. */
export interface PanelPoint {
  readonly panel: string
  readonly detector: Detector
  readonly x: number
  readonly y: number
}

/** What the pictures show, as plain numbers. */
export interface PictureData {
  readonly roc: readonly PanelPoint[]
  readonly precisionRecall: readonly PanelPoint[]
  readonly timeToDetect: readonly PanelPoint[]
  readonly reliability: { readonly entities: Reliability; readonly flows: Reliability }
  readonly confusion: readonly ConfusionCell[]
}

/** How both weightings of attack flows are called in pictures. */
export const PANELS = {
  macro: 'every (source, category) weighs the same', pooled: 'every flow weighs the same', packets: 'packets of the attack', ms: 'seconds',
} as const

/** Precision is shown where one flow in a thousand is an attack: that of staged captures is nobody's. */
export const SHOWN_BASE_RATE = 0.001

const POINTS_MAX = 60
const RATE_MIN = 1e-4

/** Everything that is drawn, out of what all folds' captures gave. */
export function pictureData(folds: readonly JudgedFold[]): PictureData {
  const curves = DETECTORS.filter((detector) => detector !== 'tests alone').flatMap((detector) => curvesOf(folds, detector))
  const captures = folds.flatMap((fold) => fold.captures)
  const predicted = captures.map(({ predictions }) => predictions)
  return {
    roc: curves.flatMap(({ panel, detector, points }) => rocLine(points).map(([x, y]) => ({ panel, detector, x, y }))),
    precisionRecall: curves.flatMap(({ panel, detector, points }) => (
      precisionLine(points).map(([x, y]) => ({ panel, detector, x, y }))
    )),
    timeToDetect: DETECTORS.flatMap((detector) => {
      const truths = captures.flatMap(({ entities }) => entities[detector].truths)
      return [
        ...timeLine(truths.map(({ ms }) => ms / 1_000), 1e-3).map(([x, y]) => ({ panel: PANELS.ms, detector, x, y })),
        ...timeLine(truths.map(({ packets }) => packets), 1).map(([x, y]) => ({ panel: PANELS.packets, detector, x, y })),
      ]
    }),
    reliability: {
      entities: reliability(predicted.flatMap(({ positive }) => positive), joinScores(predicted.map(({ negative }) => negative))),
      flows: reliability(attackScores(captures, 'fusion'), benignScores(captures, 'fusion')),
    },
    confusion: orderedConfusion(folds),
  }
}

interface DetectorCurve {
  readonly panel: string
  readonly detector: Detector
  readonly points: readonly CurvePoint[]
}

function curvesOf(folds: readonly JudgedFold[], detector: Detector): DetectorCurve[] {
  const negative = joinScores(folds.map(({ captures }) => benignScores(captures, detector)))
  const groups = folds.flatMap(({ source, captures }) => {
    const own = captures.filter(({ capture }) => capture.source === source)
    return FLOW_CATEGORIES.map((category): WeightedScores => ({ scores: attackScores(own, detector, category), weight: 1 }))
  }).filter(({ scores }) => scores.length > 0)
  const everything = { scores: joinScores(groups.map(({ scores }) => scores)), weight: 1 }
  return [
    { panel: PANELS.macro, detector, points: weightedCurve(groups, negative) },
    { panel: PANELS.pooled, detector, points: weightedCurve([everything], negative) },
  ]
}

/** Steps become lines on a logarithmic axis that begins at RATE_MIN, where the curve enters with what it found until there. */
function rocLine(points: readonly CurvePoint[]): [number, number][] {
  if (points.length === 0) return []
  const inside = points.filter(({ falsePositiveRate }) => falsePositiveRate > RATE_MIN)
  const before = points.findLast(({ falsePositiveRate }) => falsePositiveRate <= RATE_MIN)!
  const line = thinCurve([{ ...before, falsePositiveRate: RATE_MIN }, ...inside], POINTS_MAX)
  return line.map(({ falsePositiveRate, truePositiveRate }) => [rounded(falsePositiveRate), rounded(truePositiveRate)])
}

/** From recall 0, which a threshold between two scores cannot reach better than the strictest one does. */
function precisionLine(points: readonly CurvePoint[]): [number, number][] {
  const line = thinCurve(points, POINTS_MAX).flatMap((point): [number, number][] => {
    const precision = precisionAt(point, SHOWN_BASE_RATE)
    return precision === null ? [] : [[rounded(point.truePositiveRate), rounded(precision)]]
  })
  return line.length === 0 ? [] : [[0, line[0]![1]], ...line]
}

/** From nothing at the axis' left end over every step to a level line at its right end. */
function timeLine(values: readonly number[], least: number): [number, number][] {
  const steps = reachedShares(values.map((value) => Math.max(value, least)))
  const most = Math.max(steps.at(-1)?.at ?? least, least)
  const end = Math.max(10 ** Math.ceil(Math.log10(most)), 1_000)
  const line = steps.map(({ at, share }): [number, number] => [rounded(at), rounded(share)])
  return [[least, 0], ...line, [end, rounded(steps.at(-1)?.share ?? 0)]]
}

/** Every row in full, so that an empty cell is seen to be empty. */
function orderedConfusion(folds: readonly JudgedFold[]): readonly ConfusionCell[] {
  const cells = confusionByCategory(folds.flatMap(({ captures }) => captures.map(({ entities }) => entities.fusion)))
  const named = [...new Set(cells.flatMap((cell) => [cell.actual, cell.named]))].filter((name) => name !== NOBODY && name !== INNOCENT)
  const categories = named.sort()
  return [...categories, INNOCENT].flatMap((actual) => [...categories, NOBODY].map((name) => (
    cells.find((cell) => cell.actual === actual && cell.named === name) ?? { actual, named: name, count: 0 }
  )))
}

/** Four figures: what a pixel shows, and a fifth of the file. */
function rounded(value: number): number {
  return Number(value.toPrecision(4))
}
