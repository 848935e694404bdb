// Goal: each kind of attack shows in the counters that its evidence test reads, while it runs; ordinary traffic does not.
// Method: small captures made octet by octet, through the addon, every event read back.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { CAUSE, createEventFields, eventField } from '../../agent/capture/index.ts'
import type { EventBatch, MeterCounters, MeterLimits } from '../../agent/capture/index.ts'
import { openCaptureFiles } from '../../agent/capture/native-source.ts'
import { ACK, FIN, RST, SYN, frames, icmp, pcap, tcp, udp } from '../capture/make-capture.ts'

type Timed = readonly [afterMs: number, packet: Buffer]

const ATTACKER = '10.0.0.5'
const SERVER = '192.0.2.7'
const WINDOW_60S = 2
const WINDOW_24H = 4

const folder = mkdtempSync(path.join(tmpdir(), 'phantommesh-attacks-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('a scan answered by RST counts each refusal as it comes', async () => {
  const { events } = await observe(range(50).flatMap((i) => [
    [i * 10, tcp({ from: `${ATTACKER}:40000`, to: `${SERVER}:${i + 1}`, flags: SYN })],
    [i * 10 + 1, tcp({ from: `${SERVER}:${i + 1}`, to: `${ATTACKER}:40000`, flags: RST | ACK })],
  ]))
  const evidence = events.filter((event) => event.has(CAUSE.hostEvidence))
  expect(evidence.map((event) => event.number('sourceTrialsFailed'))).toEqual([3, 4, 6, 8, 12, 16, 24, 32, 48])
  // The fourth refusal comes with the eighth packet, 31 ms into the scan.
  expect(evidence[1]!.number('observedAtMs') - events[0]!.number('observedAtMs')).toBe(31)
  const last = events.at(-1)!
  expect(last.number('sourceTrialsFailed')).toBe(50)
  expect(last.number('sourceDistinctPorts', WINDOW_60S)).toBeGreaterThan(25)
  expect(last.number('sourceResetsReceived', WINDOW_24H)).toBeCloseTo(50, 1)
})

test('a scan that a filter swallows fails by timeout', async () => {
  const packets: Timed[] = range(20).flatMap((i) => [0, 1000].map((again): Timed =>
    [i * 10 + again, tcp({ from: `${ATTACKER}:40000`, to: `192.0.2.${i + 1}:22`, flags: SYN })]))
  const { events } = await observe([...packets.toSorted(([a], [b]) => a - b), [5000, udp('10.0.0.9:5000', '10.0.0.8:6000', 10)]])
  const failed = events.filter((event) => event.has(CAUSE.hostEvidence))
  expect(failed.map((event) => event.number('sourceTrialsFailed'))).toEqual([3, 4, 6, 8, 12, 16])
  expect(failed.every((event) => event.number('contactFailed') === 1)).toBe(true)
  expect(failed.at(-1)!.number('sourceUnansweredSyns', WINDOW_60S)).toBeGreaterThan(14)
})

test('a SYN flood from spoofed sources shows at its victim, who answers or not', async () => {
  const { events } = await observe(range(1000).flatMap((i) => {
    const from = `11.${i >> 8}.${i & 255}.1:1024`
    const question: Timed = [i * 0.1, tcp({ from, to: `${SERVER}:80`, flags: SYN })]
    return i % 2 === 0 ? [question] : [question, [i * 0.1, tcp({ from: `${SERVER}:80`, to: from, flags: SYN | ACK })]]
  }))
  const evidence = events.filter((event) => event.has(CAUSE.hostEvidence))
  expect(evidence.map((event) => event.number('destinationSynsTotal'))).toEqual([32, 64, 128, 256, 512])
  expect(evidence.every((event) => event.number('destinationHandshakesTotal') === 0)).toBe(true)
  expect(Math.max(...events.map((event) => event.number('destinationDistinctPeers', 0)))).toBeGreaterThan(500)
})

test('reflected answers count at their receiver, and a resolver that was asked is none of them', async () => {
  const { events } = await observe([
    [0, udp(`${SERVER}:5000`, '198.51.100.200:53', 40)],
    [1, udp('198.51.100.200:53', `${SERVER}:5000`, 400)],
    ...range(200).map((i): Timed => [10 + i, udp(`198.51.100.${i % 50}:123`, `${SERVER}:8080`, 440)]),
  ])
  const counts = events.filter((event) => event.has(CAUSE.hostEvidence)).map((event) => event.number('destinationUnsolicitedTotal'))
  expect(counts).toEqual([32, 48, 64, 96, 128, 192])
  expect(events.find((event) => event.number('sourceTransportPort') === 5000)!.number('destinationUnsolicitedTotal')).toBe(0)
})

