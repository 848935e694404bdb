import { eventLayout } from '../../native/index.js'
import { openCaptureFiles } from '../../agent/capture/native-source.ts'
import { drain, eachFlowRecord } from '../../agent/daemon/drain.ts'
import { ActiveTime, classifyFlow } from '../../agent/evaluation/index.ts'
import type { LabelledCapture } from '../../agent/evaluation/index.ts'
import { createFlowNamer } from '../../agent/flows/index.ts'

/** What one capture holds, by what its labels say. Flows as `phantomd meter` counts them. */
export interface CaptureStatistics {
  readonly id: string
  readonly packets: number
  readonly benignFlows: number
  /** Those whose ends, protocol and ports no benign flow of the captures before it had: what crosses two interfaces counts here once. */
  readonly furtherBenignFlows: number
  /** Σ min(gap, 60 s) between flows' first and last packets, hours. */
  readonly hours: number
  /** Hosts behind the gateway that sent something and that no label names. */
  readonly innocentHosts: number
  /** By category: names to find (entity or victim, each once a category), and flows of theirs. */
  readonly attacks: Readonly<Record<string, { readonly entities: number; readonly flows: number }>>
}

const HOUR_MS = 3_600_000

/**
 * Counts a labelled capture without judging it; `seen` are the benign flows of the captures before it, and is added to. Throws CaptureError
 * where the capture cannot be read to its end.
 */
export async function captureStatistics(capture: LabelledCapture, seen: Set<string>): Promise<CaptureStatistics> {
  const own = new Set<string>()
  const source = openCaptureFiles([capture.file], { behaviour: false, recordFlows: true })
  const namer = createFlowNamer(eventLayout, ['file'])
  const active = new ActiveTime()
  const hosts = new Set<string>()
  const flows = new Map<string, number>()
  let benignFlows = 0
  const failure = await drain(source, async (batch) => {
    eachFlowRecord(batch, (index) => {
      const flow = namer.name(batch, index)
      const span = {
        source: flow.sourceAddress, destination: flow.destinationAddress,
        startMs: flow.flowStartMilliseconds, endMs: flow.flowEndMilliseconds,
      }
      active.add(span.startMs)
      active.add(span.endMs)
      hosts.add(span.source)
      if (flow.reversePacketDeltaCount > 0) hosts.add(span.destination)
      const categories = capture.labels.filter((label) => classifyFlow(span, { default: 'unknown', labels: [label] }) === 'attack')
      if (categories.length === 0) {
        benignFlows += 1
        own.add([flow.protocolIdentifier, span.source, flow.sourceTransportPort, span.destination, flow.destinationTransportPort].join(' '))
      }
      for (const category of new Set(categories.map((label) => label.category))) flows.set(category, (flows.get(category) ?? 0) + 1)
    })
  })
  const { packets } = source.counters()
  await source.close()
  if (failure !== undefined) throw failure
  const further = [...own].filter((key) => !seen.has(key))
  for (const key of further) seen.add(key)
  const named = new Set(capture.labels.map(({ address }) => address))
  return {
    id: capture.id, packets, benignFlows, furtherBenignFlows: further.length, hours: active.totalMs() / HOUR_MS,
    innocentHosts: [...hosts].filter((host) => !named.has(host) && HOME.test(host)).length,
    attacks: Object.fromEntries(categoriesOf(capture).map(([name, entities]) => [name, { entities, flows: flows.get(name) ?? 0 }])),
  }
}

/** The range's own side, as the plan has it. */
const HOME = /^(10\.|203\.0\.113\.|fd00:8:)/

function categoriesOf({ labels }: LabelledCapture): [category: string, entities: number][] {
  const names = Map.groupBy(labels, ({ category }) => category)
  return [...names].map(([category, of]): [string, number] => [category, new Set(of.map(({ role, address }) => `${role} ${address}`)).size])
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
}

/** A Markdown table of corpora for docs and terminal. Pure. */
export function statisticsTable(statistics: readonly CaptureStatistics[]): string {
  const categories = [...new Set(statistics.flatMap(({ attacks }) => Object.keys(attacks)))].sort()
  const head = [
    'capture', 'packets', 'hours', 'innocent hosts', 'benign flows', 'not in the captures before',
    ...categories.map((name) => `${name}: names, flows`),
  ]
  const rows = statistics.map((each) => [
    each.id, String(each.packets), each.hours.toFixed(2), String(each.innocentHosts),
    String(each.benignFlows), String(each.furtherBenignFlows),
    ...categories.map((name) => `${each.attacks[name]?.entities ?? 0}, ${each.attacks[name]?.flows ?? 0}`),
  ])
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |\n`).join('')
}
