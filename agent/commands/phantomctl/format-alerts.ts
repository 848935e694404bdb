import { goDuration } from '../../kit/index.ts'
import type { Alert, AlertSummary, Explanation } from '../../control/schema.ts'
import { formatBar, formatPairs, formatTable, hang, printable } from '../table.ts'
import { formatInstant, formatLatency, formatProbability, formatSigned } from './format-values.ts'

/** What each rule that can hold an action back means. A rule not listed is shown by its name. */
const HELD_BACK: Readonly<Record<string, string>> = {
  'mode': 'the mode keeps every action from happening',
  'never-block': 'the address is on the list of those never to block',
  'refused': 'the enforcer refused to block it a moment ago: its own list of whom to spare knows more',
  'cap': 'as many blocks as allowed are already in force, or were made within a minute',
  'unverified-source': 'no handshake and no answer proved this address, and anybody can forge one; so the block is short',
  'uncorroborated': 'only learned models speak against it, and no evidence test supports them',
  'victim': 'it suffers a flood whose sources are forged or reflected; blocking it would help the attacker',
  'no-address': 'a name has no address to act on',
}
const BAR_WIDTH = 20

/** One line an alert. */
export function formatAlerts(alerts: readonly AlertSummary[], width: number): string {
  if (alerts.length === 0) return 'No alerts.\n'
  const columns = [
    { title: 'ID', align: 'right' }, { title: 'OBSERVED' }, { title: 'CATEGORY' }, { title: 'ENTITY', shrinks: true },
    { title: 'POSTERIOR', align: 'right' }, { title: 'ACTION', shrinks: true },
  ] as const
  return formatTable(columns, alerts.map((alert) => [
    String(alert.id), formatInstant(alert.observedAtMs), alert.category, alert.entity.value, formatProbability(alert.probability),
    alert.isSimulated ? `${alert.action} (simulated)` : alert.action,
  ]), width)
}

/** One alert with its facts, without its reasons. */
export function formatAlert(alert: Alert, width: number): string {
  const { kind, value } = alert.entity
  const pairs: [string, string][] = [
    ['alert', `${alert.id}: ${alert.category} ${kind === 'victim' ? 'against' : 'by'} ${value} (${kind})`],
    ['observed', `${formatInstant(alert.observedAtMs)}${alert.flow === null ? '' : ` on ${alert.flow.in_iface}`}`],
    ...flowPairs(alert.flow),
    ['posterior', `${formatProbability(alert.probability)} (log-odds ${formatSigned(alert.logOdds)}, ` +
      `alerts from ${formatSigned(alert.thresholdLogOdds)}), models ${alert.modelVersion}`],
    ['source', alert.sourceVerified ? 'verified: it answered, or came through an authenticated tunnel' : 'not verified: it may be forged'],
    ['decided', decidedWords(alert)],
    ['costs', costWords(alert.expectedCosts)],
    ...alert.heldBackBy.map((rule): [string, string] => ['held back', [rule, HELD_BACK[rule] ?? []].flat().join(': ')]),
    ['kernel', kernelWords(alert.enforcement)],
  ]
  return formatPairs(pairs, width)
}

/** One alert with every reason for and against, and what would have changed its verdict. */
export function formatExplanation(alert: Explanation, width: number): string {
  const largest = Math.max(0, ...alert.contributions.map(shareOf).map(Math.abs))
  const nameWidth = Math.max(0, ...alert.contributions.map(({ source }) => source.length))
  const indent = 8 + BAR_WIDTH + 2 + nameWidth + 2
  const reasons = alert.contributions.map((contribution) => {
    const bar = formatBar(shareOf(contribution), largest, BAR_WIDTH)
    const name = printable(contribution.source).padEnd(nameWidth)
    const weight = contribution.weight === 1 ? '' : ` (weight ${contribution.weight.toFixed(2)})`
    const numbers = formatSigned(shareOf(contribution)).padStart(7)
    // Where the terminal leaves no room beside the bar, the words go below it.
    const detail = contribution.detail + weight
    const words = width - indent >= 24 ? hang(detail, indent, width) : `\n        ${hang(detail, 8, width)}`
    return `${numbers} ${bar}  ${name}  ${words}`.trimEnd()
  })
  return [
    formatAlert(alert, width),
    'Why: the log-odds are the sum of these (nats; # for, - against)',
    ...reasons,
    '',
    'It would have been allowed if',
    ...counterfactuals(alert).map((line) => `  ${hang(line, 2, width)}`),
    '',
  ].join('\n')
}

function counterfactuals({ wouldBeAllowedIf, logOdds, thresholdLogOdds }: Explanation): string[] {
  if (logOdds < thresholdLogOdds) return ['nothing had changed: it stands below the threshold of alerts.']
  if (wouldBeAllowedIf.length === 0) return ['nothing less than another prior: no evidence could be left out that decides it.']
  return wouldBeAllowedIf.map(({ without, logOdds, probability }) =>
    `${without.join(' and ')} had said nothing: log-odds ${formatSigned(logOdds)}, posterior ${formatProbability(probability)}.`)
}

function flowPairs(flow: Alert['flow']): [string, string][] {
  if (flow === null) return []
  const end = (address: string, port: number) => (address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`)
  return [
    ['flow', `${end(flow.src_ip, flow.src_port)} -> ${end(flow.dest_ip, flow.dest_port)} ${flow.proto}, packets ` +
      `${flow.pkts_toserver} out ${flow.pkts_toclient} back, octets ${flow.bytes_toserver} out ${flow.bytes_toclient} back`],
    ['community', flow.community_id],
  ]
}

function decidedWords(alert: Alert): string {
  const target = alert.target === '' ? '' : ` of ${alert.target} for ${goDuration(alert.durationMs)}`
  const latency = alert.decisionLatencyMs === null ? '' : `, ${formatLatency(alert.decisionLatencyMs)} after the packet`
  return `${alert.action}${target}${latency}${alert.isSimulated ? ', simulated: the mode keeps it from happening' : ''}`
}

function costWords(costs: Alert['expectedCosts']): string {
  const sorted = Object.entries(costs).sort(([, a], [, b]) => a - b)
  return sorted.map(([action, cost]) => `${action} ${cost.toFixed(1)}`).join(', ')
}

function kernelWords(enforcement: Alert['enforcement']): string {
  if (enforcement === null) return 'nothing was asked of it'
  const latency = enforcement.latencyMs === null ? '' : `, ${formatLatency(enforcement.latencyMs)} after the packet`
  return `${enforcement.outcome}${enforcement.reason === '' ? '' : `: ${enforcement.reason}`}${latency}`
}

function shareOf({ weight, logLikelihoodRatio }: Alert['contributions'][number]): number {
  return weight * logLikelihoodRatio
}
