// Goal: whatever the other end of the socket does, a call ends: with its answer or with a coded error.
// Method: a real Unix socket and a scripted program behind it; time is moved by hand.
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import type { Server, Socket } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Clock } from '../../agent/kit/index.ts'
import { EnforcerClient } from '../../agent/response/index.ts'

interface Asked {
  readonly id: number
  readonly command: string
  readonly elements?: readonly { readonly target: string; readonly durationMs: number }[]
  readonly prefixes?: readonly string[]
}

let folder: string
let socketPath: string
let server: Server
let asked: Asked[]
/** What the program says to a request; undefined is silence. */
let answer: (request: Asked, socket: Socket) => string | undefined
let timers: Set<() => void>
let client: EnforcerClient

beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'pm-client-'))
  socketPath = path.join(folder, 'enforcer.sock')
  asked = []
  timers = new Set()
  answer = answerSoundly
  server = createServer((socket) => serve(socket))
  await listen()
  client = new EnforcerClient({ socketPath, clock: handClock(), pendingMax: 4 })
})

afterEach(async () => {
  await client.close()
  server.close()
  rmSync(folder, { recursive: true, force: true })
})

test('requests go out in batches of at most 256, and results come back as one list', async () => {
  const requests = Array.from({ length: 600 }, (_, i) => ({ target: `10.0.${i >> 8}.${i & 255}`, durationMs: 1_000.4 }))
  const results = await client.block(requests)
  expect(results.map(({ target }) => target)).toEqual(requests.map(({ target }) => target))
  expect(asked.map(({ elements }) => elements?.length)).toEqual([256, 256, 88])
  expect(asked[0]?.elements?.[0]).toEqual({ target: '10.0.0.0', durationMs: 1_000 })
})

test('what cannot be written down is refused without asking', async () => {
  expect(await client.block([{ target: '"', durationMs: 1_000 }, { target: '10.0.0.1', durationMs: Infinity }])).toEqual([
    { target: '"', outcome: 'refused', reason: 'invalid-target' },
    { target: '10.0.0.1', outcome: 'refused', reason: 'invalid-duration' },
  ])
  expect(asked).toEqual([])
})

test('a refusal of the whole request is an error with its reason', async () => {
  answer = ({ id }) => `{"id":${id},"error":"Operation not permitted"}`
  const problem = { code: 'ENFORCER_REFUSED', command: 'list', reason: 'Operation not permitted' }
  await expect(client.list()).rejects.toMatchObject({ problem })
})

test('no answer in time is an error, and a late answer is ignored', async () => {
  answer = () => undefined
  const late = client.list().catch((error: unknown) => error)
  await expect.poll(() => asked.length).toBe(1)
  for (const fire of timers) fire()
  expect(await late).toMatchObject({ code: 'ENFORCER_TIMEOUT' })
  answer = ({ id }) => `{"id":${id - 1},"elements":[{"target":"10.9.9.9","remainingMs":1}]}\n{"id":${id},"elements":[]}`
  expect(await client.list()).toEqual([])
})

test('an answered request leaves no timer behind', async () => {
  await client.list()
  expect(timers.size).toBe(0)
})

test('more requests than may be under way fail at once', async () => {
  answer = () => undefined
  const waiting = [1, 2, 3, 4].map(() => client.list().catch((error: unknown) => error))
  await expect(client.list()).rejects.toMatchObject({ problem: { code: 'ENFORCER_BUSY', pendingMax: 4 } })
  await client.close()
  expect(await Promise.all(waiting)).toMatchObject(waiting.map(() => ({ code: 'ENFORCER_UNREACHABLE' })))
})

test('nobody listening is an error that names the socket', async () => {
  const nowhere = new EnforcerClient({ socketPath: path.join(folder, 'none'), clock: handClock() })
  await expect(nowhere.list()).rejects.toMatchObject({ code: 'ENFORCER_UNREACHABLE', message: expect.stringContaining('none') })
})

test('after a broken connection the next request connects, and sends the never-block list first', async () => {
  await client.neverBlock(['192.0.2.0/24'])
  answer = (_request, socket) => {
    socket.destroy()
    return undefined
  }
  await expect(client.list()).rejects.toMatchObject({ code: 'ENFORCER_UNREACHABLE' })
  answer = answerSoundly
  expect(await client.list()).toEqual([])
  expect(asked.map(({ command }) => command)).toEqual(['neverBlock', 'list', 'neverBlock', 'list'])
  expect(asked[2]?.prefixes).toEqual(['192.0.2.0/24'])
})

test('a never-block list that found nobody listening is sent as soon as somebody does', async () => {
  server.close()
  await expect(client.neverBlock(['192.0.2.0/24'])).rejects.toMatchObject({ code: 'ENFORCER_UNREACHABLE' })
  server = createServer((socket) => serve(socket))
  await listen()
  await client.list()
  expect(asked.map(({ prefixes }) => prefixes)).toEqual([['192.0.2.0/24'], undefined])
})

test.each([
  ['no JSON', 'what?'],
  ['an unknown key', '{"id":1,"elements":[],"extra":1}'],
  ['a wrong type', '{"id":"1","elements":[]}'],
  ['a bad element', '{"id":1,"elements":[{"target":7,"remainingMs":1}]}'],
  ['no elements', '{"id":1}'],
])('nonsense is an error: %s', async (_what, line) => {
  answer = () => line
  await expect(client.list()).rejects.toMatchObject({ code: 'ENFORCER_PROTOCOL' })
})

test('fewer results than requests are nonsense', async () => {
  answer = ({ id }) => `{"id":${id},"results":[]}`
  await expect(client.unblock(['192.0.2.7'])).rejects.toMatchObject({ code: 'ENFORCER_PROTOCOL' })
})

test('being turned away is told in the words of the program', async () => {
  answer = () => '{"id":0,"error":"not permitted"}'
  await expect(client.list()).rejects.toMatchObject({ problem: { code: 'ENFORCER_UNREACHABLE', reason: 'not permitted' } })
})

test('an answer in many small pieces is one answer', async () => {
  answer = ({ id }, socket) => {
    for (const letter of `{"id":${id},"elements":[{"target":"192.0.2.7","remainingMs":5}]}\n`) socket.write(letter)
    return undefined
  }
  expect(await client.list()).toEqual([{ target: '192.0.2.7', remainingMs: 5 }])
})

function answerSoundly({ id, command, elements, prefixes }: Asked): string {
  const targets = elements?.map(({ target }) => target) ?? prefixes ?? []
  const results = targets.map((target) => ({ target, outcome: 'enforced', reason: '' }))
  const bodies: Record<string, object> = { block: { results }, unblock: { results }, list: { elements: [] } }
  return JSON.stringify({ id, ...bodies[command] })
}

function serve(socket: Socket): void {
  let received = ''
  socket.on('error', () => {})
  socket.on('data', (text) => {
    received += text.toString()
    const lines = received.split('\n')
    received = lines.pop() ?? ''
    for (const line of lines) {
      const request: Asked = JSON.parse(line)
      asked.push(request)
      const words = answer(request, socket)
      if (words !== undefined) socket.write(`${words}\n`)
    }
  })
}

function listen(): Promise<void> {
  return new Promise((resolve) => {
    server.listen(socketPath, resolve)
  })
}

function handClock(): Clock {
  return {
    wallMs: () => 0,
    monotonicMs: () => 0,
    after: (_delayMs, task) => {
      timers.add(task)
      return () => timers.delete(task)
    },
  }
}
