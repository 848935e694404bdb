/** EDGE. Every metric of the agent, in this one file; names are `phantommesh_<subsystem>_<name>_<unit>[_total]`. */
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { MeterCounters } from '../capture/index.ts'
import type { Mode, Verdict } from '../decision/index.ts'
import type { InferenceCounters } from '../ensemble/index.ts'
import type { EventWriterCounters } from './event-writer.ts'
import { quantile } from './quantile.ts'
import type { NodeHealth } from './proc-health.ts'

/** From a quarter of a millisecond, the cost of one decision, to 10 s, where something is broken. */
const LATENCY_BUCKETS = [0.00025, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
const MODES: readonly Mode[] = ['off', 'observe', 'enforce']

/** Median and tail of a latency; null until something was measured. */
export interface LatencySummary {
  readonly count: number
  readonly p50Ms: number
  readonly p99Ms: number
}

/** State of the enforcement at one read-back. */
export interface EnforcementState {
  readonly desired: number
  readonly actual: number
  readonly driftSeconds: number
  readonly neverBlock: number
}

/** What each part of the agent reports. Totals that others count are set as totals; they may start anew, as Prometheus expects. */
export interface Metrics {
  build(labels: { readonly version: string; readonly node: string }): void
  model(labels: { readonly version: string; readonly featureSchema: string }): void
  mode(mode: Mode): void
  meter(counters: MeterCounters): void
  verdict(verdict: Verdict): void
  decisions(state: { readonly active: number; readonly simulated: number; readonly repeated: number; readonly forgotten: number }): void
  decisionLatency(seconds: number): void
  enforcementLatency(seconds: number): void
  enforcement(state: EnforcementState): void
  enforcementResult(outcome: string): void
  repaired(elements: number): void
  inference(counters: InferenceCounters): void
  /** @param memory whose: `evidence` or `sequences` */
  entities(memory: string, counts: { readonly entities: number; readonly evicted: number }): void
  events(counters: EventWriterCounters): void
  followers(state: { readonly connected: number; readonly dropped: number }): void
  queue(name: string, state: { readonly length: number; readonly dropped: number }): void
  alertsKept(count: number): void
  health(health: NodeHealth): void
  summary(which: 'decision' | 'enforcement'): Promise<LatencySummary | null>
  /** Prometheus text format, version 0.0.4. */
  text(): Promise<string>
}

/** Declares all metrics in a registry of their own, together with those of the process and of Node. */
export function createMetrics(): Metrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const registers = [registry]
  const declare: Declare = {
    gauge: (name, help, ...labelNames) => new Gauge({ name: `phantommesh_${name}`, help, labelNames, registers }),
    counter: (name, help, ...labelNames) => new Counter({ name: `phantommesh_${name}`, help, labelNames, registers }),
    latency: (name, help) => new Histogram({ name: `phantommesh_${name}`, help, buckets: LATENCY_BUCKETS, registers }),
  }
  const latency = {
    decision: declare.latency('decision_latency_seconds', 'Kernel timestamp of the last packet of the evidence to verdict.'),
    enforcement: declare.latency('enforcement_latency_seconds', 'The same packet to the rule seen in the kernel.'),
  }
  return {
    ...declareModels(declare),
    meter: declareMeter(declare),
    ...declareDecisions(declare),
    decisionLatency: (seconds) => latency.decision.observe(seconds),
    enforcementLatency: (seconds) => latency.enforcement.observe(seconds),
    ...declareEnforcement(declare),
    ...declareEvents(declare),
    ...declareStorage(declare),
    health: declareHealth(declare),
    summary: async (which) => summaryOf(await latency[which].get()),
    text: () => registry.metrics(),
  }
}

interface Declare {
  readonly gauge: (name: string, help: string, ...labelNames: string[]) => Gauge
  readonly counter: (name: string, help: string, ...labelNames: string[]) => Counter
  readonly latency: (name: string, help: string) => Histogram
}

