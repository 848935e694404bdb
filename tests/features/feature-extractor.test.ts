import { readFileSync } from 'node:fs'
import path from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { EVENT_VECTOR_SCHEMA, FEATURE_SCHEMA, FeatureExtractor } from '../../agent/features/index.ts'
import type { FeatureRows } from '../../agent/features/index.ts'
import { addressBytes, EVENT_LAYOUT, eventBatch, tcpEvent } from '../fixtures/event-batch.ts'
import type { EventValues } from '../fixtures/event-batch.ts'

interface GoldenVector {
  readonly name: string
  readonly event: Readonly<Record<string, number | readonly number[]>>
  readonly schemaVersion: string
  /** By feature name; null where it is absent, 'truncated' where the capture cut it. */
  readonly features: Readonly<Record<string, number | 'truncated' | null>>
}

const GOLDEN = path.resolve(import.meta.dirname, '../fixtures/golden-feature-vectors.json')
const golden: readonly GoldenVector[] = JSON.parse(readFileSync(GOLDEN, 'utf8'))

test.each(golden)('golden vector: $name', ({ event, schemaVersion, features }) => {
  expect(schemaVersion).toBe(FEATURE_SCHEMA.version)
  const actual = named(extract([event]))
  expect(Object.keys(actual)).toEqual(Object.keys(features))
  expect(rounded(actual)).toEqual(rounded(features))
})

test('names are unique, ranges ordered, units and sources given', () => {
  for (const { features } of [FEATURE_SCHEMA, EVENT_VECTOR_SCHEMA]) {
    expect(new Set(features.map((feature) => feature.name)).size).toBe(features.length)
    for (const { range, unit, source } of features) {
      expect(range[0]).toBeLessThan(range[1])
      expect(unit).not.toBe('')
      expect(source).not.toBe('')
    }
  }
})

test('rows of chosen events are those that the whole batch has for them', () => {
  const batch = eventBatch(golden.map(({ event }) => tcpEvent(event)))
  const extractor = new FeatureExtractor(EVENT_LAYOUT)
  const all = extractor.extract(batch).values.slice()
  const chosen = Uint32Array.of(0, golden.length - 1)
  const { values, eventIndexes, length, width } = extractor.extractEvents(batch, chosen)
  expect([...eventIndexes.subarray(0, length)]).toEqual([...chosen])
  chosen.forEach((event, row) => {
    expect(values.slice(row * width, (row + 1) * width)).toEqual(all.slice(event * width, (event + 1) * width))
  })
})

test('an event that was not admitted to scoring has no row', () => {
  const rows = extract([tcpEvent({ purpose: 2 }), tcpEvent(), tcpEvent({ purpose: 3 })])
  expect(rows.length).toBe(2)
  expect([...rows.eventIndexes.subarray(0, 2)]).toEqual([1, 2])
})

test('a row does not depend on addresses, ports of one class, TTL, dates, interface or VLAN', () => {
  const elsewhere = fc.record({
    sourceAddress: fc.ipV6().map(addressBytes), destinationAddress: fc.ipV4().map(addressBytes), ipVersion: fc.constantFrom(4, 6),
    sourceTransportPort: fc.integer({ min: 1, max: 65_535 }), destinationTransportPort: fc.integer({ min: 0, max: 1_023 }),
    ttlMin: fc.tuple(fc.nat(255), fc.nat(255)), ttlMax: fc.tuple(fc.nat(255), fc.nat(255)),
    vlanId: fc.nat(4_094), interfaceIndex: fc.nat(7),
    flowId: fc.nat(), initialWindow: fc.tuple(fc.nat(65_535), fc.nat(65_535)), segment: fc.nat(9),
  })
  fc.assert(fc.property(elsewhere, fc.integer({ min: 0, max: 2_000_000_000 }), (overrides, shiftSeconds) => {
    const original = tcpEvent()
    const times = ['observedAtMs', 'flowStartMilliseconds', 'flowEndMilliseconds']
    const shifted = times.map((name) => [name, Number(original[name]) + 1_000 * shiftSeconds])
    const moved = { ...original, ...overrides, ...Object.fromEntries(shifted) }
    expect(named(extract([moved]))).toEqual(named(extract([original])))
    expect(named(extractVectors([moved]))).toEqual(named(extractVectors([original])))
  }))
})

