import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ExpiringMap } from '../../agent/kit/index.ts'

const IDLE_MS = 1_000

test('an entry lives until exactly its deadline', () => {
  const profiles = new ExpiringMap<string, number>({ capacity: 8, idleTimeoutMs: IDLE_MS })
  profiles.set('10.0.0.5', 1, 0)

  expect(profiles.expire(IDLE_MS - 1)).toEqual([])
  expect(profiles.expire(IDLE_MS)).toEqual([['10.0.0.5', 1]])
  expect(profiles.size).toBe(0)
})

test('a look-up starts the idle time anew, a peek does not', () => {
  const map = new ExpiringMap<string, number>({ capacity: 8, idleTimeoutMs: IDLE_MS })
  map.set('used', 1, 0)
  map.set('seen', 2, 0)
  map.get('used', 600)
  map.peek('seen')

  expect(map.expire(IDLE_MS)).toEqual([['seen', 2]])
  expect(map.nextExpiryMs()).toBe(1_600)
})

test('past the capacity the least recently used entry goes, and is counted', () => {
  const map = new ExpiringMap<string, number>({ capacity: 2, idleTimeoutMs: IDLE_MS })
  map.set('a', 1, 0)
  map.set('b', 2, 1)
  map.get('a', 2)
  map.set('c', 3, 3)

  expect([...map].map(([key]) => key)).toEqual(['a', 'c'])
  expect(map.evicted).toBe(1)
})

test('an entry past its deadline is not found even before anybody expired it', () => {
  const map = new ExpiringMap<string, number>({ capacity: 2, idleTimeoutMs: IDLE_MS })
  map.set('a', 1, 0)
  expect(map.get('a', IDLE_MS)).toBeUndefined()
  expect(map.expired).toBe(1)
})

test('a map needs room for one entry', () => {
  expect(() => new ExpiringMap({ capacity: 0, idleTimeoutMs: IDLE_MS })).toThrow('capacity')
})

test('any sequence of operations agrees with a plain list of entries', () => {
  const kind = fc.constantFrom('set', 'get', 'delete', 'expire')
  const operation = fc.record({ kind, key: fc.integer({ min: 0, max: 6 }), stepMs: fc.nat(400) })
  fc.assert(fc.property(fc.array(operation, { maxLength: 60 }), (operations) => {
    const map = new ExpiringMap<number, number>({ capacity: 4, idleTimeoutMs: IDLE_MS })
    let model: { key: number; value: number; usedAtMs: number }[] = []
    let nowMs = 0
    operations.forEach(({ kind, key, stepMs }, value) => {
      nowMs += stepMs
      const known = model.find((entry) => entry.key === key)
      const others = model.filter((entry) => entry.key !== key)
      if (kind === 'set') {
        map.set(key, value, nowMs)
        model = [...others.slice(known === undefined && others.length === 4 ? 1 : 0), { key, value, usedAtMs: nowMs }]
      } else if (kind === 'delete') {
        expect(map.delete(key)).toBe(known !== undefined)
        model = others
      } else if (kind === 'expire') {
        map.expire(nowMs)
        model = model.filter((entry) => nowMs - entry.usedAtMs < IDLE_MS)
      } else {
        const alive = known !== undefined && nowMs - known.usedAtMs < IDLE_MS
        expect(map.get(key, nowMs)).toBe(alive ? known.value : undefined)
        model = alive ? [...others, { ...known, usedAtMs: nowMs }] : others
      }
      expect([...map]).toEqual(model.map((entry) => [entry.key, entry.value]))
    })
  }))
})
