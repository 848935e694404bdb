// Goal: whatever is sent to the control socket, the answer is what routes.ts promises, and nothing changes unaudited.
// Method: the real server on a real Unix socket in a temporary folder, before a fake agent.
import { chmodSync, existsSync, mkdtempSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { request as httpRequest } from 'node:http'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { ControlAudit } from '../../agent/control/agent-control.ts'
import { ROUTES } from '../../agent/control/routes.ts'
import { errorSchema } from '../../agent/control/schema.ts'
import { openControlServer } from '../../agent/control/server.ts'
import type { ControlServer, ControlServerOptions } from '../../agent/control/server.ts'
import { silentLogger } from '../../agent/kit/index.ts'
import { fakeControl, manualClock } from './fake-control.ts'

const ADD = 'POST /v1/decisions'

let folder: string
let socketPath: string
let server: ControlServer | undefined
let audits: ControlAudit[]

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'pm-control-'))
  socketPath = path.join(folder, 'agent.sock')
  audits = []
})

afterEach(async () => {
  await server?.close()
  server = undefined
  rmSync(folder, { recursive: true })
})

test.each(ROUTES.filter((route) => route.method === 'GET'))('$method $url answers in its own schema', async (route) => {
  await open()
  const query = route.operation === 'mode.preview' ? '?mode=enforce' : ''
  const answer = await ask(`GET ${route.url.replace(':id', '17')}${query}`)
  expect(answer.status).toBe(200)
  expect(route.answer.safeParse(route.operation === 'metrics' ? answer.text : answer.json).error).toBeUndefined()
  expect(audits).toEqual([])
})

test('every answer carries a request id of its own', async () => {
  await open()
  const [first, second] = [await ask('GET /v1/mode'), await ask('GET /v1/nonsense')]
  expect(first.headers['x-request-id']).toMatch(/^\d+-1$/)
  expect(second.headers['x-request-id']).toMatch(/^\d+-2$/)
})

test('a decision is added, listed, deleted by target, and journalled', async () => {
  await open()
  const added = await ask('POST /v1/decisions', { target: '203.0.113.0/24', durationMs: 60_000, reason: 'abuse' })
  expect(added.json).toMatchObject({ id: 42, value: '203.0.113.0/24', origin: 'phantomctl', phantommesh: { reason: 'abuse' } })
  expect((await ask('GET /v1/decisions?target=203.0.113.0/24')).json).toMatchObject({ decisions: [{ id: 42 }] })
  expect((await ask('DELETE /v1/decisions?target=203.0.113.0/24')).json).toMatchObject({ deleted: [{ id: 42 }] })
  expect((await ask('DELETE /v1/decisions/41')).json).toMatchObject({ deleted: [{ id: 41 }] })
  expect(audits).toMatchObject([
    { operation: 'decisions.add', outcome: 'done', actor: { uid: process.getuid?.() }, request: { body: { target: '203.0.113.0/24' } } },
    { operation: 'decisions.delete', outcome: 'done' },
    { operation: 'decisions.delete', outcome: 'done' },
  ])
})

test('a mode is previewed without changing it, then changed', async () => {
  await open()
  const preview = await ask('GET /v1/mode/preview?mode=enforce')
  expect(preview.json).toMatchObject({ from: 'observe', to: 'enforce', wouldEnforce: [{ value: '192.0.2.7' }] })
  expect((await ask('GET /v1/mode')).json).toEqual({ mode: 'observe' })
  await ask('PUT /v1/mode', { mode: 'enforce' })
  expect((await ask('GET /v1/mode')).json).toEqual({ mode: 'enforce' })
  expect(audits).toMatchObject([{ operation: 'mode.set', outcome: 'done', request: { body: { mode: 'enforce' } } }])
})

test.each([
  { what: 'a target that is no address', line: ADD, body: { target: 'example.org', durationMs: 60_000 }, place: 'body.target' },
  { what: 'a missing duration', line: ADD, body: { target: '192.0.2.9' }, place: 'body.durationMs' },
  { what: 'a duration in words', line: ADD, body: { target: '192.0.2.9', durationMs: '1h' }, place: 'body.durationMs' },
  { what: 'a duration over 7 d', line: ADD, body: { target: '192.0.2.9', durationMs: 604_800_001 }, place: 'body.durationMs' },
  { what: 'an unknown field', line: ADD, body: { target: '192.0.2.9', durationMs: 60_000, ttl: 3 }, place: 'body.ttl' },
  { what: 'no body', line: ADD, place: 'body' },
  { what: 'an unknown mode', line: 'PUT /v1/mode', body: { mode: 'protect' }, place: 'body.mode' },
  { what: 'a body where none belongs', line: 'DELETE /v1/decisions/41', body: { id: 41 }, place: 'body' },
  { what: 'a limit of nought', line: 'GET /v1/alerts?limit=0', place: 'query.limit' },
  { what: 'an unknown filter', line: 'GET /v1/alerts?colour=red', place: 'query.colour' },
  { what: 'an id in words', line: 'GET /v1/alerts/last', place: 'params.id' },
  { what: 'an unknown type of preview', line: 'GET /v1/mode/preview', place: 'query.mode' },
  { what: 'a follow that is neither true nor false', line: 'GET /v1/events?follow=yes', place: 'query.follow' },
])('$what is an invalid request that names its place', async ({ line, body, place }) => {
  await open()
  const answer = await ask(line, body)
  expect(answer.status).toBe(400)
  expect(answer.json).toMatchObject({ error: { code: 'CONTROL_INVALID_REQUEST', place } })
  expect(audits.map((record) => record.outcome)).toEqual(line.startsWith('GET') ? [] : ['refused'])
})

