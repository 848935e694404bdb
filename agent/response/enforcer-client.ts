import { connect } from 'node:net'
import type { Socket } from 'node:net'
import type { Cancel, Clock } from '../kit/index.ts'
import { canonicalPrefix } from './address-interval.ts'
import { nonsense, parseAnswer } from './enforcer-messages.ts'
import type { EnforcerAnswer, EnforcerStatus } from './enforcer-messages.ts'
import type { BlockRequest, EnforcedElement, EnforcementResult, Enforcer } from './enforcer.ts'
import { EnforcerError } from './errors.ts'

/** Where the privileged program listens, and how long to wait for it. */
export interface EnforcerClientOptions {
  readonly socketPath: string
  readonly clock: Clock
  /** For one answer. The kernel commits in microseconds; 2 s is a machine in deep trouble. */
  readonly deadlineMs?: number
  /** Requests under way; past it a call fails with ENFORCER_BUSY. */
  readonly pendingMax?: number
}

/** As native/enforcer/protocol.h. */
const BATCH_MAX = 256
/** 65 536 elements of at most 90 octets each, doubled. */
const LINE_CHARACTERS_MAX = 12 << 20

interface Item {
  readonly target: string
  readonly refusal: string
  readonly body: object | string
}

interface Pending {
  readonly command: string
  readonly resolve: (answer: EnforcerAnswer) => void
  readonly reject: (error: EnforcerError) => void
  readonly cancel: Cancel
}

/**
 * Speaks to native/enforcer over its Unix socket.
 *
 * Connects when something is asked and no connection stands, so whoever asks again has reconnected. A broken connection fails
 * what was under way. The never-block list of the caller is sent again on every connection: the program forgets it with its end.
 */
export class EnforcerClient implements Enforcer {
  readonly #options: Required<EnforcerClientOptions>
  readonly #pending = new Map<number, Pending>()
  #socket: Socket | undefined
  #received: string[] = []
  #receivedCharacters = 0
  #lastId = 0
  #neverBlock: readonly string[] = []

  constructor(options: EnforcerClientOptions) {
    this.#options = { deadlineMs: 2_000, pendingMax: 64, ...options }
  }

  async block(requests: readonly BlockRequest[]): Promise<readonly EnforcementResult[]> {
    return this.#inBatches('block', requests.map(toElement))
  }

  async unblock(targets: readonly string[]): Promise<readonly EnforcementResult[]> {
    return this.#inBatches('unblock', targets.map(toPrefix))
  }

  async list(): Promise<readonly EnforcedElement[]> {
    const { elements } = await this.#ask('list')
    if (elements === undefined) throw nonsense('a list without elements')
    return elements
  }

  async neverBlock(prefixes: readonly string[]): Promise<void> {
    const before = this.#neverBlock
    try {
      await this.#ask('neverBlock', { prefixes })
      this.#neverBlock = prefixes
    } catch (error) {
      // Refused, the old list stands. Unheard, the new one is the first thing the next connection says.
      const isRefused = error instanceof EnforcerError && error.code === 'ENFORCER_REFUSED'
      this.#neverBlock = isRefused ? before : prefixes
      throw error
    }
  }

  async cleanup(): Promise<void> {
    await this.#ask('cleanup')
  }

  /** The program's account of itself. */
  async status(): Promise<EnforcerStatus> {
    const { status } = await this.#ask('status')
    if (status === undefined) throw nonsense('a status without content')
    return status
  }

  async close(): Promise<void> {
    this.#disconnect('closed')
  }

