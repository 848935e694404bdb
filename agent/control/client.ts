/** EDGE: the other end of the socket. Thin: a request, an answer that passed its schema, or an error that says what to do. */
import { request as httpRequest } from 'node:http'
import type { IncomingMessage } from 'node:http'
import { z } from 'zod'
import { ControlError } from './errors.ts'
import {
  alertSchema, alertSummarySchema, decisionSchema, errorSchema, explanationSchema, modeChangeSchema, modeSchema, statusSchema,
  versionSchema,
} from './schema.ts'
import type { ControlMode, NewDecision } from './schema.ts'

/** What a list is narrowed by; values are written into the query as they are. */
export type Filter = Readonly<Record<string, string | number | boolean | undefined>>

/** The agent, from the other side of its control socket. Every method throws ControlError. */
export type ControlClient = ReturnType<typeof createControlClient>

interface Question {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  readonly url: string
  readonly body?: unknown
}

const ANSWER_OCTETS_MAX = 16 * 1_048_576
const LINE_OCTETS_MAX = 1_048_576
/** Longer than the server's own limit, so that its words arrive before ours. */
const SILENCE_MS_MAX = 15_000
/** Followed streams send a heartbeat every 10 s. */
const STREAM_SILENCE_MS_MAX = 35_000

const alertsAnswer = z.object({ alerts: z.array(alertSummarySchema) })
const decisionsAnswer = z.object({ decisions: z.array(decisionSchema) })
const deletedAnswer = z.object({ deleted: z.array(decisionSchema) })

/** A client of the daemon on `socketPath`. Connects anew for each request. */
export function createControlClient(socketPath: string) {
  const ask = async <T>(schema: z.ZodType<T>, question: Question): Promise<T> => {
    const answer = await send(socketPath, question, SILENCE_MS_MAX)
    return parseAnswer(schema, await textOf(answer, socketPath), question)
  }
  const get = <T>(schema: z.ZodType<T>, url: string) => ask(schema, { method: 'GET', url })
  const change = <T>(schema: z.ZodType<T>, method: 'POST' | 'PUT' | 'DELETE', [url, body]: readonly [string, unknown?]) =>
    ask(schema, { method, url, body })

  return {
    status: () => get(statusSchema, '/v1/status'),
    version: () => get(versionSchema, '/v1/version'),
    alerts: async (filter: Filter) => (await get(alertsAnswer, `/v1/alerts${queryOf(filter)}`)).alerts,
    alert: (id: number) => get(alertSchema, `/v1/alerts/${id}`),
    explanation: (id: number) => get(explanationSchema, `/v1/alerts/${id}/explanation`),
    decisions: async (filter: Filter) => (await get(decisionsAnswer, `/v1/decisions${queryOf(filter)}`)).decisions,
    addDecision: (decision: NewDecision) => change(decisionSchema, 'POST', ['/v1/decisions', decision]),
    deleteDecision: async (id: number) => (await change(deletedAnswer, 'DELETE', [`/v1/decisions/${id}`])).deleted,
    deleteDecisionsOn: async (target: string) => (await change(deletedAnswer, 'DELETE', [`/v1/decisions${queryOf({ target })}`])).deleted,
    mode: async () => (await get(z.object({ mode: modeSchema }), '/v1/mode')).mode,
    previewMode: (mode: ControlMode) => get(modeChangeSchema, `/v1/mode/preview${queryOf({ mode })}`),
    setMode: (mode: ControlMode) => change(modeChangeSchema, 'PUT', ['/v1/mode', { mode }]),
    metrics: async () => textOf(await send(socketPath, { method: 'GET', url: '/v1/metrics' }, SILENCE_MS_MAX), socketPath),
    /** Event lines as they come, heartbeats among them. Ends with the daemon's history, or when the daemon stops while following. */
    async* events(filter: Filter): AsyncGenerator<string> {
      const question = { method: 'GET', url: `/v1/events${queryOf(filter)}` } as const
      yield* linesOf(await send(socketPath, question, STREAM_SILENCE_MS_MAX), socketPath)
    },
  }
}

