import fc from 'fast-check'
import { expect, test } from 'vitest'
import { describeRemoval } from '../../agent/commands/cleanup.ts'
import { formatCount, formatLatency, formatProbability } from '../../agent/commands/phantomctl/format-values.ts'
import { formatBar, formatTable, hang } from '../../agent/commands/table.ts'
import { createProgressBar, formatProgress } from '../../agent/commands/terminal.ts'
import { parseDuration } from '../../agent/control/duration.ts'
import { goDuration } from '../../agent/kit/index.ts'
import { manualClock } from '../control/fake-control.ts'

const COLUMNS = [{ title: 'ID', align: 'right' }, { title: 'NAME', shrinks: true }, { title: 'WHY', shrinks: true }] as const

test('a table keeps its natural width where there is room', () => {
  expect(formatTable(COLUMNS, [['7', 'a', 'because'], ['12', 'bcd', '']], 80)).toBe(
    'ID  NAME  WHY\n 7  a     because\n12  bcd\n')
})

test('the widest columns give way first, and what was cut is marked', () => {
  expect(formatTable(COLUMNS, [['7', 'a name of some length', 'for a long reason that goes on']], 40)).toBe(
    'ID  NAME               WHY\n 7  a name of some l…  for a long reaso…\n')
})

test('a table is never wider than the terminal while its columns can give way', () => {
  const row = fc.tuple(fc.string({ maxLength: 3 }), fc.string({ maxLength: 90 }), fc.string({ maxLength: 90 }))
  fc.assert(fc.property(fc.array(row, { maxLength: 5 }), fc.integer({ min: 24, max: 200 }), (rows, width) => {
    const lines = formatTable(COLUMNS, rows, width).split('\n')
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(width)
  }))
})

test('hanging text loses no word and keeps to its width', () => {
  expect(hang('one two three four five six seven', 4, 24)).toBe('one two three four\n    five six seven')
})

test('a bar is as long as its share, and says by its sign what it speaks for', () => {
  expect([formatBar(12, 12, 4), formatBar(-6, 12, 4), formatBar(0, 0, 4)]).toEqual(['####', '--  ', '    '])
})

test('progress shows label, bar, percent, time left and note in exactly the width', () => {
  expect(formatProgress({ label: 'replay', fraction: 0.25, note: '1.2 M packets', elapsedMs: 10_000 }, 80)).toBe(
    'replay [########......................]  25 %  30 s left  1.2 M packets         ')
  expect(formatProgress({ label: 'replay', fraction: 0.5, note: 'a note too long for this place', elapsedMs: 0 }, 20)).toHaveLength(20)
})

test('a progress bar draws ten times a second at most, always at the end, and never where there is no terminal', () => {
  const clock = manualClock()
  let drawn: string[] = []
  const terminal = { err: (text: string) => { drawn.push(text) }, progressWidth: 40 }
  const bar = createProgressBar('replay', terminal, clock)
  for (const fraction of [0.1, 0.2, 0.3]) bar.update(fraction)
  expect(drawn).toHaveLength(1)
  clock.advance(100)
  bar.update(0.4)
  bar.update(1)
  expect(drawn).toHaveLength(3)
  bar.end()
  expect(drawn.at(-1)).toBe(`\r${' '.repeat(39)}\r`)

  drawn = []
  const silent = createProgressBar('replay', { ...terminal, progressWidth: 0 }, clock)
  silent.update(1)
  silent.end()
  expect(drawn).toEqual([])
})

test.each([['90s', 90_000], ['1h30m', 5_400_000], ['7d', 604_800_000], ['1d2h3m4s', 93_784_000]] as const)('%s are %i ms', (text, ms) => {
  expect(parseDuration(text)).toBe(ms)
})

test.each(['', '5', '1x', '1.5h', '-1h', '1m1h', ' 1h'])('%j is no duration', (text) => {
  expect(parseDuration(text)).toBeUndefined()
})

test('durations are written as Go writes them, and read back to the second', () => {
  expect([0, 59_999, 3_600_000, 90_061_000].map(goDuration)).toEqual(['0s', '59s', '1h0m0s', '25h1m1s'])
  fc.assert(fc.property(fc.integer({ min: 0, max: 604_800 }), (seconds) => {
    expect(parseDuration(goDuration(seconds * 1_000))).toBe(seconds * 1_000)
  }))
})

test('numbers are as short as they can be without misleading', () => {
  expect([999, 9_999, 10_000, 1_250_000, 3e9].map(formatCount)).toEqual(['999', '9999', '10.0 k', '1.25 M', '3.00 G'])
  expect([0.5, 0.9994, 0.99999, 0.0004, 1].map(formatProbability)).toEqual(['0.50', '0.9994', '0.99999', '0.0004', '1.00'])
  expect([0.04, 999.9, 1_500].map(formatLatency)).toEqual(['0.0 ms', '999.9 ms', '1.50 s'])
})

test.each([
  { status: 0, words: '', exitCode: 0, says: 'removed' },
  { status: 1, words: 'Error: No such file or directory; did you mean table ...', exitCode: 0, says: 'nothing to remove' },
  { status: 1, words: 'Error: Operation not permitted (you must be root)', exitCode: 4, says: 'sudo' },
  { status: null, words: 'spawnSync nft ENOENT', exitCode: 1, says: 'not installed' },
  { status: 1, words: 'Error: Device or resource busy', exitCode: 1, says: 'busy' },
])('cleanup understands nft: $words → $exitCode', ({ status, words, exitCode, says }) => {
  const answer = describeRemoval(status, words)
  expect(answer.exitCode).toBe(exitCode)
  expect(answer.text).toContain(says)
})
