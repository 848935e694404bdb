// Goal: the rules of native/test hold with the address and undefined-behaviour sanitizers watching.
// Method: each file there is a program of its own; it prints its seed, and PHANTOMMESH_SEED repeats a run.
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterAll, expect, test } from 'vitest'

const NATIVE = path.resolve(import.meta.dirname, '../../native')
const FLAGS = ['-std=c++20', '-O1', '-g1', '-Wall', '-Wextra', '-fsanitize=address,undefined', '-fno-sanitize-recover=undefined']
const SOURCES = [
  'behaviour_observer', 'contact_trials', 'behaviour_snapshot', 'contact_kinds',
  'event_sink', 'fill_flow_fields', 'flow_key', 'update_flow', 'decode_transport',
]

const run = promisify(execFile)
const folder = mkdtempSync(path.join(tmpdir(), 'phantommesh-native-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const objects = compile(SOURCES.map((name) => path.join('src', `${name}.cc`)))

test.each(['contacts_test', 'tables_test', 'events_test', 'flow_detail_test'])('%s', { timeout: 300_000 }, async (name) => {
  const program = path.join(folder, name)
  const linked = [...(await objects), ...(await compile([path.join('test', `${name}.cc`)]))]
  await run('g++', [...FLAGS, ...linked, '-pthread', '-o', program])
  const output = await run(program).then(
    ({ stdout }) => stdout,
    (error: { stdout: string; stderr: string }) => error.stdout + error.stderr,
  )
  expect(output.split('\n').filter((line) => !line.startsWith('ok') && !line.startsWith('seed') && line !== '')).toEqual([])
  expect(output).toContain('ok ')
})

/** One after the other in one call of the compiler: the machine has other tests to run. */
async function compile(sources: readonly string[]): Promise<string[]> {
  await run('g++', [...FLAGS, '-c', ...sources.map((source) => path.join(NATIVE, source))], { cwd: folder })
  return sources.map((source) => path.join(folder, `${path.basename(source, '.cc')}.o`))
}
