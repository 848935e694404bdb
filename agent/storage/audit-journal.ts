/** EDGE only for node:crypto's SHA-256, which is a pure function. */
import { createHash } from 'node:crypto'
import type { KeyValueStore, StoreChange } from '../kit/index.ts'
import { jsonCodec, keysBelow, sortableNumber } from './record-codec.ts'

const PREFIX = 'audit'
const auditCodec = jsonCodec<AuditRecord>()
/** What the first entry ever follows. */
const GENESIS = '0'.repeat(64)

/** Who did what; `detail` holds only what JSON keeps. */
export interface AuditEntry {
  readonly atMs: number
  /** `uid=1000`, `phantomd` ... */
  readonly actor: string
  /** `decisions.add`, `mode.set`, `model.promoted` ... */
  readonly operation: string
  readonly outcome: 'done' | 'refused' | 'failed'
  readonly detail: unknown
}

/** An entry in the chain: its number, the hash of the one before it, and its own. */
export interface AuditRecord extends AuditEntry {
  readonly number: number
  readonly previousHash: string
  readonly hash: string
}

/** Whether the chain holds; `brokenAt` is the number of the first entry that does not follow from the one before it. */
export type AuditCheck =
  | { readonly ok: true; readonly entries: number; readonly head: string }
  | { readonly ok: false; readonly brokenAt: number; readonly reason: string }

/**
 * An append-only journal whose entries each carry the SHA-256 of the entry before: whoever changes or removes one in the middle breaks
 * the chain, whoever rewrites all of it changes `head`, which operators can note elsewhere. Past `auditMax` the oldest go.
 */
export class AuditJournal {
  readonly #store: KeyValueStore
  readonly #auditMax: number
  #first: number
  #next: number
  #head: string
  #lastWrite: Promise<unknown> = Promise.resolve()

  private constructor(store: KeyValueStore, auditMax: number, ends: { readonly first?: AuditRecord; readonly last?: AuditRecord }) {
    this.#store = store
    this.#auditMax = auditMax
    this.#first = ends.first?.number ?? 1
    this.#next = (ends.last?.number ?? 0) + 1
    this.#head = ends.last?.hash ?? GENESIS
  }

  /** Continues the journal in `store`. */
  static async open(store: KeyValueStore, auditMax: number): Promise<AuditJournal> {
    const [first, last] = [await endOf(store, false), await endOf(store, true)]
    return new AuditJournal(store, auditMax, first === undefined || last === undefined ? {} : { first, last })
  }

  /** The hash of the newest entry. */
  get head(): string {
    return this.#head
  }

  /** Appends an entry; it is on disk when this resolves. Calls may overlap: the order of the chain is the order of the calls. */
  append(entry: AuditEntry): Promise<AuditRecord> {
    const written = this.#lastWrite.then(() => this.#write(entry))
    this.#lastWrite = written.catch(() => undefined)
    return written
  }

  /** The chain moves on only after the write succeeded, so that a full disk leaves no gap in it. */
  async #write(entry: AuditEntry): Promise<AuditRecord> {
    const record = chain(entry, this.#next, this.#head)
    const isFull = record.number - this.#first >= this.#auditMax
    const changes: StoreChange[] = [
      { type: 'put', key: keyOf(record.number), value: auditCodec.encode(record) },
      ...(isFull ? [{ type: 'del' as const, key: keyOf(this.#first) }] : []),
    ]
    await this.#store.write(changes, { durable: true })
    this.#next++
    this.#head = record.hash
    if (isFull) this.#first++
    return record
  }

  /** Entries from the oldest kept to the newest. */
  async *entries(): AsyncIterable<AuditRecord> {
    for await (const [, value] of this.#store.entries(keysBelow(PREFIX))) yield auditCodec.decode(value)
  }

  /** Recomputes every hash that is kept. */
  async verify(): Promise<AuditCheck> {
    let former: AuditRecord | undefined
    let count = 0
    for await (const record of this.entries()) {
      const reason = faultOf(record, former)
      if (reason !== undefined) return { ok: false, brokenAt: record.number, reason }
      former = record
      count++
    }
    if (former !== undefined && former.hash !== this.#head) {
      return { ok: false, brokenAt: former.number + 1, reason: 'the newest entry is missing' }
    }
    return { ok: true, entries: count, head: this.#head }
  }
}

async function endOf(store: KeyValueStore, reverse: boolean): Promise<AuditRecord | undefined> {
  for await (const [, value] of store.entries({ ...keysBelow(PREFIX), limit: 1, reverse })) return auditCodec.decode(value)
  return undefined
}

function faultOf(record: AuditRecord, former: AuditRecord | undefined): string | undefined {
  if (chain(record, record.number, record.previousHash).hash !== record.hash) return 'the entry does not match its hash'
  if (former === undefined) return undefined
  if (record.number !== former.number + 1) return 'an entry before it is missing'
  return record.previousHash === former.hash ? undefined : 'it does not follow from the entry before it'
}

function chain({ atMs, actor, operation, outcome, detail }: AuditEntry, number: number, previousHash: string): AuditRecord {
  // JSON of an array: one spelling for one entry, whatever the order of an object's keys.
  const text = JSON.stringify([number, previousHash, atMs, actor, operation, outcome, detail ?? null])
  const hash = createHash('sha256').update(text).digest('hex')
  return { atMs, actor, operation, outcome, detail: detail ?? null, number, previousHash, hash }
}

function keyOf(number: number): string {
  return `${PREFIX}/${sortableNumber(number)}`
}
