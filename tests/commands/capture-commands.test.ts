// Goal: meter, replay and evaluate leave what they were asked for; every failure ends with its own words and exit code, never hangs.
// Method: the command line in this process, on the committed demo capture.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, expect, test, vi } from 'vitest'
import { describeAlerts } from '../../agent/commands/replay.ts'
import { runPhantomd } from '../../agent/commands/run-phantomd.ts'
import { openLevelStore } from '../../agent/storage/index.ts'
import { defaultConfig } from '../../agent/config/index.ts'
import { openPersistence } from '../../agent/daemon/open-persistence.ts'
import { silentLogger } from '../../agent/kit/index.ts'

const DEMO = path.resolve(import.meta.dirname, '../fixtures/demo')
const CAPTURE = path.join(DEMO, 'gateway.pcap.gz')
const folder = mkdtempSync(path.join(tmpdir(), 'pm-capture-commands-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('meter writes one flow a line and a summary that agrees with them', async () => {
  const [output, summary] = [path.join(folder, 'flows.json'), path.join(folder, 'meter.json')]
  const { status, stderr } = await phantomd('meter', CAPTURE, '--output', output, '--summary-json', summary)
  expect(status).toBe(0)
  const lines = readFileSync(output, 'utf8').trim().split('\n')
  const counts: unknown = JSON.parse(readFileSync(summary, 'utf8'))
  expect(counts).toMatchObject({ flows: lines.length, alerts: 0, decisions: 0 })
  expect(new Set(lines.map((line): unknown => JSON.parse(line).event_type))).toEqual(new Set(['flow']))
  expect(stderr).toMatch(/^[\d,]+ packets, [\d,]+ flows in \d+\.\d\d s, \d+ ns of CPU a packet\n$/)
})

test('replay shows its alerts as a table and keeps its state where it is told', async () => {
  const [state, summary] = [path.join(folder, 'state'), path.join(folder, 'replay.json')]
  const { status, stdout } = await phantomd('replay', CAPTURE, '--state', state, '--summary-json', summary)
  expect(status).toBe(0)
  expect(stdout).toMatch(/^TIME +ENTITY +CATEGORY +P +ACTION +WHY\n/)
  expect(stdout).toContain('203.0.113.77')
  const counts: unknown = JSON.parse(readFileSync(summary, 'utf8'))
  expect(counts).toMatchObject({ alerts: stdout.trim().split('\n').length - 1 })
  const standard = defaultConfig(folder)
  const persistence = await openPersistence({ ...standard, paths: { ...standard.paths, state } }, silentLogger)
  expect(persistence.alerts.size).toBe(stdout.trim().split('\n').length - 1)
  expect(persistence.mode).toBe('observe')
  await persistence.close()
})

test('with mode off a replay finds nothing and says so', async () => {
  const config = path.join(folder, 'off.yaml')
  writeFileSync(config, 'mode: off\n')
  expect(await phantomd('replay', CAPTURE, '--config', config)).toMatchObject({ status: 0, stdout: 'nothing was found\n' })
})

test('more alerts than are kept are counted in the last line', () => {
  expect(describeAlerts({ alerts: [], alertCount: 7 }, { width: 80 })).toContain('... and 7 more\n')
})

test('a cut capture: what stood before is shown and summed up, then the place of the cut, and 1', async () => {
  const cut = path.join(folder, 'cut.pcap.gz')
  writeFileSync(cut, readFileSync(CAPTURE).subarray(0, -3))
  for (const verb of ['meter', 'replay']) {
    const { status, stderr } = await phantomd(verb, cut)
    expect(status).toBe(1)
    expect(stderr).toMatch(/71,427 packets.*\n.*cut\.pcap\.gz: truncated at byte \d+/)
  }
})

test.each([
  ['meter', '--output'], ['replay', '--output'], ['meter', '--summary-json'], ['replay', '--summary-json'],
])('%s %s into no folder: 1, with the file', async (verb, option) => {
  const file = path.join(folder, 'none/x.json')
  expect(await phantomd(verb, CAPTURE, option, file)).toMatchObject(
    { status: 1, stderr: expect.stringContaining(`error: ${file}: cannot be written`) }
  )
})

