import type { AgentControl } from '../../agent/control/agent-control.ts'
import { goDuration } from '../../agent/kit/index.ts'
import { EventBroadcast } from '../../agent/control/event-broadcast.ts'
import type { Alert, ControlMode, Decision, ModeChange, Status } from '../../agent/control/schema.ts'
import type { Cancel, Clock } from '../../agent/kit/index.ts'

/** 2026-11-23T18:00:00Z */
export const NOW_MS = 1_795_456_800_000

/** An agent that found one scan; what it is told to change it remembers. */
export function fakeControl(overrides: Partial<AgentControl> = {}) {
  const broadcast = new EventBroadcast({ linesMax: 4, historyMax: 8 })
  const decisions: Decision[] = [decisionOn('192.0.2.7', 41)]
  let mode: ControlMode = 'observe'
  const control: AgentControl = {
    status: async () => STATUS,
    version: () => ({ version: '0.1.0', node: 'gateway-1', modelVersion: 'base-1', featureSchema: 'f1' }),
    alerts: async (query) => [ALERT].filter((alert) => query.category === undefined || alert.category === query.category),
    alert: async (id) => (id === ALERT.id ? ALERT : undefined),
    decisions: async (query) => decisions.filter((each) => query.target === undefined || each.value === query.target),
    async addDecision({ target, durationMs, reason }) {
      if (target === '192.0.2.1') return { outcome: 'refused', reason: 'never-block' }
      const phantommesh = { alertId: null, inKernel: true, reason }
      const decision = { ...decisionOn(target, 42), origin: 'phantomctl', duration: goDuration(durationMs), phantommesh }
      decisions.unshift(decision)
      return { outcome: 'added', decision }
    },
    async deleteDecisions(selector) {
      const matches = (each: Decision) => ('id' in selector ? each.id === selector.id : each.value === selector.target)
      const deleted = decisions.filter(matches)
      decisions.splice(0, decisions.length, ...decisions.filter((each) => !matches(each)))
      return deleted
    },
    mode: () => mode,
    previewMode: async (to) => modeChange(mode, to),
    async setMode(to) {
      const change = modeChange(mode, to)
      mode = to
      return change
    },
    subscribe: (query) => broadcast.subscribe(query),
    metrics: async () => '# TYPE phantommesh_capture_packets_total counter\nphantommesh_capture_packets_total 12\n',
    ...overrides,
  }
  return { control, broadcast }
}

/** Time stands still until `advance`; then what is due runs, in order. */
export function manualClock(): Clock & { advance(ms: number): void } {
  let nowMs = 0
  const due = new Map<() => void, number>()
  return {
    wallMs: () => NOW_MS + nowMs,
    monotonicMs: () => nowMs,
    after(delayMs, task): Cancel {
      const entry = () => task()
      due.set(entry, nowMs + delayMs)
      return () => due.delete(entry)
    },
    advance(ms) {
      nowMs += ms
      for (const [task, atMs] of due) {
        if (atMs > nowMs) continue
        due.delete(task)
        task()
      }
    },
  }
}

/** A decision of the agent on one address. */
export function decisionOn(value: string, id: number): Decision {
  return {
    id, origin: 'phantommesh', type: 'ban', scope: value.includes('/') ? 'Range' : 'Ip', value, duration: '9m58s',
    until: '2026-11-23T18:09:58.000Z', scenario: 'scan', simulated: false,
    phantommesh: { alertId: 17, inKernel: true, reason: '' },
  }
}

function modeChange(from: ControlMode, to: ControlMode): ModeChange {
  const isTightening = to === 'enforce' && from !== 'enforce'
  return {
    from, to,
    wouldEnforce: isTightening ? [{ value: '192.0.2.7', duration: '9m58s', scenario: 'scan' }] : [],
    wouldLift: from === 'enforce' && to !== 'enforce' ? [{ value: '192.0.2.7', duration: '9m58s', scenario: 'scan' }] : [],
    heldBack: isTightening ? [{ value: '10.0.0.1', scenario: 'flood', heldBackBy: ['never-block'] }] : [],
  }
}

/** A scan that was blocked, with every kind of contribution. */
export const ALERT: Alert = {
  id: 17, observedAtMs: NOW_MS - 2_000, entity: { kind: 'outer-address', value: '192.0.2.7' }, category: 'scan',
  probability: 0.9994, action: 'block', target: '192.0.2.7', isSimulated: false, heldBackBy: ['unverified-source'],
  logOdds: 7.4, thresholdLogOdds: 0, sourceVerified: false, modelVersion: 'base-1',
  contributions: [
    { source: 'scan.random-walk', logLikelihoodRatio: 12, weight: 1, detail: '9 of 9 first contacts failed, to 9 ports of 1 host' },
    { source: 'prior', logLikelihoodRatio: -6.9, weight: 1, detail: 'one entity in a thousand' },
    { source: 'forest', logLikelihoodRatio: 2.4, weight: 1, detail: 'score 0.71, above 99.3 % of benign traffic' },
    { source: 'sequence', logLikelihoodRatio: -0.2, weight: 0.5, detail: 'surprise 0.4 nats an event' },
  ],
  expectedCosts: { none: 99.9, log: 99.4, alert: 70, 'rate-limit': 30.1, block: 5.3 },
  durationMs: 60_000, decidedAtMs: NOW_MS - 1_999, decisionLatencyMs: 1.2,
  enforcement: { outcome: 'enforced', reason: '', latencyMs: 3.4 },
  flow: {
    in_iface: 'eth0', src_ip: '192.0.2.7', src_port: 40_112, dest_ip: '198.51.100.4', dest_port: 22, proto: 'TCP',
    community_id: '1:wCb3OG7yAFWelaUydu0D+125CLM=', pkts_toserver: 1, pkts_toclient: 1, bytes_toserver: 60, bytes_toclient: 40,
  },
}

/** A healthy gateway in observe mode. */
export const STATUS: Status = {
  version: '0.1.0', node: 'gateway-1', pid: 4_242, startedAtMs: NOW_MS - 3_600_000, uptimeSeconds: 3_600, mode: 'observe',
  modelVersion: 'base-1',
  health: {
    startup: { ok: true, detail: 'models loaded, interfaces open' },
    live: { ok: true, detail: 'event loop delay p99 2 ms' },
    ready: { ok: true, detail: 'capturing and judging' },
  },
  interfaces: [{
    name: 'eth0', kernelName: 'eth0', side: 'outer', isOpen: true, timesLost: 0, packets: 1_250_000, dropped: 0, mergedPackets: 0,
  }],
  meter: {
    packets: 1_250_000, octets: 812_000_000, flows: 48_210, activeFlows: 212, hosts: 913, pairs: 2_104,
    events: { received: 98_000, scored: 97_950, shed: 50, pending: 0 }, undecoded: { arp: 812 }, dropped: {},
  },
  alerts: 3, decisions: { active: 1, simulated: 2 },
  enforcement: { enforcer: 'kernel', desired: 1, actual: 1, driftSeconds: 0, neverBlock: 9 },
  latency: { decision: { count: 98_000, p50Ms: 1.1, p99Ms: 3.9 }, enforcement: null },
  followers: { connected: 0, dropped: 0 },
}
