/** From the agent's own records to the shapes of the API. Pure; the daemon's AgentControl answers with them. */
import type { ActiveDecision, AlertRecord, ModeEffect } from '../decision/index.ts'
import type { FlowRecord } from '../flows/index.ts'
import { goDuration, protocolName } from '../kit/index.ts'
import type { Alert, ControlMode, Decision, ModeChange } from './schema.ts'

/**
 * An alert with all that led to it.
 *
 * @param thresholdLogOdds the least log-odds at which an entity is alerted on (logit of `actionThreshold('alert', …)`)
 */
export function describeAlert({ verdict, flow, decisionLatencyMs, enforcement }: AlertRecord, thresholdLogOdds: number): Alert {
  const { posterior, id, category, action, target, durationMs, decidedAtMs, isSimulated, heldBackBy, expectedCosts } = verdict
  const { entity, probability, logOdds, contributions, sourceVerified, observedAtMs, modelVersion } = posterior
  return {
    id, category, action, target, durationMs, decidedAtMs, isSimulated, heldBackBy: [...heldBackBy], expectedCosts,
    entity, probability, logOdds, contributions: [...contributions], sourceVerified, observedAtMs, modelVersion,
    thresholdLogOdds, decisionLatencyMs, enforcement, flow: flow === null ? null : describeFlow(flow),
  }
}

/**
 * A decision with CrowdSec's fields, as it stands at `nowMs` (since the epoch).
 *
 * @param inKernel what the last read-back saw; null before the first
 */
export function describeDecision(decision: ActiveDecision, nowMs: number, inKernel: boolean | null): Decision {
  const { id, origin, type, scope, value, untilMs, scenario, simulated, alertId, reason } = decision
  return {
    id, origin, type, scope, value, scenario, simulated,
    duration: goDuration(untilMs - nowMs),
    until: new Date(untilMs).toISOString(),
    phantommesh: { alertId, inKernel: simulated ? null : inKernel, reason },
  }
}

/** What a change of mode does, or would do. */
export function describeModeChange(
  modes: { readonly from: ControlMode; readonly to: ControlMode }, effect: ModeEffect, nowMs: number,
): ModeChange {
  const describe = ({ value, untilMs, scenario }: ActiveDecision) => ({ value, duration: goDuration(untilMs - nowMs), scenario })
  return {
    ...modes,
    wouldEnforce: effect.enforce.map(describe),
    wouldLift: effect.lift.map(describe),
    heldBack: effect.heldBack.map(({ value, scenario }) => ({ value, scenario, heldBackBy: ['never-block'] })),
  }
}

function describeFlow(flow: FlowRecord): Alert['flow'] {
  return {
    in_iface: flow.interfaceName,
    src_ip: flow.sourceAddress,
    src_port: flow.sourceTransportPort,
    dest_ip: flow.destinationAddress,
    dest_port: flow.destinationTransportPort,
    proto: protocolName(flow.protocolIdentifier),
    community_id: flow.communityId,
    pkts_toserver: flow.packetDeltaCount,
    pkts_toclient: flow.reversePacketDeltaCount,
    bytes_toserver: flow.octetDeltaCount,
    bytes_toclient: flow.reverseOctetDeltaCount,
  }
}
