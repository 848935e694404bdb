import fc from 'fast-check'
import { expect, test } from 'vitest'
import { EVIDENCE_TESTS, PatternRecognizer } from '../../agent/ensemble/index.ts'
import { EvidenceEvent } from '../../agent/ensemble/evidence/evidence-event.ts'
import { addressBytes, EVENT_LAYOUT, eventBatch, tcpEvent } from '../fixtures/event-batch.ts'
import type { EventValues } from '../fixtures/event-batch.ts'

const START_MS = 1_700_000_000_000
const LN4 = Math.log(4)

test('the random walk takes a step of ln 4 a trial, up for failures and down for answers', () => {
  const measure = follow('scan.random-walk')
  expect(measure({ sourceTrialsFailed: 0 })).toBe(0)
  expect(measure({ sourceTrialsFailed: 3 })).toBeCloseTo(3 * LN4)
  expect(measure({ sourceTrialsFailed: 3, sourceTrialsAnswered: 1 })).toBeCloseTo(2 * LN4)
})

test('a thousand answered contacts buy a scanner no more than four failures', () => {
  const measure = follow('scan.random-walk')
  measure({})
  expect(measure({ sourceTrialsAnswered: 1_000 })).toBeCloseTo(Math.log(0.01))
  expect(measure({ sourceTrialsAnswered: 1_000, sourceTrialsFailed: 4 })).toBeGreaterThan(0)
})

test('one more failed contact never lowers the walk, one more answered contact never raises it', () => {
  fc.assert(fc.property(fc.array(fc.boolean(), { maxLength: 30 }), (trials) => {
    const after = (last: { failed: number; answered: number }): number => {
      const measure = follow('scan.random-walk')
      measure({})
      let [failed, answered] = [0, 0]
      for (const isFailed of trials) {
        if (isFailed) failed++
        else answered++
        measure({ sourceTrialsFailed: failed, sourceTrialsAnswered: answered })
      }
      return measure({ sourceTrialsFailed: failed + last.failed, sourceTrialsAnswered: answered + last.answered })
    }
    const same = after({ failed: 0, answered: 0 })
    expect(after({ failed: 1, answered: 0 })).toBeGreaterThanOrEqual(same)
    expect(after({ failed: 0, answered: 1 })).toBeLessThanOrEqual(same)
  }))
})

test('what a host was refused long ago has faded', () => {
  const measure = follow('scan.random-walk')
  measure({})
  const scanned = measure({ sourceTrialsFailed: 8 })
  expect(measure({ sourceTrialsFailed: 8, observedAtMs: START_MS + 3 * 300_000 })).toBeCloseTo(scanned * Math.exp(-3))
})

test('contacts that fail one a minute, all day, are no scan; one every ten seconds is', () => {
  const after = (periodMs: number): number => {
    const measure = follow('scan.random-walk')
    let ratio = 0
    for (let index = 0; index < 500; index++) {
      ratio = measure({ sourceTrialsFailed: index, observedAtMs: START_MS + index * periodMs })
    }
    return ratio
  }
  expect(after(60_000)).toBeLessThan(8.9)
  expect(after(10_000)).toBe(12)
})

test.each([['127.0.0.1', 4], ['::1', 6]])('a host that talks to itself (%s) scans nobody', (address, ipVersion) => {
  const values = { sourceAddress: addressBytes(address), ipVersion, sourceTrialsFailed: 90, sourceContactsFailed: all(90) }
  expect(measureOnce('scan.random-walk', values)).toBe(0)
})

test('an entity whose record in the meter is old is judged by its last minute', () => {
  const known = { sourceTrialsFailed: 500, sourceTrialsAnswered: 400, sourceContactsFailed: [0, 0, 2, 9, 50] }
  expect(follow('scan.random-walk')(known)).toBeCloseTo(2 * LN4)
})

test('a host that sends answers nobody asked for is a reflector or a victim, not a scanner', () => {
  const backscatter = { sourceTrialsFailed: 40, sourceContactsFailed: [40, 40, 40, 40, 40], sourceUnsolicitedAnswers: [60, 60, 60, 60, 60] }
  expect(follow('scan.random-walk')(backscatter)).toBeLessThanOrEqual(0)
})

