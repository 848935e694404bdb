/** EDGE: fastify on a Unix socket. What it answers stands in routes.ts; here is how it listens, who may ask, and how it ends. */
import { chmodSync, lstatSync, mkdirSync, readFileSync, statSync, unlinkSync } from 'node:fs'
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import path from 'node:path'
import { Readable } from 'node:stream'
import { fastify } from 'fastify'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Clock, Logger } from '../kit/index.ts'
import type { AgentControl, ControlAudit, EventSubscription, PeerCredentials } from './agent-control.ts'
import { failedRequest } from './error-answer.ts'
import { ControlError } from './errors.ts'
import { streamLines } from './event-stream.ts'
import { mayAct, supplementaryGroups } from './permission.ts'
import { checkPart, ROUTES } from './routes.ts'
import type { Route } from './routes.ts'
import { eventQuerySchema } from './schema.ts'

/** What the server needs. */
export interface ControlServerOptions {
  readonly socketPath: string
  readonly control: AgentControl
  /** SO_PEERCRED of a connected socket, by file descriptor (the addon exports it). */
  readonly peerCredentials: (fileDescriptor: number) => PeerCredentials
  /** Told of every change and of every attempt at one; awaited before the answer to a change. */
  readonly audit: (record: ControlAudit) => void | Promise<void>
  readonly clock: Clock
  readonly logger: Logger
  readonly heartbeatMs?: number
}

/** A listening server. */
export interface ControlServer {
  readonly socketPath: string
  /** Stops listening, ends the streams, lets requests under way finish, and removes the socket. */
  close(): Promise<void>
}

const BODY_OCTETS_MAX = 65_536
const HEADER_OCTETS_MAX = 8_192
const REQUEST_MS_MAX = 10_000
const CONNECTIONS_MAX = 128
/** How long followers may take to read what is already on its way to them when the server closes. */
const CLOSE_GRACE_MS = 1_000
/** sun_path holds 108 octets with the terminating zero (unix(7)). */
const SOCKET_PATH_OCTETS_MAX = 107

/** Listens on the socket. Refuses where another daemon answers there; removes a socket only where nobody does. */
export async function openControlServer(options: ControlServerOptions): Promise<ControlServer> {
  const { socketPath, clock, logger } = options
  await claimSocket(socketPath)
  const subscriptions = new Set<EventSubscription>()
  const app = createApp(options)
  for (const each of ROUTES) mountRoute(app, each, options)
  mountEvents(app, subscriptions, options)
  await listen(app, socketPath)
  logger.info({ socketPath }, 'Control socket listening')

  return {
    socketPath,
    async close() {
      for (const subscription of subscriptions) subscription.close()
      const cancel = clock.after(CLOSE_GRACE_MS, () => app.server.closeAllConnections())
      await app.close()
      cancel()
    },
  }
}

async function claimSocket(socketPath: string): Promise<void> {
  if (Buffer.byteLength(socketPath) > SOCKET_PATH_OCTETS_MAX) throw unusable(socketPath, `longer than ${SOCKET_PATH_OCTETS_MAX} octets`)
  try {
    mkdirSync(path.dirname(socketPath), { recursive: true, mode: 0o755 })
    const found = lstatSync(socketPath, { throwIfNoEntry: false })
    if (found === undefined) return
    if (!found.isSocket()) throw unusable(socketPath, 'something else than a socket stands there')
    if (await doesAnswer(socketPath)) {
      const message = `${socketPath}: another daemon answers on this socket; stop it, or set paths.socket to another`
      throw new ControlError({ code: 'CONTROL_SOCKET_IN_USE', socketPath }, message)
    }
    unlinkSync(socketPath)
  } catch (error) {
    throw error instanceof ControlError ? error : unusable(socketPath, reasonOf(error))
  }
}

/** Only a refused connection proves that nobody listens; whatever else goes wrong, the socket is left alone. */
function doesAnswer(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect(socketPath)
    probe.once('connect', () => {
      probe.destroy()
      resolve(true)
    })
    probe.once('error', (error) => resolve(!('code' in error) || (error.code !== 'ECONNREFUSED' && error.code !== 'ENOENT')))
  })
}

async function listen(app: FastifyInstance, socketPath: string): Promise<void> {
  try {
    await app.listen({ path: socketPath })
    chmodSync(socketPath, 0o660)
  } catch (error) {
    await app.close()
    throw unusable(socketPath, reasonOf(error))
  }
}

function createApp(options: ControlServerOptions): FastifyInstance {
  const { logger } = options
  let requests = 0
  const app = fastify({
    logger: false,
    bodyLimit: BODY_OCTETS_MAX,
    requestTimeout: REQUEST_MS_MAX,
    forceCloseConnections: 'idle',
    return503OnClosing: true,
    http: { maxHeaderSize: HEADER_OCTETS_MAX },
    requestIdHeader: false,
    genReqId: () => `${process.pid}-${(requests += 1)}`,
    clientErrorHandler(_error, socket) {
      if (socket.writable) socket.end(unreadableRequest())
    },
  })
  app.server.maxConnections = CONNECTIONS_MAX
  app.addHook('onRequest', async (request, reply) => {
    reply.header('x-request-id', request.id)
    if (!isPermitted(request, options)) throw denial(request, options)
  })
  app.setNotFoundHandler((request, reply) => {
    const error = new ControlError({ code: 'CONTROL_UNKNOWN_ROUTE' }, `there is no ${request.method} ${request.url} in this version`)
    return answerFailure(reply, failedRequest(error, placeOf(request)))
  })
  app.setErrorHandler((error, request, reply) => {
    const failed = failedRequest(error, placeOf(request))
    if (failed.isOurs) logger.error({ err: error, requestId: request.id, request: placeOf(request) }, 'Control request failed')
    return answerFailure(reply, failed)
  })
  return app
}