function declareModels({ gauge, counter }: Declare): Pick<Metrics, 'build' | 'model' | 'inference' | 'entities'> {
  const buildInfo = gauge('build_info', 'Always 1; labels name the build.', 'version', 'node')
  const modelInfo = gauge('model_info', 'Always 1; labels name the models in use.', 'version', 'feature_schema')
  const rows = counter('model_rows_total', 'Rows handed to the models, by what became of them.', 'outcome')
  const failures = counter('model_failures_total', 'Requests that a model failed at, and ends of the inference worker.', 'what')
  const entities = gauge('scoring_entities', 'Entities remembered, by memory.', 'memory')
  const forgotten = counter('scoring_forgotten_entities_total', 'Entities forgotten because the memory was full, by memory.', 'memory')
  return {
    entities(memory, counts) {
      entities.set({ memory }, counts.entities)
      setTotal(forgotten, counts.evicted, { memory })
    },
    build: (labels) => buildInfo.set(labels, 1),
    model({ version, featureSchema }) {
      modelInfo.reset()
      modelInfo.set({ version, feature_schema: featureSchema }, 1)
    },
    inference(counters) {
      setTotal(rows, counters.rows - counters.refusedRows, { outcome: 'scored' })
      setTotal(rows, counters.refusedRows, { outcome: 'refused' })
      setTotal(failures, counters.failedRequests, { what: 'request' })
      setTotal(failures, counters.crashes, { what: 'worker' })
    },
  }
}

function declareDecisions({ gauge, counter }: Declare): Pick<Metrics, 'mode' | 'verdict' | 'decisions'> {
  const modes = gauge('decision_mode', '1 for the mode in force.', 'mode')
  const verdicts = counter('decision_verdicts_total', 'Verdicts by action and category.', 'action', 'category', 'simulated')
  const heldBack = counter('decision_held_back_total', 'Verdicts that a rule held back, by rule.', 'reason')
  const repeated = counter('decision_repeated_total', 'Verdicts not given because they would repeat one.')
  const forgotten = counter('decision_forgotten_total', 'Entities forgotten because the memory of the decision was full.')
  const active = gauge('decision_active', 'Decisions in force.', 'simulated')
  return {
    mode: (mode) => MODES.forEach((each) => modes.set({ mode: each }, each === mode ? 1 : 0)),
    verdict({ action, category, isSimulated, heldBackBy }) {
      verdicts.inc({ action, category, simulated: String(isSimulated) })
      for (const reason of heldBackBy) heldBack.inc({ reason })
    },
    decisions(state) {
      active.set({ simulated: 'false' }, state.active)
      active.set({ simulated: 'true' }, state.simulated)
      setTotal(repeated, state.repeated)
      setTotal(forgotten, state.forgotten)
    },
  }
}

function declareEnforcement({ gauge, counter }: Declare): Pick<Metrics, 'enforcement' | 'enforcementResult' | 'repaired'> {
  const desired = gauge('enforcement_desired_elements', 'Elements that should be in the kernel.')
  const actual = gauge('enforcement_actual_elements', 'Elements that were in the kernel when last read back.')
  const drift = gauge('enforcement_drift_seconds', 'For how long desired and actual have differed.')
  const neverBlock = gauge('enforcement_never_block_entries', 'Entries of the effective never-block list.')
  const results = counter('enforcement_results_total', 'Answers of the enforcer.', 'outcome')
  const repairs = counter('enforcement_repaired_elements_total', 'Elements put back after somebody else removed them.')
  return {
    enforcement(state) {
      desired.set(state.desired)
      actual.set(state.actual)
      drift.set(state.driftSeconds)
      neverBlock.set(state.neverBlock)
    },
    enforcementResult: (outcome) => results.inc({ outcome }),
    repaired: (elements) => repairs.inc(elements),
  }
}

function declareStorage({ gauge }: Declare): Pick<Metrics, 'alertsKept'> {
  const alerts = gauge('storage_alerts', 'Alerts kept in the store.')
  return { alertsKept: (count) => alerts.set(count) }
}

function declareMeter({ gauge, counter }: Declare): Metrics['meter'] {
  const packets = counter('meter_packets_total', 'Packets seen.')
  const tunnelled = counter('meter_tunnelled_packets_total', 'Packets within them that were metered too.')
  const metadata = counter('meter_metadata_total', 'Hellos of TLS and QUIC, by what became of them.', 'kind')
  const octets = counter('meter_octets_total', 'Layer-3 octets seen.')
  const flows = counter('meter_flows_total', 'Flows begun.')
  const activeFlows = gauge('meter_active_flows', 'Flows in the table.')
  const hosts = gauge('meter_hosts', 'Hosts with counters.')
  const pairs = gauge('meter_pairs', 'Pairs with counters.')
  const undecoded = counter('meter_undecoded_packets_total', 'Packets that gave no flow, by reason.', 'reason')
  const oddities = counter('meter_oddities_total', 'Packets and flows that were taken otherwise than they came, by kind.', 'kind')
  const dropped = counter('meter_dropped_total', 'Work dropped or ended early, by reason.', 'reason')
  const events = counter('scoring_events_total', 'Events by fate; received = scored + shed + pending.', 'fate')
  const pending = gauge('scoring_pending_events', 'Events neither scored nor shed yet.')
  return (counters) => {
    setTotal(packets, counters.packets)
    setTotal(tunnelled, counters.tunnelledPackets ?? 0)
    for (const [kind, count] of Object.entries(counters.metadata ?? {})) setTotal(metadata, count, { kind })
    setTotal(octets, counters.octets)
    setTotal(flows, counters.flows)
    activeFlows.set(counters.activeFlows)
    hosts.set(counters.hosts)
    pairs.set(counters.pairs)
    for (const [kind, count] of Object.entries(odditiesOf(counters))) setTotal(oddities, count, { kind })
    for (const [reason, count] of Object.entries(counters.undecoded)) setTotal(undecoded, count, { reason })
    for (const [reason, count] of Object.entries(counters.dropped)) setTotal(dropped, count, { reason })
    for (const fate of ['received', 'scored', 'shed'] as const) setTotal(events, counters.events[fate], { fate })
    pending.set(counters.events.pending)
  }
}

