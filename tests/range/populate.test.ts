import { expect, test } from 'vitest'
import { msUntilCrowd } from '../../scripts/range/activities/machines.ts'
import { PERSONAS, assignRoles } from '../../scripts/range/activities/personas.ts'

const CAST = { benign: names('w', 22), infected: names('v', 5) }

test('a seed gives the same roles again, and another seed others', () => {
  expect(assignRoles(CAST, 1)).toEqual(assignRoles(CAST, 1))
  expect(assignRoles(CAST, 1)).not.toEqual(assignRoles(CAST, 2))
})

test.each([1, 2, 3, 20_261_125])('whoever joins has something to do, and every persona appears (seed %i)', (seed) => {
  const roles = assignRoles(CAST, seed)
  expect(new Set(roles.map((each) => each.machine))).toEqual(new Set([...CAST.benign, ...CAST.infected]))
  expect(new Set(roles.map((each) => each.persona))).toEqual(new Set(PERSONAS))
})

test('nobody has the same persona twice', () => {
  const roles = assignRoles(CAST, 7).map(({ machine, persona }) => `${machine} ${persona}`)
  expect(new Set(roles).size).toBe(roles.length)
})

test('an infected machine does little beside what it is made to do', () => {
  const roles = assignRoles(CAST, 7).filter((each) => CAST.infected.includes(each.machine))
  expect(new Set(roles.map((each) => each.persona))).toEqual(new Set(['browse-rarely', 'keep-time', 'poll-mail']))
})

test('the crowd gathers at the same minute of every twelve', () => {
  expect(msUntilCrowd(0, 5)).toBe(300_000)
  expect(msUntilCrowd(301_000, 5)).toBe(719_000)
})

function names(prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}${index}`)
}