test.each([
  { line: 'GET /v1/alerts/99', status: 404, code: 'CONTROL_NOT_FOUND', place: 'params.id' },
  { line: 'DELETE /v1/decisions/99', status: 404, code: 'CONTROL_NOT_FOUND', place: 'params.id' },
  { line: 'DELETE /v1/decisions?target=10.9.9.9', status: 404, code: 'CONTROL_NOT_FOUND', place: 'query.target' },
  { line: 'GET /v2/status', status: 404, code: 'CONTROL_UNKNOWN_ROUTE', place: 'GET /v2/status' },
  { line: 'PUT /v1/status', status: 404, code: 'CONTROL_UNKNOWN_ROUTE', place: 'PUT /v1/status' },
])('$line is told apart: $status $code', async ({ line, status, code, place }) => {
  await open()
  const answer = await ask(line)
  expect([answer.status, answer.json]).toMatchObject([status, { error: { code, place } }])
})

test('a refused decision says which rule refused it, and is journalled as refused', async () => {
  await open()
  const answer = await ask('POST /v1/decisions', { target: '192.0.2.1', durationMs: 60_000 })
  expect(answer.status).toBe(409)
  expect(answer.json).toEqual({ error: {
    code: 'CONTROL_REFUSED', place: 'body.target',
    message: '192.0.2.1 was not added: never-block: it overlaps the list of addresses never to block',
  } })
  expect(audits).toMatchObject([{ outcome: 'refused', reason: 'CONTROL_REFUSED' }])
})

test.each([
  { what: 'broken JSON', text: '{"target":', type: 'application/json', status: 400, code: 'CONTROL_INVALID_REQUEST' },
  { what: 'a poisoned prototype', text: '{"__proto__":{"a":1}}', type: 'application/json', status: 400, code: 'CONTROL_INVALID_REQUEST' },
  { what: 'another media type', text: '<x/>', type: 'text/xml', status: 415, code: 'CONTROL_MEDIA_TYPE' },
  { what: 'more than 64 KiB', text: `"${'x'.repeat(65_536)}"`, type: 'application/json', status: 413, code: 'CONTROL_BODY_TOO_LARGE' },
])('$what is turned down in the same shape', async ({ text, type, status, code }) => {
  await open()
  const answer = await ask('POST /v1/decisions', undefined, { text, type })
  expect([answer.status, answer.json]).toMatchObject([status, { error: { code, place: 'body' } }])
})

