import type { CaptureReport, EntityCounts, EvaluationReport, FlowQuality, Percentiles, Rate } from '../evaluation/index.ts'
import { formatPairs, formatTable } from './table.ts'

/** The report for people: totals first, then what went wrong capture by capture. Pure. */
export function formatEvaluation(report: EvaluationReport, width: number): string {
  return [
    views(report, width),
    formatPairs(figures(report), width),
    payload(report, width),
    captures(report.captures, width),
  ].filter((part) => part !== '').join('\n')
}

function views({ entities, flows, bounds }: EvaluationReport, width: number): string {
  const recall = ({ lower95, upper95 }: EvaluationReport['bounds']['flowRecall']): string => `${share(lower95)} .. ${share(upper95)}`
  return formatTable(COUNT_COLUMNS, [
    countRow('entities, alert', entities.alert, recall(bounds.alertRecall)),
    countRow('entities, enforce', entities.enforce, recall(bounds.enforceRecall)),
    countRow('flows', flows, recall(bounds.flowRecall)),
  ], width)
}

const NUMBERS = ['found', 'missed', 'wrong category', 'false', 'left alone', 'recall'].map((title) => ({ title, align: 'right' as const }))
const COUNT_COLUMNS = [{ title: '' }, ...NUMBERS, { title: '95 % interval' }]

function countRow(name: string, counts: FlowQuality | EntityCounts, interval: string): string[] {
  const attacks = counts.tp + counts.fn
  const wrong = 'wrongCategory' in counts ? String(counts.wrongCategory) : ''
  const found = share(attacks === 0 ? null : counts.tp / attacks)
  return [name, String(counts.tp), String(counts.fn), wrong, String(counts.fp), String(counts.tn), found, interval]
}

function figures(report: EvaluationReport): [string, string][] {
  const { flows, timeToDetect, bounds } = report
  const inSample = report.captures.filter((capture) => capture.inSample).length
  const perMillion = { value: report.falseEnforcementsPerMillionFlows, upper95: report.falseEnforcementsPerMillionFlowsUpper95 }
  return [
    ['active hours', number(report.hours)],
    ['flow AUC', number(flows.auc)],
    ['flow recall at 0.1 % false', share(flows['tpr_at_fpr_0.001'])],
    ['false enforcements per million flows', bounded(perMillion)],
    ['false enforcements per day', bounded(bounds.falseEnforcementsPerDay)],
    ['false alerts per day', bounded(bounds.falseAlertsPerDay)],
    ['time to detect, packets', percentiles(timeToDetect.packets)],
    ['time to detect, ms', percentiles(timeToDetect.ms)],
    ['models', `${report.modelHash}, trained on ${inSample} of these ${report.captures.length} captures`],
    ['thresholds', Object.entries(report.thresholds).map(([name, value]) => `${name} ${number(value)}`).join(', ')],
  ]
}

function payload({ payload, captures }: EvaluationReport, width: number): string {
  if (!captures.some((capture) => capture.strength === 'payload')) return ''
  const rows = [
    countRow('entities, alert', payload.entities.alert, ''),
    countRow('entities, enforce', payload.entities.enforce, ''),
    countRow('flows', payload.flows, ''),
  ]
  const table = formatTable(COUNT_COLUMNS.slice(0, -1), rows.map((row) => row.slice(0, -1)), width)
  return `Apart: captures that only content gives away\n${table}`
}

/** Captures with something to say; those without attack, verdict or trouble would only make the table long. */
function captures(all: readonly CaptureReport[], width: number): string {
  const told = all.filter((each) => each.error !== undefined || each.verdicts.length > 0 || each.entities.alert.fn > 0
    || each.flows.tp + each.flows.fn > 0)
  if (told.length === 0) return `${all.length} captures, none with an attack or a verdict\n`
  const columns = [
    { title: 'capture', shrinks: true }, { title: 'found', align: 'right' as const }, { title: 'missed', align: 'right' as const },
    { title: 'false', align: 'right' as const }, { title: 'flow AUC', align: 'right' as const }, { title: 'remarks', shrinks: true },
  ]
  const rows = told.map((each) => {
    const { tp, fn, fp } = each.entities.alert
    return [each.id, String(tp), String(fn), String(fp), number(each.flows.auc), remarks(each)]
  })
  const silent = all.length - told.length
  return `${formatTable(columns, rows, width)}${silent > 0 ? `and ${silent} captures without attack or verdict\n` : ''}`
}

function remarks(capture: CaptureReport): string {
  const named = [...new Set(capture.verdicts.map((verdict) => `${verdict.entity} ${verdict.category}`))].slice(0, 3)
  return [
    ...(capture.error === undefined ? [] : [`ERROR ${capture.error}`]),
    ...(capture.inSample ? ['in-sample'] : []),
    ...(capture.strength === 'payload' ? ['payload'] : []),
    ...named,
  ].join('; ')
}

function percentiles({ p50, p95 }: Percentiles): string {
  return `p50 ${number(p50)}, p95 ${number(p95)}`
}

function bounded({ value, upper95 }: Rate): string {
  return value === null ? '-' : `${number(value)} (below ${number(upper95)} with 95 % confidence)`
}

function share(value: number | null): string {
  return value === null ? '-' : `${(100 * value).toFixed(1)} %`
}

/** Three significant digits, no exponent for what people read. */
function number(value: number | null): string {
  if (value === null) return '-'
  return Math.abs(value) >= 1_000 ? String(Math.round(value)) : String(Number(value.toPrecision(3)))
}
