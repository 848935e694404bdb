import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { FlowEndReason, TcpState } from '../../agent/flows/index.ts'
import {
  alertEvent, anomalyEvent, decisionEvent, enforcementEvent, eveTimestamp, flowEvent, noticeEvent, statsEvent,
} from '../../agent/telemetry/index.ts'
import { ALERT, FLOW, VERDICT } from './records.ts'

test('a flow of TCP, word for word', () => {
  expect(JSON.stringify(flowEvent(FLOW))).toBe('{"timestamp":"2017-04-07T22:24:37.251547+0000","flow_id":1676750115612680,'
    + '"in_iface":"eth0",'
    + '"src_ip":"198.51.100.7","src_port":48864,"dest_ip":"192.0.2.10","dest_port":22,"proto":"TCP",'
    + '"community_id":"1:gE24Ut4kbE9ZLNmx2YBKyXm5Yr4=","event_type":"flow","flow":{"pkts_toserver":4,"pkts_toclient":3,'
    + '"bytes_toserver":240,"bytes_toclient":180,"start":"2017-04-07T22:24:35.900250+0000","end":"2017-04-07T22:24:37.251547+0000",'
    + '"age":2,"state":"closed","reason":"timeout"},"tcp":{"tcp_flags":"1b","tcp_flags_ts":"1b","tcp_flags_tc":"13",'
    + '"fin":true,"syn":true,"psh":true,"ack":true,"state":"closed"},"phantommesh":{"flow_end_reason":"endOfFlow"}}')
})

test('a flow of ICMP has a type and a code in place of ports, and no tcp object', () => {
  const echo = { protocolIdentifier: 58, tcpState: 'notTcp', icmpType: 128, icmpCode: 0, reversePacketDeltaCount: 0 } as const
  const event = flowEvent({ ...FLOW, ...echo, vlanId: 12 })
  expect(event).toMatchObject({ proto: 'IPv6-ICMP', icmp_type: 128, icmp_code: 0, vlan: [12], flow: { state: 'new' } })
  expect(Object.keys(event)).not.toEqual(expect.arrayContaining(['src_port']))
  expect(Object.keys(event)).not.toEqual(expect.arrayContaining(['tcp']))
})

test.each<[TcpState, number, string]>([
  ['synSent', 0, 'new'], ['synReceived', 1, 'new'], ['established', 1, 'established'], ['midstream', 0, 'established'],
  ['closing', 1, 'established'], ['closed', 1, 'closed'], ['reset', 1, 'closed'], ['notTcp', 0, 'new'], ['notTcp', 1, 'established'],
])('a flow in state %s with %i answers is %s in EVE', (tcpState, reversePacketDeltaCount, state) => {
  expect(flowEvent({ ...FLOW, tcpState, reversePacketDeltaCount })).toMatchObject({ flow: { state } })
})

test.each<[FlowEndReason, string]>([
  ['idleTimeout', 'timeout'], ['activeTimeout', 'timeout'], ['endOfFlow', 'timeout'], ['forcedEnd', 'shutdown'],
  ['lackOfResources', 'forced'],
])('the end reason %s is %s in EVE, and keeps its own name beside', (flowEndReason, reason) => {
  expect(flowEvent({ ...FLOW, flowEndReason })).toMatchObject({ flow: { reason }, phantommesh: { flow_end_reason: flowEndReason } })
})

