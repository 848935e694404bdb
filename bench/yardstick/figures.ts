import {
  BENIGN, boundedMean, FLOW_CATEGORIES, forEachDetector, joinScores, poissonUpper95, proportion, rank, scoresOfClass,
} from '../../agent/evaluation/index.ts'
import type {
  ByDetector, ComparedCapture, Detector, EntityCounts, FlowCategory, Proportion, Ranking, Rate,
} from '../../agent/evaluation/index.ts'
import type { JudgedFold } from './judge-fold.ts'

const DAY_MS = 86_400_000
const FPR = 0.001

/** Attack flows of one category of one source, ranked against the benign flows of its fold. */
export interface FlowGroup {
  readonly source: string
  readonly category: FlowCategory
  readonly attacks: number
  readonly benign: number
  readonly ranking: ByDetector<Ranking>
}

/** Truths of one category of one source, and how many of them each detector found. */
export interface EntityGroup {
  readonly source: string
  readonly category: string
  readonly truths: number
  readonly alerted: ByDetector<number>
  readonly enforced: ByDetector<number>
}

/** Every (source, category) has one vote; a group that has nothing to rank against has none. */
export interface MacroFigures {
  readonly alertRecall: Proportion
  readonly enforceRecall: Proportion
  readonly flowTruePositiveRate: Proportion
  readonly flowAuc: Proportion
}

/** All flows and all entities in one pot. */
export interface PooledFigures {
  readonly alert: EntityCounts
  readonly enforce: EntityCounts
  readonly alertRecall: Proportion
  readonly enforceRecall: Proportion
  readonly flowAuc: number | null
  readonly flowTruePositiveRate: Proportion
  readonly falseAlertsPerDay: Rate
  readonly falseEnforcementsPerDay: Rate
  readonly falseAlertsPerMillionFlows: Rate
  readonly falseEnforcementsPerMillionFlows: Rate
}

/** What was there to be found: without it no share means anything. */
export interface BaseRates {
  readonly attackFlows: number
  readonly benignFlows: number
  readonly truths: number
  readonly innocents: number
  readonly captures: number
  readonly packets: number
  readonly hours: number
  readonly benignDays: number
}

/** Every figure of the yardstick. */
export interface Figures {
  readonly base: BaseRates
  readonly macro: ByDetector<MacroFigures>
  readonly pooled: ByDetector<PooledFigures>
  readonly flowGroups: readonly FlowGroup[]
  readonly entityGroups: readonly EntityGroup[]
}

/** Figures over the given captures of each fold. */
export function figuresOf(folds: readonly JudgedFold[], capturesOf = ({ captures }: JudgedFold) => captures): Figures {
  const all = folds.flatMap(capturesOf)
  const flowGroups = folds.flatMap((fold) => flowGroupsOf(fold, capturesOf(fold)))
  const entityGroups = folds.flatMap((fold) => entityGroupsOf(fold.source, capturesOf(fold)))
  return {
    base: baseRates(all),
    macro: forEachDetector((detector) => macroFigures(detector, flowGroups, entityGroups)),
    pooled: forEachDetector((detector) => pooledFigures(detector, all)),
    flowGroups, entityGroups,
  }
}

/** The scores that a detector gave the benign flows of these captures. */
export function benignScores(captures: readonly ComparedCapture[], detector: Detector): Float64Array {
  return joinScores(captures.map(({ scores, classes }) => scoresOfClass(scores[detector], classes, BENIGN)))
}

/** The scores that a detector gave attack flows of one category, of all where none is named. */
export function attackScores(captures: readonly ComparedCapture[], detector: Detector, category?: FlowCategory): Float64Array {
  const wanted = category === undefined ? undefined : 1 + FLOW_CATEGORIES.indexOf(category)
  return joinScores(captures.map(({ scores, classes }) => (
    scores[detector].filter((_, index) => (wanted === undefined ? classes[index] !== BENIGN : classes[index] === wanted))
  )))
}

function flowGroupsOf({ source }: JudgedFold, captures: readonly ComparedCapture[]): FlowGroup[] {
  const negative = forEachDetector((detector) => benignScores(captures, detector))
  const own = captures.filter(({ capture }) => capture.source === source)
  return FLOW_CATEGORIES.flatMap((category) => {
    const positive = forEachDetector((detector) => attackScores(own, detector, category))
    const attacks = positive.fusion.length
    if (attacks === 0) return []
    const ranking = forEachDetector((detector) => rank({ positive: positive[detector], negative: negative[detector] }, FPR))
    return [{ source, category, attacks, benign: negative.fusion.length, ranking }]
  })
}