/** Sends one request; resolves with the answer's head when it succeeded. */
async function send(socketPath: string, { method, url, body }: Question, silenceMs: number): Promise<IncomingMessage> {
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    const text = body === undefined ? undefined : JSON.stringify(body)
    const headers = text === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }
    const request = httpRequest({ socketPath, method, path: url, headers, agent: false, timeout: silenceMs }, resolve)
    request.once('timeout', () => request.destroy(new Error(`no answer within ${silenceMs / 1_000} s`)))
    request.once('error', (error) => reject(connectionError(socketPath, error)))
    request.end(text)
  })
  if (answer.statusCode === 200) return answer
  throw failureOf(await textOf(answer, socketPath), socketPath, `${method} ${url}`)
}

function connectionError(socketPath: string, error: Error): ControlError {
  const code = 'code' in error ? String(error.code) : ''
  if (code === 'EACCES' || code === 'EPERM') return notPermitted(socketPath, error)
  const reason = { ENOENT: 'there is no such socket', ECONNREFUSED: 'nobody listens there' }[code] ?? error.message
  const message = `the daemon is not reachable on ${socketPath}: ${reason}`
  return new ControlError({ code: 'CLIENT_NOT_REACHABLE', socketPath, reason }, message, { cause: error })
}

function notPermitted(socketPath: string, cause?: Error): ControlError {
  return new ControlError({ code: 'CLIENT_NOT_PERMITTED', socketPath }, `not permitted to use ${socketPath}`, { cause })
}

function failureOf(text: string, socketPath: string, place: string): ControlError {
  const parsed = errorSchema.safeParse(parseJson(text))
  if (!parsed.success) return badAnswer(place, 'an error in a form this version does not know')
  const { error } = parsed.data
  if (error.code === 'CONTROL_NOT_PERMITTED') return notPermitted(socketPath)
  return new ControlError({ code: 'CLIENT_REQUEST_FAILED', remoteCode: error.code, place: error.place }, error.message)
}

async function textOf(answer: IncomingMessage, socketPath: string): Promise<string> {
  const chunks: Buffer[] = []
  let octets = 0
  for await (const chunk of chunksOf(answer, socketPath)) {
    octets += chunk.length
    if (octets > ANSWER_OCTETS_MAX) throw badAnswer(socketPath, `more than ${ANSWER_OCTETS_MAX} octets`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

async function* linesOf(answer: IncomingMessage, socketPath: string): AsyncGenerator<string> {
  let rest = ''
  answer.setEncoding('utf8')
  for await (const chunk of chunksOf<string>(answer, socketPath)) {
    const lines = (rest + chunk).split('\n')
    rest = lines.pop() ?? ''
    if (rest.length > LINE_OCTETS_MAX) throw badAnswer(socketPath, `a line of more than ${LINE_OCTETS_MAX} octets`)
    yield* lines
  }
}

/** What the daemon sends, until it ends; a connection that breaks in the middle is a daemon that is gone. */
async function* chunksOf<T = Buffer>(answer: AsyncIterable<T>, socketPath: string): AsyncGenerator<T> {
  try {
    yield* answer
  } catch (error) {
    throw connectionError(socketPath, error instanceof Error ? error : new Error(String(error)))
  }
}

function parseAnswer<T>(schema: z.ZodType<T>, text: string, { method, url }: Question): T {
  const checked = schema.safeParse(parseJson(text))
  if (checked.success) return checked.data
  const issue = checked.error.issues[0]!
  throw badAnswer(`${method} ${url}`, `${issue.path.join('.')}: ${issue.message}`)
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function badAnswer(place: string, what: string): ControlError {
  return new ControlError({ code: 'CLIENT_BAD_ANSWER', place }, `${place}: the daemon answered ${what}; are both of the same version?`)
}

function queryOf(filter: Filter): string {
  const given = Object.entries(filter).flatMap(([key, value]): [string, string][] => (value === undefined ? [] : [[key, String(value)]]))
  return given.length === 0 ? '' : `?${new URLSearchParams(given).toString()}`
}