test('an alert, word for word', () => {
  expect(JSON.stringify(alertEvent(ALERT, 1))).toBe('{"timestamp":"2017-04-07T22:24:37.251547+0000","flow_id":1676750115612680,'
    + '"in_iface":"eth0",'
    + '"src_ip":"198.51.100.7","src_port":48864,"dest_ip":"192.0.2.10","dest_port":22,"proto":"TCP",'
    + '"community_id":"1:gE24Ut4kbE9ZLNmx2YBKyXm5Yr4=","event_type":"alert","alert":{"action":"blocked","gid":1,"signature_id":1461001,'
    + '"rev":1,'
    + '"signature":"PHANTOMMESH scan by outer-address","category":"Detection of a Network Scan","severity":1},'
    + '"flow":{"pkts_toserver":4,"pkts_toclient":3,"bytes_toserver":240,"bytes_toclient":180,"start":"2017-04-07T22:24:35.900250+0000"},'
    + '"phantommesh":{"verdict_id":7,"entity":{"kind":"outer-address","value":"198.51.100.7"},"category":"scan",'
    + '"posterior":0.97,"log_odds":3.5,'
    + '"contributions":[{"source":"scan.random-walk","log_odds":4,"detail":"6 of 6 first contacts failed"}],"source_verified":true,'
    + '"model_version":"1","action":"block","target":"198.51.100.7","duration_ms":600000,"simulated":false,'
    + '"held_back_by":[],"latency_ms":1.5}}')
})

test('an alert is blocked only when the kernel holds the block', () => {
  const dryRun = { outcome: 'dry-run', reason: '', latencyMs: null } as const
  expect(alertEvent({ ...ALERT, enforcement: dryRun }, 1)).toMatchObject({ alert: { action: 'allowed' } })
  expect(alertEvent({ ...ALERT, enforcement: null, flow: null }, 1)).toMatchObject({ alert: { action: 'allowed' } })
})

test('a decision carries CrowdSec\'s fields', () => {
  const decision = {
    id: 7, origin: 'phantommesh', type: 'ban', scope: 'Ip', value: '198.51.100.7', scenario: 'phantommesh/scan', simulated: false,
    createdAtMs: 0, untilMs: 14_400_000, alertId: 7, reason: 'seen',
  } as const
  expect(decisionEvent(decision, 'added', 0)).toEqual({
    timestamp: '1970-01-01T00:00:00.000000+0000',
    event_type: 'decision',
    decision: {
      id: 7, origin: 'phantommesh', type: 'ban', scope: 'Ip', value: '198.51.100.7', duration: '4h0m0s', until: '1970-01-01T04:00:00.000Z',
      scenario: 'phantommesh/scan', simulated: false,
    },
    phantommesh: { change: 'added', alert_id: 7, reason: 'seen' },
  })
})

test('anomalies, enforcements, statistics and notices name their type', () => {
  expect(anomalyEvent(VERDICT, null)).toMatchObject({ event_type: 'anomaly', anomaly: { type: 'behaviour', event: 'phantommesh.scan' } })
  const result = { target: '198.51.100.7', outcome: 'refused', reason: 'cap' } as const
  expect(enforcementEvent({ action: 'block', result, decisionId: 7, latencyMs: null }, 0)).toMatchObject({
    event_type: 'enforcement', enforcement: { action: 'block', target: '198.51.100.7', outcome: 'refused', reason: 'cap', decision_id: 7 },
  })
  expect(noticeEvent('model', { version: '2' }, 0)).toMatchObject({ event_type: 'model', model: { version: '2' } })
  const counters = {
    packets: 10, octets: 1_000, flows: 3, activeFlows: 2, hosts: 4, pairs: 5, events: { received: 6, scored: 4, shed: 1, pending: 1 },
    undecoded: { truncated: 1 }, dropped: { kernelRingFull: 9 }, interfaces: [],
  }
  expect(statsEvent(counters, 12.7, 0)).toMatchObject({
    stats: { uptime: 12, capture: { kernel_drops: 9 }, decoder: { pkts: 10, bytes: 1_000 }, flow: { total: 3, active: 2 } },
    phantommesh: { events: counters.events, undecoded: { truncated: 1 } },
  })
})

test('a timestamp keeps its microseconds and its order', () => {
  expect(eveTimestamp(1_491_603_877_999.9998)).toBe('2017-04-07T22:24:38.000000+0000')
  fc.assert(fc.property(fc.integer({ min: 0, max: 4e15 }), fc.integer({ min: 1, max: 1e9 }), (microseconds, later) => {
    const text = eveTimestamp(microseconds / 1_000)
    return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+0000$/.test(text) && Number(text.slice(20, 26)) === microseconds % 1_000_000
      && text < eveTimestamp((microseconds + later) / 1_000)
  }))
})
