import { readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { configReadme, exampleConfig } from '../../agent/config/describe-config.ts'
import { editDistance, nearest } from '../../agent/config/edit-distance.ts'
import { configSchema } from '../../agent/config/config-schema.ts'
import { defaultPaths, parseConfig } from '../../agent/config/index.ts'
import { listSettings } from '../../agent/config/setting-list.ts'

const INSTALLED = defaultPaths('/etc/phantommesh/agent.yaml', '/usr/lib/phantommesh')

const DOCUMENTS: [string, () => string][] = [['agent.example.yaml', exampleConfig], ['README.md', configReadme]]

test.each(DOCUMENTS)('config/%s is current (npm run docs:config)', (name, generate) => {
  expect(readFileSync(path.join(import.meta.dirname, '..', '..', 'config', name), 'utf8')).toBe(generate())
})

test('the example passes the check without a word, and says nothing but defaults', () => {
  const result = parseConfig([{ file: 'agent.example.yaml', text: exampleConfig() }], INSTALLED)
  const defaults = parseConfig([], INSTALLED)
  expect(result).toEqual(defaults)
})

test('the example with its commented sections is valid too', () => {
  const [settings, ...later] = exampleConfig().split('# # Accepted and checked')
  const text = [settings, ...later.map((part) => part.replaceAll(/^# /gm, ''))].join('# ')
  expect(parseConfig([{ file: 'agent.example.yaml', text }], INSTALLED)).toMatchObject({ ok: true })
})

test('every setting has a description and a default', () => {
  const settings = listSettings(configSchema(INSTALLED))
  expect(settings.length).toBeGreaterThan(60)
  expect(settings.filter((setting) => setting.description === '' || (!setting.isSection && setting.default === undefined))).toEqual([])
})

test('the distance of two words counts insertions, deletions, substitutions and swaps', () => {
  const pairs: [string, string, number][] = [
    ['', '', 0], ['mode', '', 4], ['mode', 'mdoe', 1], ['mode', 'node', 1], ['mode', 'modes', 1], ['kitten', 'sitting', 3],
  ]
  for (const [a, b, distance] of pairs) expect([editDistance(a, b), editDistance(b, a)]).toEqual([distance, distance])
})

test('only a near word is suggested', () => {
  expect(nearest('neverblock', ['neverBlock', 'durationMs'])).toBe('neverBlock')
  expect(nearest('colour', ['neverBlock', 'durationMs'])).toBeUndefined()
})
