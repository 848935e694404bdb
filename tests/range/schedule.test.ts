import fc from 'fast-check'
import { expect, test } from 'vitest'
import { seededRandom } from '../../agent/kit/index.ts'
import { ordinaryStretches, schedule } from '../../scripts/range/schedule.ts'
import type { Attack } from '../../scripts/range/scene.ts'

const ROOM = { durationMs: 600_000, infected: ['wireguard', 'openvpn', 'branch', 'branch'], playsPerCategoryMin: 4, playsPerCategoryMax: 6 }

test('every attack lies between the margins, and a category has its least number of plays', () => {
  fc.assert(fc.property(fc.integer(), fc.integer({ min: 1, max: 900 }), (seed, seconds) => {
    const plays = schedule([attack('a', { seconds }), attack('b', { place: 'outside', category: 'flood' })], ROOM,
      seededRandom(seed))
    expect(plays).toHaveLength(8)
    expect(new Set(plays.map(({ name }) => name)).size).toBe(8)
    for (const { startMs, endMs } of plays) {
      expect(startMs).toBeGreaterThanOrEqual(25_000)
      expect(endMs).toBeLessThanOrEqual(592_000)
      expect(endMs).toBeGreaterThan(startMs)
    }
  }))
})

test('the same seed gives the same plays, another seed others', () => {
  const plan = (seed: number): string => JSON.stringify(schedule([attack('a'), attack('b')], ROOM, seededRandom(seed)))
  expect(plan(7)).toBe(plan(7))
  expect(plan(7)).not.toBe(plan(8))
})

test('a machine plays one attack at a time as long as there is room', () => {
  const plays = schedule(['a', 'b', 'c', 'd', 'e'].map((name) => attack(name, { seconds: 120 })), ROOM, seededRandom(3))
  for (const [index, one] of plays.entries()) {
    for (const other of plays.slice(index + 1)) {
      const isTogether = one.startMs < other.endMs && other.startMs < one.endMs
      expect(isTogether && one.actor === other.actor, `${one.name} and ${other.name}`).toBe(false)
    }
  }
})

test('floods take turns as long as there is room', () => {
  const floods = ['a', 'b', 'c', 'd'].map((name) => attack(name, { seconds: 60, category: 'flood', place: 'outside' }))
  const plays = schedule(floods, ROOM, seededRandom(5))
  for (const [index, one] of plays.entries()) {
    expect(plays.slice(index + 1).every((other) => other.startMs >= one.endMs)).toBe(true)
  }
})

test('a category has no more plays than there is room for, and every tool has its turn', () => {
  const tools = ['nmap', 'nmap', 'nmap', 'nmap', 'nmap', 'nmap', 'masscan', 'zmap']
  const attacks = tools.map((tool, index) => attack(`${tool}-${index}`, { tool }))
  fc.assert(fc.property(fc.integer(), (seed) => {
    const plays = schedule(attacks, ROOM, seededRandom(seed))
    expect(plays).toHaveLength(6)
    expect(new Set(plays.map(({ attack: { tool } }) => tool))).toEqual(new Set(['nmap', 'masscan', 'zmap']))
  }))
})

test('an attack that needs a kind of link gets such a machine, or says what is missing', () => {
  const plays = schedule([attack('a', { links: ['branch'] })], ROOM, seededRandom(1))
  expect(plays.map(({ actor }) => actor).every((actor) => actor === 2 || actor === 3)).toBe(true)
  expect(() => schedule([attack('a', { links: ['lan'] })], ROOM,
    seededRandom(1))).toThrow(/no infected machine can play a: .*lan/)
})

test('ordinary traffic rests around attacks that want to be alone, and only there', () => {
  const [alone] = schedule([attack('a', { isAlone: true })], { ...ROOM, playsPerCategoryMin: 1 }, seededRandom(2))
  const stretches = ordinaryStretches([alone!], alone!.actor!, 600_000)
  for (const { startMs, endMs } of stretches) expect(endMs <= alone!.startMs - 15_000
    || startMs >= alone!.endMs + 15_000).toBe(true)
  expect(ordinaryStretches([alone!], 99, 600_000)).toEqual([{ startMs: 0, endMs: 600_000 }])
})

function attack(name: string, settings: Partial<Attack> = {}): Attack {
  return {
    name, category: 'scan', tool: name, corpora: ['train'], place: 'inside', seconds: 60, isAlone: false,
      play: async () => {}, ...settings,
  }
}
