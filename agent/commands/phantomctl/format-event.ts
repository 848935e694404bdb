import { printable } from '../table.ts'

/** One line of the stream. Only what is shown is read; the rest passes untouched. */
export interface StreamEvent {
  readonly type: string
  /** Set on heartbeats only: how many events this follower was too slow to take. */
  readonly dropped: number | undefined
  /** For people: time, type, ends, and what its own part says. */
  readonly words: string
}

/** Reads a line of EVE JSON; undefined where it is none. */
export function readEvent(line: string): StreamEvent | undefined {
  const event = objectOf(parse(line))
  const type = textOf(event?.['event_type'])
  if (event === undefined || type === '') return undefined
  const own = objectOf(event['phantommesh']) ?? {}
  const dropped = type === 'heartbeat' ? Number(own['dropped']) : undefined
  return { type, dropped, words: printable(describe(event, type)) }
}

function describe(event: Readonly<Record<string, unknown>>, type: string): string {
  const isSaid = (text: string) => text !== ''
  const ends = [end(event['src_ip'], event['src_port']), end(event['dest_ip'], event['dest_port'])].filter(isSaid).join(' -> ')
  const parts = objectOf(event[type]) ?? {}
  const details = Object.entries(parts).flatMap(([key, value]) => (isScalar(value) ? [`${key}=${String(value)}`] : []))
  const head = [textOf(event['timestamp']).slice(0, 23), type.padEnd(11), ends, textOf(event['proto'])]
  return [...head, ...details].filter(isSaid).join(' ')
}

function end(address: unknown, port: unknown): string {
  const text = textOf(address)
  if (text === '' || typeof port !== 'number') return text
  return text.includes(':') ? `[${text}]:${port}` : `${text}:${port}`
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.fromEntries(Object.entries(value)) : undefined
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

function isScalar(value: unknown): value is string | number | boolean {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
}
