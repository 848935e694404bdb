// Goal: docs/errors.md names every error code of the agent, and no other.
import { globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'

const ROOT = path.resolve(import.meta.dirname, '../..')

test('every code that the agent can throw has its row, once, and every row its code', () => {
  const sources = globSync('agent/**/*.ts', { cwd: ROOT }).map((file) => readFileSync(path.join(ROOT, file), 'utf8')).join('\n')
  const thrown = [...sources.matchAll(/readonly code: '([A-Z]+_[A-Z_]+)'/g)].map((match) => match[1]!)
  const written = [...readFileSync(path.join(ROOT, 'docs/errors.md'), 'utf8').matchAll(/^\| `([A-Z_]+)` \|/gm)].map((match) => match[1]!)
  expect(written.toSorted()).toEqual([...new Set(thrown)].toSorted())
})