test('SYNs that complete their handshakes are no flood, at any rate', () => {
  const measure = follow('flood.syn-cusum')
  const ratios = Array.from({ length: 100 }, (_, second) => measure({
    observedAtMs: START_MS + second * 1_000, destinationSynsTotal: 5_000 * second, destinationHandshakesTotal: 4_990 * second,
    destinationSyns: all(5_000), destinationHandshakes: all(4_990), destinationDistinctPorts: all(1),
  }))
  expect(Math.max(...ratios)).toBe(0)
})

test('SYNs to ever new ports, or refused, are a scan of the host and no flood', () => {
  const flood = {
    destinationSynsTotal: 1_000, destinationSyns: all(1_000), destinationDistinctPorts: all(1), destinationDistinctPeers: all(900),
  }
  expect(follow('flood.syn-cusum')(flood)).toBe(12)
  expect(follow('flood.syn-cusum')({ ...flood, destinationDistinctPorts: all(500) })).toBe(0)
  expect(follow('flood.syn-cusum')({ ...flood, destinationResetsSent: all(1_000) })).toBe(0)
})

test('it takes several senders to reflect', () => {
  const answers = { destinationUnsolicitedTotal: 500, destinationUnsolicitedAnswers: all(500) }
  expect(follow('flood.reflection')({ ...answers, destinationDistinctPeers: all(40) })).toBe(12)
  expect(follow('flood.reflection')({ ...answers, destinationDistinctPeers: all(1) })).toBe(3)
})

test('datagrams from ever new sources that nobody answers are a flood; answered ones and few senders are not', () => {
  const flood = {
    protocolIdentifier: 17, packetDeltaCount: 1, reversePacketDeltaCount: 0, destinationFlows: all(2_000),
    destinationDistinctPeers: all(900),
    destinationOctetsReceived: all(400_000), destinationOctetsSent: all(0),
  }
  expect(measureOnce('flood.unanswered-datagrams', flood)).toBe(12)
  expect(measureOnce('flood.unanswered-datagrams', { ...flood, destinationOctetsSent: all(100_000) })).toBe(0)
  expect(measureOnce('flood.unanswered-datagrams', { ...flood, destinationDistinctPeers: all(20) })).toBe(0)
  // Those are the reflection test's.
  expect(measureOnce('flood.unanswered-datagrams', { ...flood, destinationUnsolicitedAnswers: all(1_900) })).toBe(0)
})

test('equal short connections to a login service, a hundred a minute, are brute force', () => {
  expect(measureOnce('bruteforce.flat-traffic', loginAttempts())).toBe(12)
})

test.each([
  ['polling every ten seconds', { pairFlows: all(6) }],
  ['a service without a login', { destinationTransportPort: 9_100 }],
  ['transfers of different sizes', { pairFlowOctets: Array.from({ length: 16 }, (_, index) => 3_000 * (index + 1) ** 2) }],
  ['downloads', { pairFlowPackets: Array.from({ length: 16 }, () => 900) }],
  ['a few retries', { pairFlowsEndedTotal: 5, pairFlows: all(5) }],
  ['connections that are never answered', { pairOctetsSent: all(50_000), pairOctetsReceived: all(18_000) }],
  ['a hundred page loads without keep-alive', { destinationTransportPort: 80, pairFlowsEndedTotal: 40 }],
])('not brute force: %s', (_what, overrides) => {
  expect(measureOnce('bruteforce.flat-traffic', loginAttempts(overrides))).toBe(0)
})

test('many open connections that send little and hear nothing exhaust a server', () => {
  const mute = {
    payloadOctets: 240, reversePayloadOctets: 0, flowStartMilliseconds: START_MS - 20_000, flowEndMilliseconds: START_MS,
    pairFlowsTotal: 150, pairFlowsEndedTotal: 0, pairFlows: [0, 10, 120, 150, 150],
  }
  expect(measureOnce('flood.mute-connections', mute)).toBe(12)
  expect(measureOnce('flood.mute-connections', { ...mute, reversePayloadOctets: 200 })).toBe(0)
  expect(measureOnce('flood.mute-connections', { ...mute, pairFlowsTotal: 12 })).toBe(0)
})

test('a program that checks in at an unusual port has a rhythm, jitter included, and stays within its bound', () => {
  const gaps = Array.from({ length: 16 }, (_, index) => 30_000 + (index % 5) * 1_500)
  expect(measureOnce('beacon.regularity', beacon({ pairBurstGapsMs: gaps }))).toBeGreaterThan(5)
  expect(measureOnce('beacon.regularity', beacon())).toBe(6.5)
})

