// Goal: what is measured is not what was trained on: every category has tools of its own for tests.
import { expect, test } from 'vitest'
import { REACTIVE } from '../../scripts/range/attacks/reaction.ts'
import { REPERTOIRE } from '../../scripts/range/attacks/repertoire.ts'
import type { Attack } from '../../scripts/range/scene.ts'

const CATEGORIES = [
  'scan', 'bruteforce', 'flood', 'c2', 'exfiltration', 'dns-tunnel', 'icmp-tunnel', 'exploit', 'vpn-abuse', 'malware',
] as const
const SECONDS_MAX = 600

function toolsOf(attacks: readonly Attack[]): Set<string> {
  return new Set(attacks.map(({ tool }) => tool))
}

test('names are unique', () => {
  const names = [...REPERTOIRE, ...REACTIVE].map(({ name }) => name)
  expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([])
})

test.each(CATEGORIES)('%s has at least three tools, some to train with and some that training never shows', (category) => {
  const attacks = REPERTOIRE.filter((attack) => attack.category === category)
  const trained = toolsOf(attacks.filter(({ corpora }) => corpora.includes('train')))
  const kept = [...toolsOf(attacks)].filter((tool) => !trained.has(tool))

  expect(toolsOf(attacks).size).toBeGreaterThanOrEqual(3)
  expect(trained.size).toBeGreaterThanOrEqual(1)
  expect(kept.length).toBeGreaterThanOrEqual(1)
})

test('no attack lasts longer than ten minutes', () => {
  expect([...REPERTOIRE, ...REACTIVE].filter(({ seconds }) => seconds < 10 || seconds > SECONDS_MAX).map(({ name }) => name)).toEqual([])
})

test('reactive attackers are in no corpus: without agents they would only be doubles', () => {
  expect(REACTIVE.filter(({ corpora }) => corpora.length > 0)).toEqual([])
})
