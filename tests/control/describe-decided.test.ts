import { expect, test } from 'vitest'
import { describeAlert, describeDecision, describeModeChange } from '../../agent/control/describe-decided.ts'
import { alertSchema, decisionSchema } from '../../agent/control/schema.ts'
import type { ActiveDecision, AlertRecord } from '../../agent/decision/index.ts'
import type { FlowRecord } from '../../agent/flows/index.ts'
import { ALERT, NOW_MS } from './fake-control.ts'

test('a decision says what is left of it, in CrowdSec\'s words', () => {
  const described = describeDecision(DECISION, NOW_MS, true)
  expect(decisionSchema.parse(described)).toEqual(described)
  expect(described).toMatchObject({ duration: '59m58s', until: '2026-11-23T18:59:58.000Z', phantommesh: { inKernel: true, alertId: 17 } })
})

test('a simulated decision is not expected in the kernel', () => {
  expect(describeDecision({ ...DECISION, simulated: true }, NOW_MS, false).phantommesh.inKernel).toBeNull()
})

test('a change of mode names what it does and what never-block holds back', () => {
  const change = describeModeChange({ from: 'observe', to: 'enforce' }, { enforce: [DECISION], lift: [], heldBack: [DECISION] }, NOW_MS)
  expect(change.wouldEnforce).toEqual([{ value: '192.0.2.7', duration: '59m58s', scenario: 'phantommesh/scan' }])
  expect(change.heldBack).toEqual([{ value: '192.0.2.7', scenario: 'phantommesh/scan', heldBackBy: ['never-block'] }])
})

test('an alert is the verdict, its posterior and its flow in one, and fits the API', () => {
  const described = describeAlert(RECORD, 0)
  expect(alertSchema.parse(described)).toEqual(described)
  expect(described).toEqual(ALERT)
  expect(describeAlert({ ...RECORD, flow: { ...FLOW, protocolIdentifier: 89 } }, 0).flow?.proto).toBe('OSPFIGP')
  expect(describeAlert({ ...RECORD, flow: null }, 0).flow).toBeNull()
})

const DECISION: ActiveDecision = {
  id: 41, origin: 'phantommesh', type: 'ban', scope: 'Ip', value: '192.0.2.7', scenario: 'phantommesh/scan', simulated: false,
  createdAtMs: NOW_MS - 2_000, untilMs: NOW_MS + 3_598_000, alertId: 17, reason: '9 of 9 first contacts failed',
}

const FLOW: FlowRecord = {
  flowId: 1, interfaceName: 'eth0', ipVersion: 4, sourceAddress: '192.0.2.7', destinationAddress: '198.51.100.4',
  sourceTransportPort: 40_112, destinationTransportPort: 22, protocolIdentifier: 6, vlanId: 0, innerVlanId: 0, tunnel: undefined,
  communityId: ALERT.flow!.community_id, flowStartMilliseconds: NOW_MS - 2_001, flowEndMilliseconds: NOW_MS - 2_000,
  packetDeltaCount: 1, reversePacketDeltaCount: 1, octetDeltaCount: 60, reverseOctetDeltaCount: 40, tcpControlBits: 2,
  reverseTcpControlBits: 20, tcpState: 'reset', icmpType: 0, icmpCode: 0, flowEndReason: 'endOfFlow', nameLookup: 'unseen',
  metadata: undefined,
}

const RECORD: AlertRecord = {
  verdict: { ...ALERT, posterior: { ...ALERT, eventIndex: 0 } },
  flow: FLOW, decisionLatencyMs: ALERT.decisionLatencyMs, enforcement: ALERT.enforcement,
}
