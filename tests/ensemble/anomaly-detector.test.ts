import { expect, test } from 'vitest'
import { AnomalyDetector } from '../../agent/ensemble/index.ts'
import { EvidenceEvent } from '../../agent/ensemble/evidence/evidence-event.ts'
import { EVENT_LAYOUT, eventBatch, tcpEvent } from '../fixtures/event-batch.ts'

const HOUR_MS = 3_600_000
/** Midnight, UTC. */
const START_MS = 1_700_006_400_000

test('a host without a habit is never unusual', () => {
  const { measure } = watch()
  for (let hour = 1; hour <= 8; hour++) expect(measure({ hour, flows: 10 ** (hour % 4) })).toBe(0)
})

test('a quiet host that suddenly talks to hundreds is unusual, and the rate that stands out is named', () => {
  const { measure, explain } = watch()
  for (let hour = 1; hour <= 48; hour++) measure({ hour, flows: 100 + (hour % 5), peers: 12 + (hour % 3) })
  expect(measure({ hour: 49, flows: 104, peers: 12 })).toBe(0)
  expect(measure({ hour: 49, flows: 104, peers: 5_000 })).toBe(3)
  expect(explain()).toContain('distinct peers')
})

test('less than usual is not unusual', () => {
  const { measure } = watch()
  for (let hour = 1; hour <= 48; hour++) measure({ hour, flows: 5_000, peers: 400 })
  expect(measure({ hour: 49, flows: 0, peers: 0 })).toBe(0)
})

test('nights are compared with nights: a backup at three is the habit of three, not of noon', () => {
  const { measure } = watch()
  const octetsAt = (hour: number): number => (hour % 24 === 3 ? 5e9 : 2e6)
  for (let hour = 1; hour <= 167; hour++) measure({ hour, octets: octetsAt(hour), flows: 50, peers: 5 })
  expect(measure({ hour: 168 + 3, octets: 5e9, flows: 50, peers: 5 })).toBe(0)
  expect(measure({ hour: 168 + 12, octets: 5e9, flows: 50, peers: 5 })).toBe(3)
})

test('a deviation below a third of a logarithm is luck, however constant the host was', () => {
  const { measure } = watch()
  for (let hour = 1; hour <= 48; hour++) measure({ hour, flows: 100, peers: 10, octets: 1e6 })
  expect(measure({ hour: 49, flows: 200, peers: 20, octets: 2e6 })).toBe(0)
})

test('one sample an hour: many events within the hour teach no more than one', () => {
  const detector = new AnomalyDetector()
  const profile = detector.createProfile(START_MS)
  for (let minute = 0; minute < 180; minute++) detector.measure(eventAt({ hour: minute / 60, flows: 10 }), profile)
  expect(profile.count).toBe(2)
})

interface Rates {
  readonly hour: number
  readonly flows: number
  readonly peers?: number
  readonly octets?: number
}

function watch(): { measure: (rates: Rates) => number; explain: () => string } {
  const detector = new AnomalyDetector()
  const profile = detector.createProfile(START_MS)
  return { measure: (rates) => detector.measure(eventAt(rates), profile), explain: () => detector.explain() }
}

function eventAt({ hour, flows, peers = 3, octets = 1e6 }: Rates): EvidenceEvent {
  const event = new EvidenceEvent(EVENT_LAYOUT)
  const all = (value: number): number[] => [0, 0, 0, value, value]
  event.select(eventBatch([tcpEvent({
    observedAtMs: START_MS + hour * HOUR_MS, sourceFlows: all(flows), sourceDistinctPeers: all(peers), sourceOctetsSent: all(octets),
  })]), 0)
  return event
}