function odditiesOf(counters: MeterCounters): Readonly<Record<string, number>> {
  return {
    'reordered-packet': counters.reorderedPackets ?? 0,
    'filtered-packet': counters.filteredPackets ?? 0,
    'question-missed': counters.questionsMissed ?? 0,
    'inner-undecoded': counters.innerUndecoded ?? 0,
  }
}

function declareEvents({ gauge, counter }: Declare): Pick<Metrics, 'events' | 'followers' | 'queue'> {
  const lines = counter('events_written_total', 'Events written to the event log.')
  const bytes = counter('events_written_bytes_total', 'Octets written to the event log.')
  const rotations = counter('events_rotations_total', 'Times the event log was rotated.')
  const dropped = counter('events_dropped_total', 'Events lost, by reason.', 'reason')
  const followers = gauge('events_followers', 'Followers of the event stream.')
  const followersDropped = counter('events_followers_dropped_total', 'Events that followers were too slow to take.')
  const queueLength = gauge('queue_length', 'Entries waiting.', 'queue')
  const queueDropped = counter('queue_dropped_total', 'Entries dropped because the queue was full.', 'queue')
  return {
    events(counters) {
      setTotal(lines, counters.lines)
      setTotal(bytes, counters.bytes)
      setTotal(rotations, counters.rotations)
      setTotal(dropped, counters.dropped.queueFull, { reason: 'queue-full' })
      setTotal(dropped, counters.dropped.writeFailed, { reason: 'write-failed' })
    },
    followers(state) {
      followers.set(state.connected)
      setTotal(followersDropped, state.dropped)
    },
    queue(name, state) {
      queueLength.set({ queue: name }, state.length)
      setTotal(queueDropped, state.dropped, { queue: name })
    },
  }
}

function declareHealth({ gauge }: Declare): Metrics['health'] {
  const cpu = gauge('process_cpu_ratio', 'Share of one core used since the last sample.')
  const resident = gauge('process_resident_bytes', 'Resident memory of the process.')
  const files = gauge('process_open_files', 'Open file descriptors of the process.')
  const load = gauge('node_load_ratio', 'Load average over one minute, per core.')
  const available = gauge('node_memory_available_bytes', 'Memory the kernel could give to programs.')
  return (health) => {
    cpu.set(health.cpuRatio)
    resident.set(health.residentBytes)
    files.set(health.openFiles)
    load.set(health.loadRatio)
    available.set(health.memoryAvailableBytes)
  }
}

/** Last totals by counter and labels, so that somebody else's running total can be shown as a counter. */
const lastTotals = new WeakMap<Counter, Map<string, number>>()

function setTotal(counter: Counter, total: number, labels: Readonly<Record<string, string>> = {}): void {
  const totals = lastTotals.get(counter) ?? new Map<string, number>()
  lastTotals.set(counter, totals)
  const key = Object.values(labels).join(' ')
  const last = totals.get(key) ?? 0
  // A smaller total means that its owner started anew, as Prometheus itself reads it.
  counter.inc(labels, total >= last ? total - last : total)
  totals.set(key, total)
}

function summaryOf({ values }: Awaited<ReturnType<Histogram['get']>>): LatencySummary | null {
  const buckets = values.flatMap(({ labels: { le }, value }) => (
    le === undefined ? [] : [{ upTo: le === '+Inf' ? Infinity : Number(le), count: value }]
  ))
  const count = values.find(({ metricName }) => metricName?.endsWith('_count') === true)?.value ?? 0
  if (count === 0) return null
  return { count, p50Ms: 1_000 * quantile(0.5, buckets), p99Ms: 1_000 * quantile(0.99, buckets) }
}
