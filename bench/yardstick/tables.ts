import { DETECTORS, FLOW_CATEGORIES, proportion } from '../../agent/evaluation/index.ts'
import type { Detector, FlowCategory, Proportion, Rate } from '../../agent/evaluation/index.ts'
import type { EntityGroup, Figures, FlowGroup } from './figures.ts'

/** Macro means, one row a detector. */
export function macroTable({ macro, entityGroups, flowGroups }: Figures): string {
  const ranked = flowGroups.filter(({ benign }) => benign > 0).length
  return markdown(
    ['detector', `alerted (${entityGroups.length} groups)`, 'acted on', `flow TPR at FPR 0.1 % (${ranked} groups)`, 'flow AUC'],
    DETECTORS.map((detector) => {
      const { alertRecall, enforceRecall, flowTruePositiveRate, flowAuc } = macro[detector]
      return [detector, ...[alertRecall, enforceRecall, flowTruePositiveRate, flowAuc].map(share)]
    }),
  )
}

/** The same with everything in one pot. */
export function pooledTable({ pooled }: Figures): string {
  return markdown(
    ['detector', 'alerted', 'acted on', 'flow TPR at FPR 0.1 %', 'flow AUC'],
    DETECTORS.map((detector) => {
      const { alert, enforce, flowAuc, flowTruePositiveRate } = pooled[detector]
      return [
        detector, counted(alert.tp, alert.tp + alert.fn), counted(enforce.tp, enforce.tp + enforce.fn), share(flowTruePositiveRate),
        flowAuc === null ? '–' : number(flowAuc, 3),
      ]
    }),
  )
}

/** What each detector does to people who did nothing. */
export function falseAlarmTable({ pooled }: Figures): string {
  return markdown(
    ['detector', 'innocents alerted on', 'innocents acted on', 'alerts a day', 'acted on a day', 'alerts a million benign flows',
      'acted on a million benign flows'],
    DETECTORS.map((detector) => {
      const each = pooled[detector]
      return [
        detector, counted(each.alert.fp, each.alert.fp + each.alert.tn), counted(each.enforce.fp, each.enforce.fp + each.enforce.tn),
        upTo(each.falseAlertsPerDay), upTo(each.falseEnforcementsPerDay), upTo(each.falseAlertsPerMillionFlows),
        upTo(each.falseEnforcementsPerMillionFlows),
      ]
    }),
  )
}

/** Which share of truths each detector names. */
export type EntityView = 'alerted' | 'enforced'

/** Truths by category over all sources, the worst of the fusion first. */
export function categoryTable({ entityGroups }: Figures, view: EntityView): string {
  const rows = [...new Set(entityGroups.map(({ category }) => category))].map((category) => {
    const groups = entityGroups.filter((group) => group.category === category)
    const truths = sum(groups, (group) => group.truths)
    const found = (detector: Detector): number => sum(groups, (group) => group[view][detector])
    return { category, sources: groups.length, truths, found }
  })
  rows.sort((left, right) => left.found('fusion') / left.truths - right.found('fusion') / right.truths || right.truths - left.truths)
  return markdown(['category', 'sources', ...DETECTORS], rows.map(({ category, sources, truths, found }) => (
    [category, String(sources), ...DETECTORS.map((detector) => counted(found(detector), truths))]
  )))
}

/** Truths by source and category, the worst of the fusion first. */
export function sourceTable({ entityGroups }: Figures, view: EntityView): string {
  const recall = (group: EntityGroup): number => group[view].fusion / group.truths
  const rows = entityGroups.toSorted((left, right) => recall(left) - recall(right) || right.truths - left.truths)
  return markdown(['category', 'source', ...DETECTORS], rows.map((group) => (
    [group.category, group.source, ...DETECTORS.map((detector) => counted(group[view][detector], group.truths))]
  )))
}

/** Ranking of flows by source and category, the worst of the fusion first. */
export function flowTable({ flowGroups }: Figures, measure: 'auc' | 'truePositiveRate'): string {
  const of = (group: FlowGroup, detector: Detector): number | null => group.ranking[detector][measure]
  const rows = flowGroups.toSorted((left, right) => (of(left, 'fusion') ?? 2) - (of(right, 'fusion') ?? 2) || right.attacks - left.attacks)
  return markdown(['category', 'source', 'attack flows', 'benign flows', ...DETECTORS], rows.map((group) => [
    group.category, group.source, String(group.attacks), String(group.benign),
    ...DETECTORS.map((detector) => flowCell(group, detector, measure)),
  ]))
}

/** Mean of the flow TPR over the sources of a category, the worst of the fusion first. */
export function flowCategoryTable({ flowGroups }: Figures): string {
  const rows = FLOW_CATEGORIES.flatMap((category) => {
    const groups = flowGroups.filter((group) => group.category === category && group.benign > 0)
    return groups.length === 0 ? [] : [{ category, groups, fusion: meanRate(groups, 'fusion') }]
  }).sort((left, right) => left.fusion - right.fusion)
  return markdown(['category', 'sources', 'attack flows', ...DETECTORS], rows.map(({ category, groups }: CategoryRow) => [
    category, String(groups.length), String(sum(groups, ({ attacks }) => attacks)),
    ...DETECTORS.map((detector) => number(meanRate(groups, detector), 2)),
  ]))
}

interface CategoryRow {
  readonly category: FlowCategory
  readonly groups: readonly FlowGroup[]
}

/** A table in Markdown. */
export function markdown(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}

/** `3/4 (.19–.99)`: a count with its exact interval. */
export function counted(successes: number, trials: number): string {
  if (trials === 0) return '–'
  const { lower95, upper95 } = proportion(successes, trials)
  return `${successes}/${trials} (${number(lower95!, 2)}–${number(upper95!, 2)})`
}

/** `.75 (.19–.99)`. */
export function share({ value, lower95, upper95 }: Proportion): string {
  return value === null ? '–' : `${number(value, 3)} (${number(lower95!, 2)}–${number(upper95!, 2)})`
}

/** A share without its leading zero, as papers print them. */
export function number(value: number, digits: number): string {
  return value.toFixed(digits).replace(/^0\./, '.')
}

function upTo({ value, upper95 }: Rate): string {
  return value === null ? '–' : `${figures(value)} (≤ ${figures(upper95!)})`
}

/** Three figures, without an exponent. */
function figures(value: number): string {
  return value >= 100 ? String(Math.round(value)) : value.toPrecision(3)
}

function flowCell({ ranking, attacks }: FlowGroup, detector: Detector, measure: 'auc' | 'truePositiveRate'): string {
  const value = ranking[detector][measure]
  if (value === null) return '–'
  return measure === 'auc' ? number(value, 3) : share(proportion(Math.round(value * attacks), attacks))
}

function meanRate(groups: readonly FlowGroup[], detector: Detector): number {
  return sum(groups, ({ ranking }) => ranking[detector].truePositiveRate ?? 0) / groups.length
}

function sum<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((total, item) => total + of(item), 0)
}