test('whatever the counters say, cells are finite and within their range, and absent cells hold 0', () => {
  fc.assert(fc.property(fc.array(anyEvent(), { minLength: 1, maxLength: 4 }), (events) => {
    for (const rows of [extract(events), extractVectors(events)]) {
      for (let cell = 0; cell < rows.length * rows.width; cell++) {
        const { name, range } = rows.schema.features[cell % rows.width]!
        const value = rows.values[cell]!
        const isAllowed = rows.presence[cell] === 2 ? value >= range[0] && value <= range[1] : value === 0
        expect(isAllowed, `${name} = ${value}`).toBe(true)
      }
    }
  }))
})

test('an event gives the same row alone and in a batch', () => {
  fc.assert(fc.property(fc.array(anyEvent(), { minLength: 2, maxLength: 5 }), (events) => {
    const together = extract(events)
    events.forEach((event, row) => {
      expect([...extract([event]).values]).toEqual([...together.values.subarray(row * together.width, (row + 1) * together.width)])
    })
  }))
})

test('values that leave their range are clamped and counted', () => {
  const extractor = new FeatureExtractor(EVENT_LAYOUT)
  const rows = extractor.extract(eventBatch([tcpEvent({ octetDeltaCount: Number.POSITIVE_INFINITY })]))
  expect(rows.values[0]).toBe(FEATURE_SCHEMA.features[0]!.range[1])
  expect(extractor.clamped).toBeGreaterThan(0)
})

test('a cut transport header leaves flags and payload truncated, not zero', () => {
  const row = named(extract([tcpEvent({ isTruncated: 1 })]))
  expect(row['flow.synShare']).toBe('truncated')
  expect(row['flow.payloadShare']).toBe('truncated')
  expect(row['flow.octets']).toBeTypeOf('number')
})

test('TCP columns are absent for other protocols, and shares without a whole are absent', () => {
  const row = named(extract([tcpEvent({ protocolIdentifier: 1, tcpState: 0, sourceFlows: [0, 0, 0, 0, 0] })]))
  expect(row['flow.synShare']).toBeNull()
  expect(row['flow.destinationPortClass']).toBeNull()
  expect(row['source.peersPerFlow60s']).toBeNull()
})

function extract(events: readonly EventValues[]): FeatureRows {
  return new FeatureExtractor(EVENT_LAYOUT).extract(eventBatch(events))
}

function extractVectors(events: readonly EventValues[]): FeatureRows {
  return new FeatureExtractor(EVENT_LAYOUT).extractVectors(eventBatch(events))
}

/** The first row by feature name. */
function named({ schema, values, presence }: FeatureRows): Record<string, number | 'truncated' | null> {
  return Object.fromEntries(schema.features.map(({ name }, column) => {
    if (presence[column] === 2) return [name, values[column]!]
    return [name, presence[column] === 1 ? 'truncated' : null]
  }))
}

/** To six digits: cells are float32. */
function rounded(row: GoldenVector['features']): GoldenVector['features'] {
  return Object.fromEntries(Object.entries(row).map(([name, value]) => (
    [name, typeof value === 'number' ? Number(value.toPrecision(6)) : value]
  )))
}

function anyEvent(): fc.Arbitrary<EventValues> {
  const free = Object.entries(EVENT_LAYOUT.fields).filter(([name]) => !/Address|^purpose$|^firstCount$/.test(name))
  const fields = free.map(([name, { type, count }]) => {
    const element = type === 'f32' || type === 'f64'
      ? fc.oneof(fc.constant(0), fc.float({ min: 0, max: Math.fround(1e12), noNaN: true }))
      : fc.oneof(fc.constant(0), fc.nat(type === 'u8' ? 255 : 32_767))
    return [name, fc.array(element, { minLength: count, maxLength: count })] as const
  })
  return fc.record({ ...Object.fromEntries(fields), purpose: fc.constant(1), firstCount: fc.nat(16) })
}
