// Goal: painting and cutting overlapping bans means the same as remembering a deadline for every single address.
// Method: the obvious model, 64 addresses with a deadline each, beside the map; fast-check seeks a difference.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parsePrefix, toPrefixes } from '../../agent/response/address-interval.ts'
import type { AddressInterval } from '../../agent/response/address-interval.ts'
import { BlockMap } from '../../agent/response/block-map.ts'

const BASE = parsePrefix('192.0.2.0')!.first
const ADDRESSES = 64

const interval = fc
  .tuple(fc.integer({ min: 0, max: ADDRESSES - 1 }), fc.integer({ min: 0, max: ADDRESSES - 1 }))
  .map(([a, b]): AddressInterval => ({ family: 4, first: BASE + BigInt(Math.min(a, b)), last: BASE + BigInt(Math.max(a, b)) }))
const step = fc.oneof(
  fc.record({ kind: fc.constant('paint' as const), interval, at: fc.integer({ min: 1, max: 50 }) }),
  fc.record({ kind: fc.constant('cut' as const), interval, at: fc.constant(0) }),
  fc.record({ kind: fc.constant('expire' as const), interval, at: fc.integer({ min: 1, max: 50 }) }),
)

test('every address has the latest deadline it was given since it was last free', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const map = new BlockMap()
      const model = Array<number>(ADDRESSES).fill(0)
      for (const { kind, interval, at } of steps) {
        if (kind === 'paint') map.paint(interval, at)
        if (kind === 'cut') map.cut(interval)
        if (kind === 'expire') map.expire(at)
        model.forEach((deadline, i) => {
          const isInside = BASE + BigInt(i) >= interval.first && BASE + BigInt(i) <= interval.last
          if (kind === 'paint' && isInside) model[i] = Math.max(deadline, at)
          if (kind === 'cut' && isInside) model[i] = 0
          if (kind === 'expire' && deadline <= at) model[i] = 0
        })
        expect(deadlines(map)).toEqual(model)
      }
    }),
  )
})

test('elements are disjoint and in order of address', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(interval, fc.integer({ min: 1, max: 9 }))), (bans) => {
      const map = new BlockMap()
      for (const [each, deadlineMs] of bans) map.paint(each, deadlineMs)
      const elements = map.elements()
      elements.slice(1).forEach((each, i) => expect(each.interval.first).toBeGreaterThan(elements[i]!.interval.last))
    }),
  )
})

test('an interval is written as the prefixes that cover exactly its addresses', () => {
  fc.assert(
    fc.property(interval, (each) => {
      const parts = toPrefixes(each).map((prefix) => parsePrefix(prefix)!)
      expect(parts[0]!.first).toBe(each.first)
      expect(parts.at(-1)!.last).toBe(each.last)
      parts.slice(1).forEach((part, i) => expect(part.first).toBe(parts[i]!.last + 1n))
    }),
  )
})

test.each([
  ['192.0.2.7', '192.0.2.7'], ['192.0.2.7/32', '192.0.2.7'], ['192.0.2.0/24', '192.0.2.0/24'], ['0.0.0.0/0', '0.0.0.0/0'],
  ['::', '::'], ['2001:DB8:0:0::7', '2001:db8::7'], ['::ffff:192.0.2.7', '192.0.2.7'], ['::ffff:192.0.2.0/120', '192.0.2.0/24'],
  ['::/0', '::/0'],
])('%s is the prefix %s', (text, canonical) => {
  expect(toPrefixes(parsePrefix(text)!)).toEqual([canonical])
})

test.each([
  '', ' 192.0.2.7', '192.0.2.7/', '192.0.2.1/24', '192.0.2.0/33', '192.0.2.0/024', '192.0.02.1', '1.2.3', '::1::', ':::', '2001:db8::/129',
  '1::/8/8',
])('"%s" is no prefix', (text) => {
  expect(parsePrefix(text)).toBeUndefined()
})

function deadlines(map: BlockMap): number[] {
  const all = Array<number>(ADDRESSES).fill(0)
  for (const { interval, deadlineMs } of map.elements()) {
    for (let address = interval.first; address <= interval.last; address += 1n) all[Number(address - BASE)] = deadlineMs
  }
  return all
}