function mountRoute(app: FastifyInstance, route: Route, options: ControlServerOptions): void {
  const { control, audit } = options
  const handler = async (request: FastifyRequest, reply: FastifyReply) => {
    const input = { params: request.params, query: request.query, body: request.body }
    if (route.operation === 'metrics') reply.type('text/plain; version=0.0.4; charset=utf-8')
    if (!route.changes) return route.handle(control, input)
    const record = { requestId: request.id, actor: actorOf(request, options), operation: route.operation, request: input }
    let answer: unknown
    try {
      answer = await route.handle(control, input)
    } catch (error) {
      const { body, isOurs } = failedRequest(error, placeOf(request))
      await audit({ ...record, outcome: isOurs ? 'failed' : 'refused', reason: body.error.code })
      throw error
    }
    // Whoever was told that it is done finds it in the journal, whatever happens next.
    await audit({ ...record, outcome: 'done', reason: '' })
    return answer
  }
  app.route({ method: route.method, url: route.url, handlerTimeout: REQUEST_MS_MAX, handler })
}

function mountEvents(app: FastifyInstance, subscriptions: Set<EventSubscription>, options: ControlServerOptions): void {
  const { control, clock, heartbeatMs = 10_000 } = options
  app.get('/v1/events', (request, reply) => {
    const subscription = control.subscribe(checkPart(eventQuerySchema, request.query, 'query'))
    if (subscription === undefined) {
      throw new ControlError({ code: 'CONTROL_TOO_MANY_FOLLOWERS' }, 'as many followers as allowed are already connected')
    }
    subscriptions.add(subscription)
    reply.raw.once('close', () => {
      subscription.close()
      subscriptions.delete(subscription)
    })
    // Headers go out at once, so that a follower of a quiet agent knows that it is connected.
    reply.raw.once('pipe', () => reply.raw.flushHeaders())
    return reply.type('application/x-ndjson').send(Readable.from(streamLines(subscription, { clock, heartbeatMs })))
  })
}

function isPermitted(request: FastifyRequest, options: ControlServerOptions): boolean {
  const peer = actorOf(request, options)
  if (peer === undefined) return false
  const { uid, gid } = statSync(options.socketPath)
  return mayAct(peer, { uid: process.getuid?.() ?? uid, gid })
}

/** The answer to a stranger. Where it would have changed something, the attempt is journalled; its body was not even read. */
function denial(request: FastifyRequest, options: ControlServerOptions): ControlError {
  const route = ROUTES.find(({ method, url }) => method === request.method && url === request.routeOptions.url)
  if (route?.changes === true) {
    const { id: requestId, params, query } = request
    const actor = actorOf(request, options)
    const reason = 'CONTROL_NOT_PERMITTED'
    void options.audit({ requestId, actor, operation: route.operation, request: { params, query }, outcome: 'refused', reason })
  }
  const who = 'only root, the daemon\'s own user and members of the socket\'s group may ask'
  return new ControlError({ code: 'CONTROL_NOT_PERMITTED' }, who)
}

/** Who is at the other end, as the kernel says; undefined where it does not say, and then nothing is permitted. */
function actorOf(request: FastifyRequest, { peerCredentials, logger }: ControlServerOptions): PeerCredentials | undefined {
  try {
    const peer = peerCredentials(fileDescriptorOf(request.raw.socket))
    return peer.groups === undefined ? { ...peer, groups: groupsOf(peer.pid) } : peer
  } catch (error) {
    logger.warn({ reason: reasonOf(error) }, 'No peer credentials for a control connection')
    return undefined
  }
}

/** Node keeps the descriptor of a socket in a handle that its types do not show. */
function fileDescriptorOf(socket: Socket): number {
  const handle: unknown = Reflect.get(socket, '_handle')
  const fileDescriptor: unknown = typeof handle === 'object' && handle !== null ? Reflect.get(handle, 'fd') : undefined
  return typeof fileDescriptor === 'number' ? fileDescriptor : -1
}

function groupsOf(pid: number): readonly number[] {
  try {
    return supplementaryGroups(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return [] // The peer is gone, and so is whom to answer.
  }
}

function answerFailure(reply: FastifyReply, { status, body }: ReturnType<typeof failedRequest>): FastifyReply {
  return reply.status(status).type('application/json; charset=utf-8').send(body)
}

function placeOf(request: FastifyRequest): string {
  return `${request.method} ${request.url.split('?', 1)[0]}`
}

function unreadableRequest(): string {
  const body = JSON.stringify({ error: { code: 'CONTROL_INVALID_REQUEST', message: 'this is not an HTTP/1.1 request', place: 'request' } })
  return `HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`
}

function unusable(socketPath: string, reason: string): ControlError {
  return new ControlError({ code: 'CONTROL_SOCKET_UNUSABLE', socketPath, reason }, `${socketPath}: cannot listen on this socket: ${reason}`)
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
