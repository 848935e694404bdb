// Goal: phantomd routes its verbs, and every kind of wrong call has its own exit code and words on standard error.
// Method: the program as operators start it, through bin/phantomd.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'

const BIN = path.resolve(import.meta.dirname, '../../bin/phantomd')

let folder: string

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'pm-phantomd-'))
})

afterAll(() => {
  rmSync(folder, { recursive: true })
})

test('version tells the program, its Node and its platform', () => {
  expect(phantomd('version')).toMatchObject({ status: 0, stdout: expect.stringMatching(/^phantomd \d+\.\d+\.\d+ \(Node 24\./), stderr: '' })
})

test('help names every verb of this version', () => {
  const { status, stdout } = phantomd('--help')
  expect(status).toBe(0)
  const verbs = ['run', 'replay', 'meter', 'check', 'train', 'evaluate', 'cleanup', 'version']
  expect(verbs.filter((verb) => !new RegExp(`^  ${verb} `, 'm').test(stdout))).toEqual([])
})

test.each([
  { args: [], words: 'Usage: phantomd' },
  { args: ['chek'], words: 'Did you mean check?' },
  { args: ['replay'], words: 'missing required argument' },
  { args: ['train', '--manifest', 'x.yaml'], words: '--out <dir>' },
  { args: ['train', '--manifest', 'x.yaml', '--out', 'y', '--seed', 'z'], words: 'whole number' },
  { args: ['check', 'stray'], words: 'too many arguments' },
])('$args is wrong use: exit 2', ({ args, words }) => {
  expect(phantomd(...args)).toMatchObject({ status: 2, stdout: '', stderr: expect.stringContaining(words) })
})

test('a sound configuration passes check and is named', () => {
  const file = path.join(folder, 'sound.yaml')
  writeFileSync(file, 'mode: observe\n')
  expect(phantomd('check', '--config', file)).toMatchObject({ status: 0, stdout: `${file}: valid\n` })
})

test('a broken configuration leaves with 5 and every problem with its line', () => {
  const file = path.join(folder, 'broken.yaml')
  writeFileSync(file, 'mode: protect\ncapture:\n  snapLengthBytes: 1\n')
  const { status, stdout, stderr } = phantomd('check', '--config', file)
  expect([status, stdout]).toEqual([5, ''])
  expect(stderr).toContain(`${file}:1:`)
  expect(stderr).toContain(`${file}:3:`)
})

test('a configuration that is not there leaves with 5 and its name', () => {
  const file = path.join(folder, 'none.yaml')
  expect(phantomd('check', '--config', file)).toMatchObject({ status: 5, stderr: expect.stringContaining(`${file}: cannot be read`) })
})

function phantomd(...args: readonly string[]) {
  return spawnSync(BIN, args, { cwd: folder, encoding: 'utf8', timeout: 30_000 })
}