test.each(['meter', 'replay'])('%s into a full disk: 1, with the number of lost events', async (verb) => {
  const { status, stderr } = await phantomd(verb, CAPTURE, '--output', '/dev/full')
  expect(status).toBe(1)
  expect(stderr).toMatch(/ENOSPC[^]*\/dev\/full: \d+ events could not be written/)
})

test('a state folder in use: 1, what to do, and nothing left open', async () => {
  const state = path.join(folder, 'held')
  const store = await openLevelStore(state)
  const { status, stderr } = await phantomd('replay', CAPTURE, '--state', state)
  await store.close()
  expect([status, stderr]).toEqual(
    [1, `error: ${state}: another instance uses this state directory. Stop it, or name another one (paths.state, --state).\n`]
  )
})

test('a folder without models: 1, and where they come from', async () => {
  const config = path.join(folder, 'models.yaml')
  writeFileSync(config, `models: {directory: ${folder}/none}\n`)
  expect(await phantomd('replay', CAPTURE, '--config', config)).toMatchObject(
    { status: 1, stderr: expect.stringContaining('phantomd train') }
  )
})

test('check tells of a configuration that changes nothing, and how many warnings there were', async () => {
  const config = path.join(folder, 'empty.yaml')
  writeFileSync(config, '# nothing\n')
  const { status, stdout, stderr } = await phantomd('check', '--config', config)
  expect([status, stdout]).toEqual([0, `${config}: valid, 1 warning\n`])
  expect(stderr).toContain('the file is empty')
})

test('evaluate judges the demo capture, prints the table and writes the report', async () => {
  const json = path.join(folder, 'report.json')
  const { status, stdout } = await phantomd('evaluate', '--manifest', path.join(DEMO, 'demo.yaml'), '--json', json)
  expect(status).toBe(0)
  expect(stdout).toContain('entities, alert')
  const report: unknown = JSON.parse(readFileSync(json, 'utf8'))
  expect(report).toMatchObject({ captures: [{ id: 'demo-gateway' }] })
})

test('run names the interface that is not there, and leaves nothing behind', async () => {
  const config = path.join(folder, 'run.yaml')
  writeFileSync(config, `capture: {interfaces: [pm-none]}
paths: {state: ${folder}/run-state, socket: ${folder}/run.sock, events: ${folder}/run.json, enforcerSocket: ${folder}/enf.sock}\n`)
  const { status, stderr } = await phantomd('run', '--config', config)
  expect(stderr).toContain('error: pm-none:')
  // Without the right to capture that is the first thing that fails.
  expect([1, 4]).toContain(status)
  const store = await openLevelStore(path.join(folder, 'run-state'))
  await store.close()
})

test('a run with a broken configuration ends before anything is opened: 5', async () => {
  const config = path.join(folder, 'broken.yaml')
  writeFileSync(config, 'mode: loud\n')
  expect(await phantomd('run', '--config', config)).toMatchObject({ status: 5, stderr: expect.stringContaining(`${config}:1:1:`) })
})

/** Verbs write their results to the process's own standard output, their errors to the terminal given. */
async function phantomd(...args: readonly string[]) {
  const seen = { stdout: '', stderr: '' }
  const take = (stream: 'stdout' | 'stderr') => (chunk: string | Uint8Array): boolean => {
    seen[stream] += chunk.toString()
    return true
  }
  const out = vi.spyOn(process.stdout, 'write').mockImplementation(take('stdout'))
  const err = vi.spyOn(process.stderr, 'write').mockImplementation(take('stderr'))
  try {
    const terminal = { out: async (text: string) => { seen.stdout += text }, err: (text: string) => { seen.stderr += text } }
    const status = await runPhantomd(args, terminal)
    return { status, ...seen }
  } finally {
    out.mockRestore()
    err.mockRestore()
  }
}
