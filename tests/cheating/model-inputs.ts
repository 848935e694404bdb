// What the models get to see of a capture: verdicts round off small differences, the models' inputs do not.
import { expect } from 'vitest'
import { eventLayout } from '../../native/index.js'
import type { MeterCounters } from '../../agent/capture/index.ts'
import { openCaptureFiles } from '../../agent/capture/native-source.ts'
import { EVENT_VECTOR_SCHEMA, FEATURE_SCHEMA, FeatureExtractor } from '../../agent/features/index.ts'
import type { LabelledCapture } from '../../agent/evaluation/index.ts'
import type { FeatureRows, FeatureSchema } from '../../agent/features/index.ts'
import { createFlowNamer } from '../../agent/flows/index.ts'
import type { FlowRecord } from '../../agent/flows/index.ts'

/** Decayed counts are single-precision sums of many small steps; what differs by less than this is rounding. */
const ROUNDING = 1e-4

/** Events a second; nothing of these captures is shed. */
const BUDGET = 1_000_000

/** One event as both models see it. */
interface EventInputs {
  /** When and in which flow, whatever its addresses and its date. */
  readonly key: string
  readonly features: Float32Array
  readonly vector: Float32Array
}

/** The rows of every event of a capture, and what the meter counted. */
export interface ModelInputs {
  /** In the order of their keys: which of several flows that end at one instant comes first is nobody's promise. */
  readonly events: readonly EventInputs[]
  readonly counters: MeterCounters
}

/** Meters a file with a budget that sheds nothing. */
export async function modelInputs(file: string): Promise<ModelInputs> {
  const source = openCaptureFiles([file], { recordFlows: false, scoringEventsPerSecond: BUDGET })
  const extractor = new FeatureExtractor(eventLayout)
  const namer = createFlowNamer(eventLayout, ['file'])
  const events: { flow: FlowRecord; features: Float32Array; vector: Float32Array }[] = []
  for (let batch = await source.next(); batch !== undefined; batch = await source.next()) {
    const features = copied(extractor.extract(batch))
    const vectors = extractor.extractVectors(batch)
    for (const [row, vector] of copied(vectors).entries()) {
      events.push({ flow: namer.name(batch, vectors.eventIndexes[row]!), features: features[row]!, vector })
    }
  }
  const counters = source.counters()
  await source.close()
  const originMs = events.reduce((earliest, { flow }) => Math.min(earliest, flow.flowStartMilliseconds), Infinity)
  const keyed = events.map(({ flow, features, vector }): EventInputs => ({ key: keyOf(flow, originMs), features, vector }))
  return { events: keyed.sort((a, b) => (a.key < b.key ? -1 : Number(a.key > b.key))), counters }
}

/** Not one feature of any row differs, and packets are counted alike. */
export function expectSameInputs({ id }: LabelledCapture, before: ModelInputs, after: ModelInputs): void {
  expect({ id, differing: differingFeatures(before, after) }).toEqual({ id, differing: [] })
}

/** Every packet is decoded and counted with its length on the wire. */
export function expectSameCounters({ id }: LabelledCapture, before: ModelInputs, after: ModelInputs): void {
  const counted = ({ counters: { packets, octets, flows, undecoded } }: ModelInputs) => ({ id, packets, octets, flows, undecoded })
  expect(counted(after)).toEqual(counted(before))
}

/** Features by name with the number of rows in which they differ by more than rounding, the most frequent first. Absent cells are 0. */
function differingFeatures(before: ModelInputs, after: ModelInputs): string[] {
  if (before.events.length !== after.events.length) return [`${before.events.length} rows became ${after.events.length}`]
  return [
    ...differing(FEATURE_SCHEMA, before.events.map(({ features }) => features), after.events.map(({ features }) => features)),
    ...differing(EVENT_VECTOR_SCHEMA, before.events.map(({ vector }) => vector), after.events.map(({ vector }) => vector)),
  ]
}

function differing({ features }: FeatureSchema, before: readonly Float32Array[], after: readonly Float32Array[]): string[] {
  const counts = features.map(({ name }, column) => ({
    name, rows: before.filter((row, index) => Math.abs(row[column]! - after[index]![column]!) > ROUNDING).length,
  }))
  return counts.filter(({ rows }) => rows > 0).sort((a, b) => b.rows - a.rows).map(({ name, rows }) => `${name} differs in ${rows} rows`)
}

function keyOf(flow: FlowRecord, originMs: number): string {
  const microseconds = (atMs: number): string => String(Math.round((atMs - originMs) * 1000)).padStart(16, '0')
  const { flowEndMilliseconds, flowStartMilliseconds, protocolIdentifier, sourceTransportPort, destinationTransportPort } = flow
  return [
    microseconds(flowEndMilliseconds), microseconds(flowStartMilliseconds),
    protocolIdentifier, sourceTransportPort, destinationTransportPort, flow.packetDeltaCount, flow.reversePacketDeltaCount,
  ].join(' ')
}

function copied({ values, length, width }: FeatureRows): Float32Array[] {
  return Array.from({ length }, (_, row) => values.slice(row * width, (row + 1) * width))
}