test.each([
  ['a NAT keep-alive of small datagrams', { protocolIdentifier: 17, pairBurstOctets: Array.from({ length: 16 }, () => 145) }],
  ['SIP outbound', { protocolIdentifier: 17, destinationTransportPort: 5_060 }],
  ['test frames of IEC 104', { destinationTransportPort: 2_404, pairFlowsTotal: 1 }],
  ['a ping', { protocolIdentifier: 1 }],
  ['announcements to many', { protocolIdentifier: 17, destinationAddress: addressBytes('239.1.2.3') }],
  ['datagrams that nobody answers', { protocolIdentifier: 17, reversePacketDeltaCount: 0 }],
])('not a beacon: %s', (_what, overrides) => {
  expect(measureOnce('beacon.regularity', beacon(overrides))).toBe(0)
})

test('a heartbeat inside one flow that stays open is weaker than a new connection for every beat', () => {
  expect(measureOnce('beacon.regularity', beacon({ pairFlowsTotal: 1 }))).toBe(5)
})

test('how many clients a destination has is no evidence while few are known', () => {
  const ratios = [1, 2, 8, 500].map((clients) => measureOnce('beacon.regularity', beacon({ destinationDistinctPeers: all(clients) })))
  expect(new Set(ratios).size).toBe(1)
})

test('what supports a test moves with new observations only', () => {
  const support = (name: string, overrides: EventValues): number => {
    const event = new EvidenceEvent(EVENT_LAYOUT)
    event.select(eventBatch([tcpEvent({ observedAtMs: START_MS, flowEndMilliseconds: START_MS, ...overrides })]), 0)
    return EVIDENCE_TESTS.find((each) => each.name === name)!.support(event)
  }
  for (const { name } of EVIDENCE_TESTS) {
    expect(support(name, { observedAtMs: START_MS + 3_600_000 })).toBe(support(name, {}))
  }
  expect(support('scan.random-walk', { sourceTrialsFailed: 4 })).toBe(support('scan.random-walk', {}) + 1)
  expect(support('beacon.regularity', { pairBurstsTotal: 1 })).toBe(support('beacon.regularity', {}) + 1)
})

test('keep-alives on web ports stay below the prior, and people have no rhythm', () => {
  expect(measureOnce('beacon.regularity', beacon({ destinationTransportPort: 443, destinationDistinctPeers: all(8) }))).toBeLessThan(5.1)
  const human = Array.from({ length: 16 }, (_, index) => 2_000 * 1.4 ** index)
  expect(measureOnce('beacon.regularity', beacon({ pairBurstGapsMs: human }))).toBe(0)
  expect(measureOnce('beacon.regularity', beacon({ destinationTransportPort: 123, protocolIdentifier: 17 }))).toBe(0)
})

test('long queries in volume are a DNS tunnel; a busy resolver and a single long answer are not', () => {
  const tunnel = {
    protocolIdentifier: 17, destinationTransportPort: 53, packetDeltaCount: 400, reversePacketDeltaCount: 400,
    lengthMean: [180, 220], pairOctetsSent: all(70_000), pairOctetsReceived: all(90_000), pairFlows: all(1),
  }
  expect(measureOnce('dns-tunnel.volume', tunnel)).toBeGreaterThan(9)
  expect(measureOnce('dns-tunnel.volume', { ...tunnel, lengthMean: [66, 150], pairFlows: all(400), packetDeltaCount: 1 })).toBe(0)
  expect(measureOnce('dns-tunnel.volume', { ...tunnel, packetDeltaCount: 1, reversePacketDeltaCount: 1, pairFlows: all(1) })).toBe(0)
})

test('echo replies that differ from their requests carry something else; an honest ping of any size does not', () => {
  const ping = {
    protocolIdentifier: 1, icmpType: 8, packetDeltaCount: 100, reversePacketDeltaCount: 97, lengthMean: [84, 84], lengthDeviation: [0, 0],
  }
  expect(measureOnce('icmp-tunnel.echo', ping)).toBe(0)
  expect(measureOnce('icmp-tunnel.echo', { ...ping, lengthMean: [1_028, 1_028] })).toBe(0)
  expect(measureOnce('icmp-tunnel.echo', { ...ping, lengthMean: [300, 700], lengthDeviation: [200, 400] })).toBe(12)
})