  /** What could not even be written down is refused here; the rest goes out in batches. Results come in the order of the items. */
  async #inBatches(command: 'block' | 'unblock', items: readonly Item[]): Promise<EnforcementResult[]> {
    const sendable = items.filter((item) => item.refusal === '')
    const answered: EnforcementResult[] = []
    for (let start = 0; start < sendable.length; start += BATCH_MAX) {
      const batch = sendable.slice(start, start + BATCH_MAX).map((item) => item.body)
      const { results } = await this.#ask(command, command === 'block' ? { elements: batch } : { prefixes: batch })
      if (results?.length !== batch.length) throw nonsense(`${results?.length ?? 'no'} results for ${batch.length} requests`)
      answered.push(...results)
    }
    let next = 0
    return items.map(({ target, refusal }) => {
      if (refusal !== '') return { target, outcome: 'refused', reason: refusal }
      const result = answered[next]!
      next += 1
      return { ...result, target }
    })
  }

  async #ask(command: string, body: object = {}): Promise<EnforcerAnswer> {
    this.#connect()
    const answer = await this.#send(command, body)
    if (answer.error === undefined) return answer
    const problem = { code: 'ENFORCER_REFUSED', command, reason: answer.error } as const
    throw new EnforcerError(problem, `${command} was refused by the enforcer: ${answer.error}`)
  }

  #send(command: string, body: object): Promise<EnforcerAnswer> {
    const { pendingMax, deadlineMs, clock } = this.#options
    if (this.#pending.size >= pendingMax) {
      throw new EnforcerError({ code: 'ENFORCER_BUSY', pendingMax }, `the enforcer has ${pendingMax} requests to answer already`)
    }
    this.#lastId += 1
    const id = this.#lastId
    return new Promise((resolve, reject) => {
      const cancel = clock.after(deadlineMs, () => {
        this.#pending.delete(id)
        reject(new EnforcerError({ code: 'ENFORCER_TIMEOUT', command, deadlineMs }, `no answer to ${command} in ${deadlineMs} ms`))
      })
      this.#pending.set(id, { command, resolve, reject, cancel })
      this.#socket?.write(`${JSON.stringify({ id, command, ...body })}\n`)
    })
  }

  #connect(): void {
    if (this.#socket !== undefined) return
    const socket = connect(this.#options.socketPath)
    this.#socket = socket
    socket.setEncoding('utf8')
    socket.on('data', (text: string) => this.#onText(socket, text))
    socket.on('error', (error) => this.#onEnd(socket, error.message))
    socket.on('close', () => this.#onEnd(socket, 'the enforcer closed the connection'))
    if (this.#neverBlock.length === 0) return
    // Answered before anything asked later. Refused or lost, it is known from the same trouble with what follows.
    this.#send('neverBlock', { prefixes: this.#neverBlock }).catch(() => {})
  }

  #onEnd(socket: Socket, reason: string): void {
    if (socket === this.#socket) this.#disconnect(reason)
  }

  #disconnect(reason: string): void {
    this.#socket?.destroy()
    this.#socket = undefined
    this.#received = []
    this.#receivedCharacters = 0
    const { socketPath } = this.#options
    const error = new EnforcerError({ code: 'ENFORCER_UNREACHABLE', socketPath, reason }, `enforcer at ${socketPath}: ${reason}`)
    this.#rejectAll(error)
  }

  #rejectAll(error: EnforcerError): void {
    const pending = [...this.#pending.values()]
    this.#pending.clear()
    for (const each of pending) {
      each.cancel()
      each.reject(error)
    }
  }

  #onText(socket: Socket, text: string): void {
    if (socket !== this.#socket) return
    this.#received.push(text)
    this.#receivedCharacters += text.length
    if (this.#receivedCharacters > LINE_CHARACTERS_MAX) this.#disconnect('an answer without end')
    if (!text.includes('\n')) return
    const lines = this.#received.join('').split('\n')
    const rest = lines.pop() ?? ''
    this.#received = [rest]
    this.#receivedCharacters = rest.length
    for (const line of lines) this.#onLine(line)
  }

  #onLine(line: string): void {
    try {
      this.#settle(parseAnswer(line))
    } catch (error) {
      if (!(error instanceof EnforcerError)) throw error
      this.#rejectAll(error)
      this.#disconnect(error.message)
    }
  }

  #settle(answer: EnforcerAnswer): void {
    // Id 0 answers no request of ours: the program turns us away ("not permitted") before it closes.
    if (answer.id === 0) {
      this.#disconnect(answer.error ?? 'an answer to nothing')
      return
    }
    const pending = this.#pending.get(answer.id)
    if (pending === undefined) return
    this.#pending.delete(answer.id)
    pending.cancel()
    pending.resolve(answer)
  }
}

function toElement({ target, durationMs }: BlockRequest): Item {
  const prefix = toPrefix(target)
  const isSound = Number.isFinite(durationMs) && durationMs >= 0 && durationMs < 1e15
  const refusal = prefix.refusal === '' && !isSound ? 'invalid-duration' : prefix.refusal
  return { target, refusal, body: { target: prefix.body, durationMs: Math.round(durationMs) } }
}

function toPrefix(target: string): Item {
  const prefix = canonicalPrefix(target)
  return { target, refusal: prefix === undefined ? 'invalid-target' : '', body: prefix ?? '' }
}