test('what is not HTTP is told so and cut off, and the next request is served', async () => {
  await open()
  expect(await exchange('\u0000\u0001 nonsense\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 [\s\S]*CONTROL_INVALID_REQUEST/)
  expect(await exchange(`GET /v1/mode HTTP/1.1\r\nx: ${'y'.repeat(9_000)}\r\n\r\n`)).toMatch(/^HTTP\/1\.1 400 /)
  expect((await ask('GET /v1/mode')).status).toBe(200)
})

test('an agent that fails keeps its words out of the answer', async () => {
  await open({ ...fakeControl({ status: () => Promise.reject(new Error('secret path')) }) })
  const answer = await ask('GET /v1/status')
  expect(answer.status).toBe(500)
  expect(answer.json).toMatchObject({ error: { code: 'CONTROL_INTERNAL', place: 'GET /v1/status' } })
  expect(answer.text).not.toContain('secret')
})

test.each([
  ['root', { uid: 0, gid: 0 }, 200],
  ['the daemon\'s own user', { uid: process.getuid?.() ?? 0, gid: 1 }, 200],
  ['a member by primary group', { uid: 12_345, gid: process.getgid?.() ?? 0 }, 200],
  ['a member by supplementary group', { uid: 12_345, gid: 1, groups: [7, process.getgid?.() ?? 0] }, 200],
  ['a stranger', { uid: 12_345, gid: 12_345, groups: [12_346] }, 403],
])('%s gets %o → %i', async (_who, peer, status) => {
  await open({ peerCredentials: () => ({ pid: process.pid, ...peer }) })
  expect((await ask('GET /v1/mode')).status).toBe(status)
})

test('a stranger\'s attempt at a change is journalled with who it was, and changes nothing', async () => {
  await open({ peerCredentials: () => ({ pid: 7, uid: 12_345, gid: 12_345, groups: [] }) })
  expect((await ask('PUT /v1/mode', { mode: 'off' })).status).toBe(403)
  expect(audits).toMatchObject([{ operation: 'mode.set', outcome: 'refused', reason: 'CONTROL_NOT_PERMITTED', actor: { uid: 12_345 } }])
})

test('a follower of a quiet agent learns at once that it is connected', async () => {
  await open()
  const status = await new Promise((resolve, reject) => {
    const request = httpRequest({ socketPath, path: '/v1/events?follow=true', agent: false }, (response) => {
      resolve(response.statusCode)
      response.destroy()
    })
    request.once('error', reject)
    request.end()
  })
  expect(status).toBe(200)
})

test('where the kernel does not say who asks, nobody may', async () => {
  await open({ peerCredentials: () => { throw new Error('ENOTSOCK') } })
  expect((await ask('PUT /v1/mode', { mode: 'off' })).json).toMatchObject({ error: { code: 'CONTROL_NOT_PERMITTED' } })
})

test('the credentials are asked for the descriptor of the connection itself', async () => {
  const seen: number[] = []
  await open({ peerCredentials: (fd) => { seen.push(fd); return { pid: 1, uid: 0, gid: 0, groups: [] } } })
  await ask('GET /v1/mode')
  expect(seen.every((fd) => fd > 2)).toBe(true)
})

test('the socket is for its owner and group only, and gone after the close', async () => {
  const opened = await open()
  expect(statSync(socketPath).mode & 0o777).toBe(0o660)
  await opened.close()
  server = undefined
  expect(existsSync(socketPath)).toBe(false)
})

test('a second daemon on the same socket is refused and the first keeps answering', async () => {
  await open()
  await expect(openControlServer(optionsOf({}))).rejects.toMatchObject({ problem: { code: 'CONTROL_SOCKET_IN_USE', socketPath } })
  expect((await ask('GET /v1/mode')).status).toBe(200)
})

test('a socket that nobody listens on is replaced', async () => {
  await leaveStaleSocket()
  await open()
  expect((await ask('GET /v1/mode')).status).toBe(200)
})

test('a file that is no socket is left alone', async () => {
  writeFileSync(socketPath, 'precious')
  chmodSync(socketPath, 0o600)
  await expect(openControlServer(optionsOf({}))).rejects.toMatchObject({ problem: { code: 'CONTROL_SOCKET_UNUSABLE' } })
  expect(statSync(socketPath).size).toBe(8)
})

test('a path that no socket can have is refused with its limit', async () => {
  socketPath = path.join(folder, 'x'.repeat(108))
  await expect(openControlServer(optionsOf({}))).rejects.toThrow('longer than 107 octets')
})

async function open(overrides: Partial<ControlServerOptions> = {}): Promise<ControlServer> {
  server = await openControlServer(optionsOf(overrides))
  return server
}

function optionsOf(overrides: Partial<ControlServerOptions>): ControlServerOptions {
  return {
    socketPath,
    control: fakeControl().control,
    peerCredentials: () => ({ pid: process.pid, uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 }),
    audit: (record) => { audits.push(record) },
    clock: manualClock(),
    logger: silentLogger,
    ...overrides,
  }
}

interface Asked {
  readonly status: number
  readonly headers: Readonly<Record<string, unknown>>
  readonly text: string
  readonly json: unknown
}

/** @param line method and URL  @param raw a body as it is, where JSON.stringify would not make it */
function ask(line: string, body?: unknown, raw?: { readonly text: string; readonly type: string }): Promise<Asked> {
  const [method, url] = line.split(' ', 2)
  const text = raw?.text ?? (body === undefined ? undefined : JSON.stringify(body))
  const headers = text === undefined ? {} : { 'content-type': raw?.type ?? 'application/json', 'content-length': Buffer.byteLength(text) }
  return new Promise((resolve, reject) => {
    const request = httpRequest({ socketPath, method: method!, path: url!, headers, agent: false }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString()
        const isJson = response.headers['content-type']?.startsWith('application/json') === true
        const json: unknown = isJson ? JSON.parse(text) : undefined
        const status = response.statusCode ?? 0
        expect(status === 200 || errorSchema.safeParse(json).success).toBe(true)
        resolve({ status, headers: response.headers, text, json })
      })
    })
    request.once('error', reject)
    request.end(text)
  })
}

/** Sends raw octets and gives back all that came until the server closed. */
function exchange(text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(socketPath, () => socket.write(text))
    let answer = ''
    socket.on('data', (chunk) => { answer += chunk.toString() })
    socket.once('close', () => resolve(answer))
    socket.once('error', reject)
  })
}

/** A socket file as a killed daemon leaves it: bound once, and nobody there. libuv removes it on close, so it is moved first. */
async function leaveStaleSocket(): Promise<void> {
  const dead = createServer()
  const boundAt = path.join(folder, 'bound.sock')
  await new Promise<void>((resolve) => { dead.listen(boundAt, resolve) })
  renameSync(boundAt, socketPath)
  await new Promise((resolve) => { dead.close(resolve) })
}
