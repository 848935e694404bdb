// Goal: what people and scripts see of phantomctl: whole pages at 80 columns, JSON, words on errors, exit codes.
// Method: the real command line in this process, against the real server before a fake agent; a few runs through bin/ at the end.
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { runPhantomctl } from '../../agent/commands/phantomctl/run-phantomctl.ts'
import type { AgentControl } from '../../agent/control/agent-control.ts'
import { ROUTES } from '../../agent/control/routes.ts'
import { openControlServer } from '../../agent/control/server.ts'
import type { ControlServer } from '../../agent/control/server.ts'
import { silentLogger } from '../../agent/kit/index.ts'
import { fakeControl, manualClock, STATUS } from '../control/fake-control.ts'

const BIN = path.resolve(import.meta.dirname, '../../bin')
const ALERT_LINE = JSON.stringify({
  timestamp: '2026-11-23T17:59:58.000123+0000', event_type: 'alert', in_iface: 'eth0', src_ip: '192.0.2.7', src_port: 40_112,
  dest_ip: '2001:db8::1', dest_port: 22, proto: 'TCP', alert: { signature: 'scan', severity: 1 }, phantommesh: { posterior: 0.9994 },
})

let folder: string
let socketPath: string
let server: ControlServer | undefined

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'pm-ctl-'))
  socketPath = path.join(folder, 'agent.sock')
})

afterEach(async () => {
  await server?.close()
  server = undefined
  rmSync(folder, { recursive: true })
})

test.each([
  'status', 'status --check ready', 'alerts list', 'alerts show 17', 'alerts explain 17', 'decisions list', 'mode',
  'mode enforce --preview', 'mode enforce --confirm',
  'decisions add 203.0.113.0/24 --duration 2h --reason abuse', 'decisions delete 41', 'events', 'metrics',
])('the page of `%s` at 80 columns', async (line) => {
  const { broadcast } = await open()
  broadcast.publish('alert', () => ALERT_LINE)
  const { exitCode, out, err } = await ctl(line)
  expect([exitCode, err]).toEqual([0, ''])
  await expect(out).toMatchFileSnapshot(`golden/${line.replaceAll(/[^a-z0-9]+/g, '-')}.txt`)
})

test.each(['status', 'alerts-list', 'alerts-explain-17', 'decisions-list', 'mode-enforce-preview', 'events'])(
  'docs/commands.md shows the page %s as it is', (name) => {
    const page = readFileSync(path.join(import.meta.dirname, 'golden', `${name}.txt`), 'utf8')
    expect(readFileSync(path.join(import.meta.dirname, '../../docs/commands.md'), 'utf8')).toContain(page)
  })

test('docs/commands.md names every route of the API', () => {
  const text = readFileSync(path.join(import.meta.dirname, '../../docs/commands.md'), 'utf8')
  expect(ROUTES.filter(({ method, url }) => !text.includes(`\`${method} ${url}\``))).toEqual([])
})

test.each(['status', 'alerts list', 'alerts show 17', 'alerts explain 17', 'decisions list', 'mode enforce --preview'])(
  '`%s` fits a terminal of 70 columns', async (line) => {
    await open()
    expect((await ctl(line, { width: 70 })).out.split('\n').filter((each) => each.length > 70)).toEqual([])
  })

test('-o json is indented JSON, -o raw the same on one line, wherever the option stands', async () => {
  await open()
  const [json, raw] = [await ctl('-o json status'), await ctl('status -o raw')]
  expect(JSON.parse(json.out)).toEqual(STATUS)
  expect(raw.out).toBe(`${JSON.stringify(STATUS)}\n`)
})

test('what is not well is said first by the exit code, then in words, in red on a terminal with colours', async () => {
  const ready = { ok: false, detail: 'the enforcer does not answer' }
  await open({ status: async () => ({ ...STATUS, health: { ...STATUS.health, ready } }) })
  expect(await ctl('status --check ready')).toMatchObject({ exitCode: 1, out: 'ready: NOT OK, the enforcer does not answer\n' })
  expect((await ctl('status --check live')).exitCode).toBe(0)
  const status = await ctl('status', { isColoured: true })
  expect(status).toMatchObject({ exitCode: 1, out: expect.stringContaining('\u001B[31mNOT OK\u001B[39m') })
})

test('events --follow tells what it was too slow for, and that the daemon ended the stream', async () => {
  const { broadcast } = await open()
  for (let line = 0; line < 8; line += 1) broadcast.publish('alert', () => ALERT_LINE)
  const following = ctl('events --follow')
  while (broadcast.counts().connected === 0) await new Promise((resolve) => setImmediate(resolve))
  await server?.close()
  const { exitCode, out, err } = await following
  expect(exitCode).toBe(0)
  expect(out.match(/ alert /g)).toHaveLength(4)
  expect(err).toBe('4 events were dropped here: this reader is too slow\nthe daemon has ended the stream\n')
  server = undefined
})

