// Goal: the client tells apart a daemon that is not there, one that does not permit, and one that says no; and follows events to their end.
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { RequestListener } from 'node:http'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createControlClient } from '../../agent/control/client.ts'
import { openControlServer } from '../../agent/control/server.ts'
import type { ControlServer, ControlServerOptions } from '../../agent/control/server.ts'
import { silentLogger } from '../../agent/kit/index.ts'
import { ALERT, fakeControl, manualClock, STATUS } from './fake-control.ts'

let folder: string
let socketPath: string
let closing: (() => Promise<void>)[]

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'pm-client-'))
  socketPath = path.join(folder, 'agent.sock')
  closing = []
})

afterEach(async () => {
  for (const close of closing) await close()
  rmSync(folder, { recursive: true })
})

test('every method gives what the agent said', async () => {
  await open()
  const client = createControlClient(socketPath)
  expect(await client.status()).toEqual(STATUS)
  expect(await client.version()).toMatchObject({ node: 'gateway-1' })
  expect((await client.alerts({ limit: 5, category: undefined })).map(({ id }) => id)).toEqual([17])
  expect(await client.alerts({ category: 'flood' })).toEqual([])
  expect(await client.alert(17)).toEqual(ALERT)
  expect((await client.explanation(17)).wouldBeAllowedIf).toHaveLength(1)
  expect(await client.addDecision({ target: '2001:db8::/64', durationMs: 1_000, reason: '' })).toMatchObject({ scope: 'Range' })
  expect(await client.decisions({ target: '2001:db8::/64' })).toHaveLength(1)
  expect(await client.deleteDecisionsOn('2001:db8::/64')).toHaveLength(1)
  expect(await client.deleteDecision(41)).toHaveLength(1)
  expect(await client.previewMode('enforce')).toMatchObject({ from: 'observe' })
  expect(await client.setMode('enforce')).toMatchObject({ to: 'enforce' })
  expect(await client.mode()).toBe('enforce')
  expect(await client.metrics()).toContain('phantommesh_capture_packets_total 12')
})

test('no socket: not reachable, with the socket that was tried', async () => {
  const failing = createControlClient(socketPath).status()
  await expect(failing).rejects.toMatchObject({ problem: { code: 'CLIENT_NOT_REACHABLE', socketPath } })
  await expect(failing).rejects.toThrow(`${socketPath}: there is no such socket`)
})

test('a daemon that does not permit is not the same as one that is not there', async () => {
  await open({ peerCredentials: () => ({ pid: 1, uid: 12_345, gid: 12_345, groups: [] }) })
  await expect(createControlClient(socketPath).status()).rejects.toMatchObject({ problem: { code: 'CLIENT_NOT_PERMITTED', socketPath } })
})

test('what the daemon turns down keeps its code, place and words', async () => {
  await open()
  const client = createControlClient(socketPath)
  await expect(client.alert(99)).rejects.toMatchObject({
    problem: { code: 'CLIENT_REQUEST_FAILED', remoteCode: 'CONTROL_NOT_FOUND', place: 'params.id' },
    message: 'there is no alert 99, or it is older than what is kept',
  })
})

test.each([
  ['an answer of another shape', 200, '{"mode":"protect"}', 'CLIENT_BAD_ANSWER'],
  ['an answer that is no JSON', 200, 'hello', 'CLIENT_BAD_ANSWER'],
  ['an error of another shape', 500, '{"oops":1}', 'CLIENT_BAD_ANSWER'],
] as const)('%s is a bad answer', async (...[, status, text, code]) => {
  await serve((_request, response) => response.writeHead(status).end(text))
  await expect(createControlClient(socketPath).mode()).rejects.toMatchObject({ problem: { code } })
})

test('an answer without an end is cut off at its bound', async () => {
  await serve((_request, response) => {
    response.writeHead(200)
    const pump = () => { while (!response.destroyed && response.write(Buffer.alloc(1_048_576, 32))); }
    response.on('drain', pump)
    pump()
  })
  await expect(createControlClient(socketPath).status()).rejects.toThrow(/more than 16777216 octets/)
})

test('a daemon that dies while it answers is gone', async () => {
  await serve((_request, response) => {
    response.writeHead(200, { 'content-length': 100 })
    response.write('{', () => response.destroy())
  })
  await expect(createControlClient(socketPath).status()).rejects.toMatchObject({ problem: { code: 'CLIENT_NOT_REACHABLE' } })
})

test('events end with the history when they are not followed', async () => {
  const { broadcast } = await open()
  for (const type of ['alert', 'decision', 'alert']) broadcast.publish(type, () => JSON.stringify({ event_type: type }))
  const lines: string[] = []
  for await (const line of createControlClient(socketPath).events({ type: 'alert', last: 10 })) lines.push(line)
  expect(lines).toEqual(['{"event_type":"alert"}', '{"event_type":"alert"}'])
})

test('a follower gets the past, then the present, and ends when the daemon closes', async () => {
  const { broadcast, server } = await open()
  broadcast.publish('alert', () => '{"n":1}')
  const events = createControlClient(socketPath).events({ follow: true })
  expect((await events.next()).value).toBe('{"n":1}')
  expect(broadcast.counts().connected).toBe(1)
  broadcast.publish('alert', () => '{"n":2}')
  expect((await events.next()).value).toBe('{"n":2}')
  const [end] = await Promise.all([events.next(), server.close()])
  expect(end.done).toBe(true)
  closing = []
})

test('a follower that never reads is told by the count, and does not hold up the close', async () => {
  const clock = manualClock()
  const { broadcast, server } = await open({ clock })
  const events = createControlClient(socketPath).events({ follow: true, last: 0 })
  const first = events.next()
  await until(() => broadcast.counts().connected === 1)
  const line = JSON.stringify({ event_type: 'alert', padding: 'x'.repeat(65_536) })
  for (let sent = 0; broadcast.counts().dropped === 0; sent += 1) {
    expect(sent).toBeLessThan(10_000)
    broadcast.publish('alert', () => line)
    await turn()
  }
  expect((await first).value).toBe(line)
  const closed = server.close()
  clock.advance(1_000)
  await closed
  closing = []
})

async function open(overrides: Partial<ControlServerOptions> = {}): Promise<{ server: ControlServer } & ReturnType<typeof fakeControl>> {
  const fake = fakeControl()
  const server = await openControlServer({
    socketPath,
    control: fake.control,
    peerCredentials: () => ({ pid: process.pid, uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 }),
    audit() {},
    clock: manualClock(),
    logger: silentLogger,
    ...overrides,
  })
  closing.push(() => server.close())
  return { server, ...fake }
}

/** A daemon of another kind on the same socket. */
async function serve(listener: RequestListener): Promise<void> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => { server.listen(socketPath, resolve) })
  closing.push(() => new Promise((resolve) => {
    server.closeAllConnections()
    server.close(() => resolve())
  }))
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await turn()
}