test('a large upload alone stays below the prior, a download is nothing', () => {
  const upload = { pairOctetsSent: all(4e9), pairOctetsReceived: all(8e7), destinationDistinctPeers: all(1) }
  expect(measureOnce('exfiltration.balance', upload)).toBe(5)
  expect(measureOnce('exfiltration.balance', { pairOctetsSent: all(8e7), pairOctetsReceived: all(4e9) })).toBe(0)
})

test('whatever the counters say, ratios are finite and within 12 nats, and explanations are sentences', () => {
  const counter = fc.oneof(fc.constant(0), fc.nat(1_000), fc.constant(0xffff_ffff))
  const amount = fc.oneof(fc.constant(0), fc.float({ min: 0, max: Math.fround(1e12), noNaN: true }))
  const decayed = fc.array(amount, { minLength: 5, maxLength: 5 })
  const recent = fc.array(fc.float({ min: 0, max: Math.fround(1e9), noNaN: true }), { minLength: 16, maxLength: 16 })
  const listOf = (count: number): fc.Arbitrary<number[]> => (count === 16 ? recent : decayed.map((values) => values.slice(0, count)))
  const layout = Object.entries(EVENT_LAYOUT.fields)
  const fields = {
    ...Object.fromEntries(layout.filter(([name, { type }]) => type === 'u32' && name !== 'segment').map(([name]) => [name, counter])),
    ...Object.fromEntries(layout.filter(([, { type }]) => type === 'f32').map(([name, { count }]) => [name, listOf(count)])),
  }
  const flow = {
    protocolIdentifier: fc.constantFrom(1, 6, 17), destinationTransportPort: fc.constantFrom(22, 53, 80, 4_444), tcpState: fc.nat(7),
  }
  fc.assert(fc.property(fc.array(fc.record({ ...fields, ...flow }), { minLength: 1, maxLength: 5 }), (events) => {
    const recognizer = new PatternRecognizer()
    const slots = new Float64Array(recognizer.slots)
    const event = new EvidenceEvent(EVENT_LAYOUT)
    const batch = eventBatch(events.map((values, index) => tcpEvent({ observedAtMs: START_MS + index * 500, ...values })))
    for (let index = 0; index < batch.length; index++) {
      event.select(batch, index)
      for (const about of ['source', 'destination'] as const) {
        for (const { logLikelihoodRatio, detail } of recognizer.findings(event, { slots, start: 0 }, about)) {
          expect(Math.abs(logLikelihoodRatio)).toBeLessThanOrEqual(12)
          expect(detail).not.toMatch(/NaN|undefined|Infinity/)
        }
      }
    }
  }))
})

/** A function that measures one event after the other with the same memory. */
function follow(name: string): (overrides: EventValues) => number {
  const index = EVIDENCE_TESTS.findIndex((each) => each.name === name)
  const test = EVIDENCE_TESTS[index]!
  const slots = new Float64Array(test.slots)
  return (overrides) => {
    const event = new EvidenceEvent(EVENT_LAYOUT)
    event.select(eventBatch([tcpEvent({ observedAtMs: START_MS, ...overrides })]), 0)
    return test.measure(event, { slots, start: 0 })
  }
}

function measureOnce(name: string, overrides: EventValues): number {
  return follow(name)(overrides)
}

/** The same number in every window. */
function all(value: number): number[] {
  return [value, value, value, value, value]
}

function loginAttempts(overrides: EventValues = {}): EventValues {
  return {
    destinationTransportPort: 22, pairFlows: all(100), pairFlowsEndedTotal: 100,
    pairFlowPackets: Array.from({ length: 16 }, (_, index) => 28 + (index % 2)),
    pairFlowOctets: Array.from({ length: 16 }, (_, index) => 5_200 + (index % 3) * 40),
    pairFlowDurationsMs: Array.from({ length: 16 }, () => 2_500),
    ...overrides,
  }
}

function beacon(overrides: EventValues = {}): EventValues {
  return {
    destinationTransportPort: 7_707, pairBurstsTotal: 40, pairFlowsTotal: 40, destinationDistinctPeers: all(1),
    pairBurstGapsMs: Array.from({ length: 16 }, () => 30_000), pairBurstOctets: Array.from({ length: 16 }, () => 420),
    ...overrides,
  }
}
