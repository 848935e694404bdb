/**
 * Records of the other rooms in, EVE objects out (Suricata's "Eve JSON Format"), ready for JSON.stringify. Pure.
 * What EVE has no field for stands in `phantommesh`. `bytes_*` count layer 3, where Suricata counts layer 2.
 */
import type { MeterCounters } from '../capture/index.ts'
import type { ActiveDecision, AlertRecord, Severity, Verdict } from '../decision/index.ts'
import type { Category } from '../ensemble/index.ts'
import type { FlowRecord } from '../flows/index.ts'
import { goDuration, protocolName } from '../kit/index.ts'
import type { EnforcementResult } from '../response/index.ts'
import { eveTimestamp, flowReason, flowState, tcpObject } from './eve-format.ts'
import { applicationObjects, metadataObject } from './eve-metadata.ts'

/** The types of events written. */
export type EventType = 'flow' | 'alert' | 'anomaly' | 'stats' | 'decision' | 'enforcement' | 'model' | 'audit'

/** One event; a line of the event log. */
export interface EveEvent {
  readonly timestamp: string
  readonly event_type: EventType
  readonly [field: string]: unknown
}

/** An enforcement as it is reported. */
export interface EnforcementReport {
  readonly action: 'block' | 'unblock' | 'repair'
  readonly result: EnforcementResult
  /** The decision behind it; null where there is none. */
  readonly decisionId: number | null
  /** Kernel timestamp of the last packet of the evidence to rule seen in the kernel; null where not measured. */
  readonly latencyMs: number | null
}

/** Numbers in Suricata's range for local rules, one a category; never changed, so that tools may match on them. */
const SIGNATURES: Readonly<Record<Category, readonly [id: number, classification: string]>> = {
  // The classifications are Suricata's classification.config, in its words.
  scan: [1_461_001, 'Detection of a Network Scan'],
  bruteforce: [1_461_002, 'Attempted User Privilege Gain'],
  flood: [1_461_003, 'Detection of a Denial of Service Attack'],
  c2: [1_461_004, 'Malware Command and Control Activity Detected'],
  exfiltration: [1_461_005, 'Successful Information Leak'],
  'dns-tunnel': [1_461_006, 'Detection of a Non-Standard Protocol or Event'],
  'icmp-tunnel': [1_461_007, 'Detection of a Non-Standard Protocol or Event'],
  exploit: [1_461_008, 'Attempted Administrator Privilege Gain'],
  'vpn-abuse': [1_461_009, 'Misc Attack'],
  malware: [1_461_010, 'A Network Trojan was detected'],
}
const CONTRIBUTIONS_SHOWN = 5

/** A `flow` event: one finished flow record. */
export function flowEvent(flow: FlowRecord): EveEvent {
  return {
    timestamp: eveTimestamp(flow.flowEndMilliseconds),
    ...flowHeader(flow),
    event_type: 'flow',
    flow: {
      ...flowCounts(flow),
      start: eveTimestamp(flow.flowStartMilliseconds),
      end: eveTimestamp(flow.flowEndMilliseconds),
      age: Math.floor(flow.flowEndMilliseconds / 1_000) - Math.floor(flow.flowStartMilliseconds / 1_000),
      state: flowState(flow),
      reason: flowReason(flow.flowEndReason),
    },
    ...(flow.tcpState === 'notTcp' ? {} : { tcp: tcpObject(flow) }),
    ...applicationObjects(flow),
    phantommesh: { flow_end_reason: flow.flowEndReason ?? null, ...tunnelObject(flow), ...metadataObject(flow) },
  }
}

/** An `alert` event: a verdict that operators hear of. `blocked` only when the kernel holds the block. */
export function alertEvent(alert: AlertRecord, severity: Severity): EveEvent {
  const { verdict, flow } = alert
  const [signatureId, classification] = SIGNATURES[verdict.category]
  return {
    timestamp: eveTimestamp(verdict.posterior.observedAtMs),
    ...(flow === null ? {} : flowHeader(flow)),
    event_type: 'alert',
    alert: {
      action: alert.enforcement?.outcome === 'enforced' ? 'blocked' : 'allowed',
      gid: 1,
      signature_id: signatureId,
      rev: 1,
      signature: `PHANTOMMESH ${verdict.category} by ${verdict.posterior.entity.kind}`,
      category: classification,
      severity,
    },
    ...(flow === null ? {} : {
      flow: { ...flowCounts(flow), start: eveTimestamp(flow.flowStartMilliseconds) }, ...applicationObjects(flow),
    }),
    phantommesh: { ...verdictObject(verdict, alert.decisionLatencyMs), ...(flow === null ? {} : tunnelObject(flow)) },
  }
}

/** An `anomaly` event: a verdict that is only worth a line. */
export function anomalyEvent(verdict: Verdict, flow: FlowRecord | null): EveEvent {
  return {
    timestamp: eveTimestamp(verdict.posterior.observedAtMs),
    ...(flow === null ? {} : flowHeader(flow)),
    event_type: 'anomaly',
    anomaly: { type: 'behaviour', event: `phantommesh.${verdict.category}` },
    phantommesh: verdictObject(verdict, null),
  }
}

