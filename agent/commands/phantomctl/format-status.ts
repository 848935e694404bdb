import { goDuration } from '../../kit/index.ts'
import type { Status } from '../../control/schema.ts'
import { formatPairs } from '../table.ts'
import { formatCount, formatLatency } from './format-values.ts'

/** The state of the daemon for people: what is not well stands first. */
export function formatStatus(status: Status, width: number): string {
  const { meter, enforcement, decisions } = status
  const { received, scored, shed, pending } = meter.events
  return formatPairs([
    ['phantomd', `${status.version} on ${status.node}, process ${status.pid}, up ${goDuration(status.uptimeSeconds * 1_000)}`],
    ['mode', modeWords(status)],
    ['health', healthWords(status)],
    ...status.interfaces.map((each): [string, string] => [
      'interface',
      `${each.name} (${each.side}): ${formatCount(each.packets)} packets, ` +
        `${formatCount(each.dropped)} dropped by the kernel${noteOn(each)}`,
    ]),
    ['flows', `${formatCount(meter.flows)} seen, ${formatCount(meter.activeFlows)} active; ${formatCount(meter.hosts)} hosts, ` +
      `${formatCount(meter.pairs)} pairs`],
    ['events', `${formatCount(received)} received: ${formatCount(scored)} scored, ${formatCount(shed)} shed, ` +
      `${formatCount(pending)} pending`],
    ...reasons('not decoded', meter.undecoded),
    ...reasons('dropped', meter.dropped),
    ['alerts', formatCount(status.alerts)],
    ['decisions', `${decisions.active} in force, ${decisions.simulated} simulated`],
    ['enforcement', enforcementWords(enforcement)],
    ['latency', `decision ${latencyWords(status.latency.decision)}; enforcement ${latencyWords(status.latency.enforcement)}`],
    ['models', status.modelVersion],
    ['followers', `${status.followers.connected} connected, ${formatCount(status.followers.dropped)} events dropped`],
  ], width)
}

function modeWords({ mode }: Status): string {
  const words = {
    off: 'off: nothing is judged',
    observe: 'observe: judged and reported, nothing is blocked',
    enforce: 'enforce: judged and acted on',
  }
  return words[mode]
}

function healthWords({ health }: Status): string {
  const word = ({ ok, detail }: Status['health']['live']) => (ok ? 'ok' : `NOT OK (${detail})`)
  return (['startup', 'live', 'ready'] as const).map((check) => `${check} ${word(health[check])}`).join(', ')
}

function enforcementWords({ enforcer, desired, actual, driftSeconds, neverBlock }: Status['enforcement']): string {
  const drift = driftSeconds > 0 ? `, DIFFERENT for ${driftSeconds} s` : ''
  return `${enforcer}: ${desired} wanted, ${actual} in the kernel${drift}; ${neverBlock} addresses never to block`
}

function latencyWords(latency: Status['latency']['decision']): string {
  if (latency === null) return 'not measured yet'
  return `p50 ${formatLatency(latency.p50Ms)}, p99 ${formatLatency(latency.p99Ms)} (${formatCount(latency.count)})`
}

function reasons(name: string, counts: Readonly<Record<string, number>>): [string, string][] {
  const given = Object.entries(counts).filter(([, count]) => count > 0).sort(([, a], [, b]) => b - a)
  return given.length === 0 ? [] : [[name, given.map(([reason, count]) => `${reason} ${formatCount(count)}`).join(', ')]]
}

function noteOn({ name, kernelName, isOpen }: Status['interfaces'][number]): string {
  if (!isOpen) return '; GONE, nothing is seen of it'
  return kernelName === name ? '' : `; the kernel calls it ${kernelName} now`
}
