// Goal: sources that differ are told apart on files that were held out, sources that do not are told at chance.
// Method: synthetic rows by seed.
import { expect, test } from 'vitest'
import { separateSources } from '../../agent/evaluation/index.ts'
import type { SourcedRows } from '../../agent/evaluation/index.ts'
import { seededRandom } from '../../agent/kit/index.ts'

const FILES = Array.from({ length: 24 }, (_, file) => (file % 3 === 0 ? 'one' : 'other'))

test('a column that gives the source away is found by both classifiers, in files they have not seen', () => {
  const found = separateSources(rows(FILES, (source) => (source === 'one' ? 3 : 0)))!
  expect(found).toMatchObject({ sources: ['one', 'other'], fileCounts: [8, 16], chance: 0.5, leftOut: [] })
  for (const { balancedAccuracy, files } of found.outcomes) {
    expect(balancedAccuracy).toBeGreaterThan(0.9)
    expect(files.map(({ value }) => value)).toEqual([1, 1])
  }
})

test('where there is nothing to tell, accuracy stays at chance however unequal the sources are', () => {
  for (const { balancedAccuracy } of separateSources(rows(FILES, () => 0))!.outcomes) {
    expect(Math.abs(balancedAccuracy - 0.5)).toBeLessThan(0.1)
  }
})

test('what only marks a file does not tell its source', () => {
  const marks = FILES.map((_, file) => 5 * Math.sin(file * 12.9898))
  const found = separateSources(rows(FILES, (_, file) => marks[file]!))!
  for (const { balancedAccuracy } of found.outcomes) expect(balancedAccuracy).toBeLessThan(0.8)
})

test('a source with one file is left out, and one source alone is nothing to tell apart', () => {
  expect(separateSources(rows([...FILES, 'single'], () => 0))!.leftOut).toEqual(['single'])
  expect(separateSources(rows(['one', 'one', 'single'], () => 0))).toBeUndefined()
})

/** Twelve rows a file of three columns of noise, the first of which is shifted. */
function rows(sources: readonly string[], shift: (source: string, file: number) => number): SourcedRows {
  const random = seededRandom(7)
  const files = Int32Array.from({ length: sources.length * 12 }, (_, row) => Math.floor(row / 12))
  const values = Float32Array.from({ length: files.length * 3 }, (_, cell) => {
    const file = files[Math.floor(cell / 3)]!
    return random.uniform() + (cell % 3 === 0 ? shift(sources[file]!, file) : 0)
  })
  return { values, width: 3, files, sources }
}