/** A `decision` event, with CrowdSec's fields. `change` says what became of the decision. */
export function decisionEvent(decision: ActiveDecision, change: 'added' | 'ended' | 'lifted', atMs: number): EveEvent {
  return {
    timestamp: eveTimestamp(atMs),
    event_type: 'decision',
    decision: {
      id: decision.id,
      origin: decision.origin,
      type: decision.type,
      scope: decision.scope,
      value: decision.value,
      duration: goDuration(decision.untilMs - atMs),
      until: new Date(decision.untilMs).toISOString(),
      scenario: decision.scenario,
      simulated: decision.simulated,
    },
    phantommesh: { change, alert_id: decision.alertId, reason: decision.reason },
  }
}

/** An `enforcement` event: what the enforcer answered. */
export function enforcementEvent(report: EnforcementReport, atMs: number): EveEvent {
  const { action, result, decisionId, latencyMs } = report
  return {
    timestamp: eveTimestamp(atMs),
    event_type: 'enforcement',
    enforcement: { action, target: result.target, outcome: result.outcome, reason: result.reason, decision_id: decisionId },
    phantommesh: { latency_ms: latencyMs },
  }
}

/** A `stats` event. Suricata's names where it has them; the accounting of events and drops in `phantommesh`. */
export function statsEvent(counters: MeterCounters, uptimeSeconds: number, atMs: number): EveEvent {
  return {
    timestamp: eveTimestamp(atMs),
    event_type: 'stats',
    stats: {
      uptime: Math.floor(uptimeSeconds),
      capture: { kernel_drops: counters.dropped['kernelRingFull'] ?? 0 },
      decoder: { pkts: counters.packets, bytes: counters.octets },
      flow: { total: counters.flows, active: counters.activeFlows },
    },
    phantommesh: {
      hosts: counters.hosts, pairs: counters.pairs, events: counters.events, undecoded: counters.undecoded, dropped: counters.dropped,
      tunnelled_packets: counters.tunnelledPackets ?? 0, metadata: counters.metadata ?? {},
    },
  }
}

/** A `model` or `audit` event: an object of that name with what happened. */
export function noticeEvent(type: 'model' | 'audit', notice: object, atMs: number): EveEvent {
  return { timestamp: eveTimestamp(atMs), event_type: type, [type]: notice }
}

function flowHeader(flow: FlowRecord): object {
  const isIcmp = flow.protocolIdentifier === 1 || flow.protocolIdentifier === 58
  return {
    flow_id: flow.flowId,
    in_iface: flow.interfaceName,
    ...(flow.vlanId === 0 && flow.innerVlanId === 0 ? {} : { vlan: vlanTags(flow) }),
    src_ip: flow.sourceAddress,
    ...(isIcmp ? {} : { src_port: flow.sourceTransportPort }),
    dest_ip: flow.destinationAddress,
    ...(isIcmp ? {} : { dest_port: flow.destinationTransportPort }),
    proto: protocolName(flow.protocolIdentifier),
    ...(isIcmp ? { icmp_type: flow.icmpType, icmp_code: flow.icmpCode } : {}),
    community_id: flow.communityId,
  }
}

/** Outermost first, as Suricata has them. */
function vlanTags({ vlanId, innerVlanId }: FlowRecord): number[] {
  return innerVlanId === 0 ? [vlanId] : [vlanId, innerVlanId]
}

/** The tunnel that the flow's packets came in, where there is one. */
function tunnelObject({ tunnel }: FlowRecord): object {
  if (tunnel === undefined) return {}
  const { kind, id, depth, addresses } = tunnel
  return { tunnel: { kind, id, depth, ends: addresses } }
}

function flowCounts(flow: FlowRecord): object {
  return {
    pkts_toserver: flow.packetDeltaCount,
    pkts_toclient: flow.reversePacketDeltaCount,
    bytes_toserver: flow.octetDeltaCount,
    bytes_toclient: flow.reverseOctetDeltaCount,
  }
}

function verdictObject(verdict: Verdict, latencyMs: number | null): object {
  const { posterior } = verdict
  return {
    verdict_id: verdict.id,
    entity: posterior.entity,
    category: verdict.category,
    posterior: posterior.probability,
    log_odds: posterior.logOdds,
    contributions: posterior.contributions.slice(0, CONTRIBUTIONS_SHOWN).map(({ source, weight, logLikelihoodRatio, detail }) => (
      { source, log_odds: weight * logLikelihoodRatio, detail }
    )),
    source_verified: posterior.sourceVerified,
    model_version: posterior.modelVersion,
    action: verdict.action,
    target: verdict.target,
    duration_ms: verdict.durationMs,
    simulated: verdict.isSimulated,
    held_back_by: verdict.heldBackBy,
    latency_ms: latencyMs,
  }
}
