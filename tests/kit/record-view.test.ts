import fc from 'fast-check'
import { expect, test } from 'vitest'
import { addressKey, elementOffsets, parseAddress, RecordView } from '../../agent/kit/index.ts'
import { addressBytes, EVENT_LAYOUT, eventBatch } from '../fixtures/event-batch.ts'

test('a view reads the fields of the record it was moved to', () => {
  const batch = eventBatch([
    { octetDeltaCount: 1.5, sourceFlows: [1, 2, 3, 4, 5], pairFlowsTotal: 9 },
    { octetDeltaCount: 2.5, sourceFlows: [6, 7, 8, 9, 10], firstLengths: [40, -60], sourceTransportPort: 65_535, ipVersion: 6 },
  ])
  const view = new RecordView(EVENT_LAYOUT)
  view.select(batch, 1)
  expect(view.f64(elementOffsets(EVENT_LAYOUT, 'f64', ['octetDeltaCount']).octetDeltaCount)).toBe(2.5)
  expect(view.f32(elementOffsets(EVENT_LAYOUT, 'f32', ['sourceFlows']).sourceFlows + 2)).toBe(8)
  expect(view.i16(elementOffsets(EVENT_LAYOUT, 'i16', ['firstLengths']).firstLengths + 1)).toBe(-60)
  expect(view.u16(elementOffsets(EVENT_LAYOUT, 'u16', ['sourceTransportPort']).sourceTransportPort)).toBe(65_535)
  expect(view.u8(elementOffsets(EVENT_LAYOUT, 'u8', ['ipVersion']).ipVersion)).toBe(6)
  view.select(batch, 0)
  expect(view.u32(elementOffsets(EVENT_LAYOUT, 'u32', ['pairFlowsTotal']).pairFlowsTotal)).toBe(9)
})

test('a field that is missing or of another type is named', () => {
  expect(() => elementOffsets(EVENT_LAYOUT, 'f32', ['octetDeltaCount'])).toThrow('no f32 field octetDeltaCount')
})

test('keys of addresses are equal exactly when version and address are', () => {
  const version4 = fc.ipV4().map((text) => ({ text, version: 4 }))
  const version6 = fc.ipV6().map((text) => ({ text, version: 6 }))
  fc.assert(fc.property(fc.oneof(version4, version6), fc.oneof(version4, version6), (a, b) => {
    const key = (one: typeof a): number | string => addressKey(addressBytes(one.text), 0, one.version)
    const same = a.version === b.version && String(parseAddress(a.text)?.bytes) === String(parseAddress(b.text)?.bytes)
    expect(key(a) === key(b)).toBe(same)
  }))
})