function entityGroupsOf(source: string, captures: readonly ComparedCapture[]): EntityGroup[] {
  const categories = [...new Set(captures.flatMap(({ entities }) => entities.fusion.truths.map(({ category }) => category)))]
  return categories.sort().map((category) => {
    const count = (detector: Detector, isFound: 'alerted' | 'enforced'): number => captures.reduce((sum, { entities }) => (
      sum + entities[detector].truths.filter((truth) => truth.category === category && truth[isFound]).length
    ), 0)
    const truths = captures.flatMap(({ entities }) => entities.fusion.truths.filter((truth) => truth.category === category))
    return {
      source, category, truths: truths.length,
      alerted: forEachDetector((detector) => count(detector, 'alerted')),
      enforced: forEachDetector((detector) => count(detector, 'enforced')),
    }
  })
}

function macroFigures(detector: Detector, flows: readonly FlowGroup[], entities: readonly EntityGroup[]): MacroFigures {
  const known = (values: readonly (number | null)[]): number[] => values.filter((value) => value !== null)
  return {
    alertRecall: boundedMean(entities.map(({ alerted, truths }) => alerted[detector] / truths)),
    enforceRecall: boundedMean(entities.map(({ enforced, truths }) => enforced[detector] / truths)),
    flowTruePositiveRate: boundedMean(known(flows.map(({ ranking }) => ranking[detector].truePositiveRate))),
    flowAuc: boundedMean(known(flows.map(({ ranking }) => ranking[detector].auc))),
  }
}

function pooledFigures(detector: Detector, captures: readonly ComparedCapture[]): PooledFigures {
  const alert = sumCounts(captures.map(({ entities }) => entities[detector].alert.counts))
  const enforce = sumCounts(captures.map(({ entities }) => entities[detector].enforce.counts))
  const [positive, negative] = [attackScores(captures, detector), benignScores(captures, detector)]
  const { auc, truePositiveRate } = rank({ positive, negative }, FPR)
  const watched = captures.filter(isBenignByDefault)
  const days = benignDays(captures)
  const millions = watched.reduce((sum, { classes }) => sum + countBenign(classes), 0) / 1e6
  const falseAlerts = sumCounts(watched.map(({ entities }) => entities[detector].alert.counts)).fp
  const falseEnforcements = sumCounts(watched.map(({ entities }) => entities[detector].enforce.counts)).fp
  return {
    alert, enforce,
    alertRecall: proportion(alert.tp, alert.tp + alert.fn),
    enforceRecall: proportion(enforce.tp, enforce.tp + enforce.fn),
    flowAuc: auc,
    flowTruePositiveRate: truePositiveRate === null
      ? proportion(0, 0) : proportion(Math.round(truePositiveRate * positive.length), positive.length),
    falseAlertsPerDay: rate(falseAlerts, days),
    falseEnforcementsPerDay: rate(falseEnforcements, days),
    falseAlertsPerMillionFlows: rate(falseAlerts, millions),
    falseEnforcementsPerMillionFlows: rate(falseEnforcements, millions),
  }
}

function baseRates(captures: readonly ComparedCapture[]): BaseRates {
  const benignFlows = captures.reduce((sum, { classes }) => sum + countBenign(classes), 0)
  const flows = captures.reduce((sum, { classes }) => sum + classes.length, 0)
  const { tp, fn, fp, tn } = sumCounts(captures.map(({ entities }) => entities.fusion.alert.counts))
  return {
    attackFlows: flows - benignFlows, benignFlows, truths: tp + fn, innocents: fp + tn, captures: captures.length,
    packets: captures.reduce((sum, { packets }) => sum + packets, 0),
    hours: captures.reduce((sum, { activeMs }) => sum + activeMs, 0) / (DAY_MS / 24),
    benignDays: benignDays(captures),
  }
}

/** Only there is every host known to be innocent or labelled, so only there can a false verdict be told. */
function isBenignByDefault({ capture }: ComparedCapture): boolean {
  return capture.default === 'benign'
}

function benignDays(captures: readonly ComparedCapture[]): number {
  return captures.filter(isBenignByDefault).reduce((sum, { activeMs }) => sum + activeMs, 0) / DAY_MS
}

function countBenign(classes: Uint8Array): number {
  return classes.reduce((count, each) => (each === BENIGN ? count + 1 : count), 0)
}

function sumCounts(counts: readonly EntityCounts[]): EntityCounts {
  return counts.reduce((sum, each) => ({
    tp: sum.tp + each.tp, fp: sum.fp + each.fp, tn: sum.tn + each.tn, fn: sum.fn + each.fn,
    wrongCategory: sum.wrongCategory + each.wrongCategory,
  }), { tp: 0, fp: 0, tn: 0, fn: 0, wrongCategory: 0 })
}

function rate(count: number, exposure: number): Rate {
  return exposure <= 0 ? { value: null, upper95: null } : { value: count / exposure, upper95: poissonUpper95(count) / exposure }
}
