// Goal: phantomd routes its verbs, and every kind of wrong call has its own exit code and words on standard error.
// Method: the command line in this process; where the results of a verb count, the program as operators start it, through bin/phantomd.
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { describeFailure } from '../../agent/commands/exit-code.ts'
import { runPhantomd } from '../../agent/commands/run-phantomd.ts'
import { openControlServer } from '../../agent/control/server.ts'
import { CodedError, silentLogger } from '../../agent/kit/index.ts'
import { fakeControl, manualClock } from '../control/fake-control.ts'

const BIN = path.resolve(import.meta.dirname, '../../bin/phantomd')

let folder: string

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'pm-phantomd-'))
})

afterAll(() => {
  rmSync(folder, { recursive: true })
})

test('version tells the program, its Node and its platform', async () => {
  const { status, stdout, stderr } = await started('version')
  expect([status, stderr]).toEqual([0, ''])
  expect(stdout).toMatch(/^phantomd \d+\.\d+\.\d+ \(Node 24\./)
})

test('help names every verb of this version', async () => {
  const { status, stdout } = await phantomd('--help')
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
])('$args is wrong use: exit 2', async ({ args, words }) => {
  expect(await phantomd(...args)).toMatchObject({ status: 2, stdout: '', stderr: expect.stringContaining(words) })
})

test('a sound configuration passes check and is named', async () => {
  const file = path.join(folder, 'sound.yaml')
  writeFileSync(file, 'mode: observe\n')
  expect(await started('check', '--config', file)).toMatchObject({ status: 0, stdout: `${file}: valid\n` })
})

test('a broken configuration leaves with 5 and every problem with its line', async () => {
  const file = path.join(folder, 'broken.yaml')
  writeFileSync(file, 'mode: protect\ncapture:\n  snapLengthBytes: 1\n')
  const { status, stdout, stderr } = await phantomd('check', '--config', file)
  expect([status, stdout]).toEqual([5, ''])
  expect(stderr).toContain(`${file}:1:`)
  expect(stderr).toContain(`${file}:3:`)
})

test('a configuration that is not there leaves with 5 and its name', async () => {
  const file = path.join(folder, 'none.yaml')
  expect(await phantomd('check', '--config', file)).toMatchObject({ status: 5, stderr: expect.stringContaining(`${file}: cannot be read`) })
})

test('cleanup touches nothing while a daemon answers, and says what to do', async () => {
  const socketPath = path.join(folder, 'agent.sock')
  const server = await openControlServer({
    socketPath, control: fakeControl().control, audit() {}, clock: manualClock(), logger: silentLogger,
    peerCredentials: () => ({ pid: 1, uid: 0, gid: 0, groups: [] }),
  })
  const result = await started('cleanup')
  await server.close()
  expect(result).toMatchObject({ status: 1, stdout: '', stderr: expect.stringContaining('phantomctl mode observe --confirm') })
})

test('a coded error is told in its own words, and a missing privilege has its own exit code', () => {
  expect(describeFailure(new CodedError({ code: 'CAPTURE_PERMISSION_DENIED' }, 'eth0: needs CAP_NET_RAW'))).toEqual(
    { text: 'error: eth0: needs CAP_NET_RAW', exitCode: 4 })
  expect(describeFailure(new CodedError({ code: 'CAPTURE_FILE_BROKEN' }, 'a.pcap: cut')).exitCode).toBe(1)
})

test('what nobody expected asks to be reported, with its stack', () => {
  const { text, exitCode } = describeFailure(new TypeError('x is undefined'))
  expect(exitCode).toBe(1)
  expect(text).toMatch(/please report it: TypeError: x is undefined\n +at /)
})

async function phantomd(...args: readonly string[]) {
  let [stdout, stderr] = ['', '']
  const terminal = { out: async (text: string) => { stdout += text }, err: (text: string) => { stderr += text } }
  return { status: await runPhantomd(args, terminal), stdout, stderr }
}

interface Ended {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

function started(...args: readonly string[]): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(BIN, args, { cwd: folder, env: { ...process.env, PHANTOMMESH_SOCKET: path.join(folder, 'agent.sock') } })
    let [stdout, stderr] = ['', '']
    child.stdout.on('data', (chunk: Buffer) => { stdout += chunk.toString() })
    child.stderr.on('data', (chunk: Buffer) => { stderr += chunk.toString() })
    child.once('error', reject)
    child.once('close', (status) => resolve({ status, stdout, stderr }))
  })
}
