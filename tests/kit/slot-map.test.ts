import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ExpiringMap, SlotMap } from '../../agent/kit/index.ts'

const IDLE_MS = 1_000

test('a key keeps its slot while it is in use, and no two keys share one', () => {
  const slots = new SlotMap<string>({ capacity: 8, idleTimeoutMs: IDLE_MS })
  const first = slots.add('10.0.0.5', 0)
  const second = slots.add('10.0.0.6', 0)

  expect(second).not.toBe(first)
  expect(slots.get('10.0.0.5', IDLE_MS - 1)).toBe(first)
  expect(slots.get('10.0.0.5', 2 * IDLE_MS - 2)).toBe(first)
  expect(slots.get('10.0.0.6', IDLE_MS)).toBeUndefined()
})

test('past the capacity the slot of the least recently used key is handed on, and counted', () => {
  const slots = new SlotMap<string>({ capacity: 2, idleTimeoutMs: IDLE_MS })
  slots.add('a', 0)
  const handedOn = slots.add('b', 1)
  slots.get('a', 2)

  expect(slots.add('c', 3)).toBe(handedOn)
  expect(slots.get('b', 3)).toBeUndefined()
  expect(slots.evicted).toBe(1)
})

test('slots are numbered from zero, again after everything was forgotten', () => {
  const slots = new SlotMap<number>({ capacity: 5_000, idleTimeoutMs: IDLE_MS })
  for (let key = 0; key < 3_000; key++) expect(slots.add(key, 0)).toBe(key)
  slots.clear()

  expect(slots.size).toBe(0)
  expect(slots.get(7, 0)).toBeUndefined()
  expect(slots.add(7, 0)).toBe(0)
})

test('a slot map needs room for one key', () => {
  expect(() => new SlotMap({ capacity: 0, idleTimeoutMs: IDLE_MS })).toThrow('capacity')
})

test('whatever the order of use, the same keys are known as to an ExpiringMap, each with a slot of its own', () => {
  const use = fc.record({ key: fc.integer({ min: 0, max: 6 }), stepMs: fc.nat(400), clears: fc.integer({ min: 0, max: 19 }) })
  fc.assert(fc.property(fc.array(use, { maxLength: 80 }), (uses) => {
    const limits = { capacity: 4, idleTimeoutMs: IDLE_MS }
    const slots = new SlotMap<number>(limits)
    const model = new ExpiringMap<number, number>(limits)
    let nowMs = 0
    for (const { key, stepMs, clears } of uses) {
      nowMs += stepMs
      if (clears === 0) {
        slots.clear()
        model.clear()
      }
      const known = model.get(key, nowMs)
      expect(slots.get(key, nowMs)).toBe(known)
      if (known === undefined) model.set(key, slots.add(key, nowMs), nowMs)
      expect(slots.evicted).toBe(model.evicted)
      expect(new Set([...model].map(([, slot]) => slot)).size).toBe(model.size)
    }
  }))
})