test('a mode that touches the kernel waits for --confirm and says so', async () => {
  await open()
  const refused = await ctl('mode enforce')
  expect(refused).toMatchObject({ exitCode: 2, err: expect.stringContaining('nothing was changed; repeat with --confirm') })
  expect((await ctl('mode')).out).toBe('observe\n')
  expect(await ctl('mode off')).toMatchObject({ exitCode: 0 })
  expect((await ctl('mode')).out).toBe('off\n')
})

test('a name from the network cannot write to the terminal by itself', async () => {
  const [alert] = await fakeControl().control.alerts({ limit: 1 })
  await open({ alerts: async () => [{ ...alert!, entity: { kind: 'vpn-peer', value: '\u001B]0;owned\u0007eve' } }] })
  expect((await ctl('alerts list')).out).toContain('·]0;owned·eve')
})

test.each([
  { line: 'statsu', exitCode: 2, words: '(Did you mean status?)' },
  { line: 'alerts lst', exitCode: 2, words: '(Did you mean list?)' },
  { line: 'top', exitCode: 2, words: 'unknown command \'top\'' },
  { line: 'alerts', exitCode: 2, words: 'Usage: phantomctl alerts' },
  { line: 'status --chek ready', exitCode: 2, words: '(Did you mean --check?)' },
  { line: 'alerts show one', exitCode: 2, words: 'It must be a whole number' },
  { line: 'decisions add 192.0.2.9 --duration soon', exitCode: 2, words: 'like 90s, 1h30m or 7d' },
  { line: 'decisions add 192.0.2.9 --duration 8d', exitCode: 2, words: 'between 1s and 7d' },
  { line: 'mode enforce --preview --confirm', exitCode: 2, words: 'cannot be used with' },
  { line: 'mode protect', exitCode: 2, words: 'Allowed choices are off, observe, enforce' },
  { line: 'alerts show 99', exitCode: 1, words: 'error: there is no alert 99' },
  { line: 'decisions add nobody', exitCode: 1, words: 'body.target: is not an address or prefix' },
  { line: 'decisions add 192.0.2.1', exitCode: 1, words: 'never-block: it overlaps the list' },
  { line: 'decisions delete 10.9.9.9', exitCode: 1, words: 'there is no active decision on 10.9.9.9' },
])('`$line` leaves with $exitCode and says why on standard error', async ({ line, exitCode, words }) => {
  await open()
  const result = await ctl(line)
  expect(result).toMatchObject({ exitCode, out: '' })
  expect(result.err).toContain(words)
})

test('without a daemon: 3, the socket that was tried, and how to start one', async () => {
  const result = await ctl('status')
  expect(result.exitCode).toBe(3)
  expect(result.err).toContain(`${socketPath}: there is no such socket`)
  expect(result.err).toContain('bin/phantomd run')
})

test('the version is told without a daemon, too', async () => {
  expect(await ctl('version')).toMatchObject({ exitCode: 0, out: expect.stringMatching(/^phantomctl \d.*\nphantomd does not answer\n$/) })
})

test('who may not ask gets 4 and a word about sudo and the group', async () => {
  await open({}, 12_345)
  expect(await ctl('status')).toMatchObject({ exitCode: 4, err: expect.stringContaining('usermod -aG phantommesh') })
})

test('bin/phantomctl works through a symbolic link and from another directory', async () => {
  await open()
  symlinkSync(path.join(BIN, 'phantomctl'), path.join(folder, 'ctl'))
  const { exitCode, out } = await run(path.join(folder, 'ctl'), ['mode'])
  expect([exitCode, out]).toEqual([0, 'observe\n'])
})

test('bin/phantomctl leaves with 3 without a daemon and with 2 on a typo', async () => {
  expect((await run(path.join(BIN, 'phantomctl'), ['status'])).exitCode).toBe(3)
  expect((await run(path.join(BIN, 'phantomctl'), ['statsu'])).exitCode).toBe(2)
})

async function open(overrides: Partial<AgentControl> = {}, uid = 0) {
  const fake = fakeControl(overrides)
  server = await openControlServer({
    socketPath, control: fake.control, audit() {}, clock: manualClock(), logger: silentLogger,
    peerCredentials: () => ({ pid: 1, uid, gid: uid, groups: [] }),
  })
  return fake
}

async function ctl(line: string, look: { readonly width?: number; readonly isColoured?: boolean } = {}) {
  const { width = 80, isColoured = false } = look
  let [out, err] = ['', '']
  const terminal = {
    out: async (text: string) => { out += text },
    err: (text: string) => { err += text },
    width, isColoured, progressWidth: 0,
  }
  return { exitCode: await runPhantomctl(line.split(' '), terminal, socketPath), out, err }
}

function run(program: string, args: readonly string[]): Promise<{ readonly exitCode: number | null; readonly out: string }> {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, PHANTOMMESH_SOCKET: socketPath }
    const child = spawn(program, args, { cwd: folder, env, stdio: ['ignore', 'pipe', 'ignore'] })
    let out = ''
    child.stdout.on('data', (chunk: Buffer) => { out += chunk.toString() })
    child.once('error', reject)
    child.once('close', (exitCode) => resolve({ exitCode, out }))
  })
}