test('a beacon has equal gaps between bursts', async () => {
  const { events } = await observe(range(12).flatMap((i) => connection(i * 30_000, { port: 41_000 + i, to: `${SERVER}:443`, octets: 120 })))
  const evidence = events.filter((event) => event.has(CAUSE.pairEvidence) && event.has(CAUSE.packetCount))
  expect(evidence.map((event) => event.number('pairBurstsTotal'))).toEqual([6, 8, 12])
  expect(range(11).map((i) => evidence.at(-1)!.number('pairBurstGapsMs', i))).toEqual(Array(11).fill(30_000))
  expect(evidence.at(-1)!.number('pairBurstGapsMs', 11)).toBe(0)
})

test('password guessing over SSH is a row of equal connections that carried payload, and none of its contacts failed', async () => {
  const { events } = await observe(range(20).flatMap((i) => connection(i * 400, { port: 41_000 + i, to: `${SERVER}:22`, octets: 900 })))
  const evidence = events.filter((event) => event.has(CAUSE.pairEvidence) && event.has(CAUSE.flowEnd))
  expect(evidence.map((event) => event.number('pairFlowsEndedTotal'))).toEqual([8, 12, 16])
  const last = evidence.at(-1)!
  expect(new Set(range(16).map((i) => last.number('pairFlowPackets', i)))).toEqual(new Set([7]))
  expect(last.number('sourceTrialsFailed')).toBe(0)
  expect(last.number('sourceTrialsAnswered')).toBe(1)
  expect(last.number('pairFlows', WINDOW_60S)).toBeGreaterThan(15)
})

test('ping sweeps are trials as well, and an answered ping succeeds', async () => {
  const { events } = await observe([
    [0, icmp({ from: ATTACKER, to: SERVER, type: 8 })],
    [1, icmp({ from: SERVER, to: ATTACKER, type: 0 })],
    ...range(6).map((i): Timed => [10 + i, icmp({ from: ATTACKER, to: `192.0.2.${i + 20}`, type: 8 })]),
    [4000, udp('10.0.0.9:5000', '10.0.0.8:6000', 10)],
  ])
  const last = events.findLast((event) => event.has(CAUSE.hostEvidence))!
  expect([last.number('sourceTrialsAnswered'), last.number('sourceTrialsFailed')]).toEqual([1, 6])
})

test('beyond the budget events are shed and counted, and every ended flow is still a record', async () => {
  const { events, counters } = await observe(
    range(2000).map((i) => [i * 0.1, udp(`10.0.${i >> 8}.${i & 255}:5000`, `${SERVER}:6000`, 10)]), { scoringEventsPerSecond: 100 })
  const { received, scored, shed, pending } = counters.events
  expect([received, pending]).toEqual([4000, 0])
  expect(scored + shed).toBe(received)
  expect(scored).toBeLessThanOrEqual(100)
  expect(events.filter((event) => event.has(CAUSE.flowEnd))).toHaveLength(2000)
})

interface ReadEvent {
  number(name: string, element?: number): number
  has(cause: number): boolean
}

/** A whole TCP connection of the attacker with one answered request of `octets`. */
function connection(afterMs: number, { port, to, octets }: { port: number; to: string; octets: number }): Timed[] {
  const from = `${ATTACKER}:${port}`
  return [
    [afterMs, tcp({ from, to, flags: SYN, sequence: 1 })],
    [afterMs + 1, tcp({ from: to, to: from, flags: SYN | ACK, sequence: 9, acknowledgement: 2 })],
    [afterMs + 2, tcp({ from, to, sequence: 2, acknowledgement: 10 })],
    [afterMs + 3, tcp({ from, to, sequence: 2, acknowledgement: 10, payload: octets })],
    [afterMs + 50, tcp({ from: to, to: from, sequence: 10, acknowledgement: 2 + octets, payload: 60 })],
    [afterMs + 51, tcp({ from, to, flags: FIN | ACK, sequence: 2 + octets, acknowledgement: 70 })],
    [afterMs + 52, tcp({ from: to, to: from, flags: FIN | ACK, sequence: 70, acknowledgement: 3 + octets })],
  ]
}

interface Observed {
  readonly events: ReadEvent[]
  readonly counters: MeterCounters
}

async function observe(packets: readonly Timed[], limits: Partial<MeterLimits> = {}): Promise<Observed> {
  const file = path.join(folder, 'capture.pcap')
  writeFileSync(file, pcap(frames(...packets)))
  const source = openCaptureFiles([file], limits)
  const events: ReadEvent[] = []
  for (let batch = await source.next(); batch !== undefined; batch = await source.next()) {
    for (let index = 0; index < batch.length; index++) events.push(readEvent(batch, index))
  }
  const counters = source.counters()
  await source.close()
  return { events, counters }
}

/** The batch is valid until the next read, so every field is copied. */
function readEvent(batch: EventBatch, index: number): ReadEvent {
  const fields = createEventFields(batch.layout)
  const values = new Map(Object.keys(fields).map((name) => {
    const { view, stride, offset, count } = eventField(fields, name)
    return [name, [...batch[view].subarray(index * stride + offset, index * stride + offset + count)]]
  }))
  const number = (name: string, element = 0): number => values.get(name)![element]!
  return { number, has: (cause) => (number('cause') & cause) !== 0 }
}

function range(length: number): number[] {
  return Array.from({ length }, (_, index) => index)
}
