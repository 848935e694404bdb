import { expect, test } from 'vitest'
import type { ActiveDecision, AlertRecord } from '../../agent/decision/index.ts'
import type { KeyValueStore } from '../../agent/kit/index.ts'
import {
  AlertRepository, AuditJournal, DecisionRepository, IdCounter, loadMode, openMemoryStore, saveMode,
} from '../../agent/storage/index.ts'
import type { AuditEntry } from '../../agent/storage/index.ts'

const LIMITS = { alertsMax: 3, alertAgeMsMax: 1_000 }

test('decisions are found again in the order of their numbers, and ended ones are gone', async () => {
  const store = openMemoryStore()
  const repository = new DecisionRepository(store)
  await repository.update([decision(300), decision(2)])
  await repository.update([decision(17)], [decision(300)])
  expect((await new DecisionRepository(store).all()).map(({ id }) => id)).toEqual([2, 17])
})

test('a renewed decision replaces the former on its target', async () => {
  const repository = new DecisionRepository(openMemoryStore())
  await repository.update([decision(2)])
  await repository.update([{ ...decision(9), value: decision(2).value }])
  expect((await repository.all()).map(({ id }) => id)).toEqual([9])
})

test('alerts are listed newest first, and only those that match', async () => {
  const repository = await AlertRepository.open(openMemoryStore(), LIMITS)
  await repository.put([alert(1, 0), alert(2, 0), alert(3, 0)])
  expect((await repository.newest(2)).map(({ verdict }) => verdict.id)).toEqual([3, 2])
  expect((await repository.newest(9, ({ verdict }) => verdict.id < 2)).map(({ verdict }) => verdict.id)).toEqual([1])
  expect((await repository.get(2))?.verdict.id).toBe(2)
  expect(await repository.get(4)).toBeUndefined()
})

test('an alert that is written again replaces itself and is counted once', async () => {
  const repository = await AlertRepository.open(openMemoryStore(), LIMITS)
  await repository.put([alert(1, 0)])
  await repository.put([{ ...alert(1, 0), decisionLatencyMs: 5 }])
  expect(repository.size).toBe(1)
  expect((await repository.get(1))?.decisionLatencyMs).toBe(5)
})

test('past their count and their age the oldest alerts go, and the count survives a restart', async () => {
  const store = openMemoryStore()
  const repository = await AlertRepository.open(store, LIMITS)
  await repository.put([1, 2, 3, 4, 5].map((id) => alert(id, id * 400)))
  expect(await repository.prune(2_000)).toBe(2)
  expect((await AlertRepository.open(store, LIMITS)).size).toBe(3)
  expect(await repository.prune(2_601)).toBe(2)
  expect((await repository.newest(9)).map(({ verdict }) => verdict.id)).toEqual([5])
})

test('the mode is unknown until an operator sets it', async () => {
  const store = openMemoryStore()
  expect(await loadMode(store)).toBeUndefined()
  await saveMode(store, 'enforce')
  expect(await loadMode(store)).toBe('enforce')
})

test('numbers continue after a clean end, and never repeat after a crash', async () => {
  const store = openMemoryStore()
  const first = await IdCounter.open(store, fail)
  expect([first.take(), first.take()]).toEqual([1, 2])
  await first.close()
  const second = await IdCounter.open(store, fail)
  const taken = Array.from({ length: 100 }, () => second.take())
  expect(taken[0]).toBe(3)
  const afterCrash = await IdCounter.open(store, fail)
  expect(afterCrash.take()).toBeGreaterThan(taken.at(-1)!)
})

test('a failed reservation of numbers is reported', async () => {
  const errors: unknown[] = []
  const memory = openMemoryStore()
  const counter = await IdCounter.open(memory, (error) => errors.push(error))
  await memory.close()
  for (let count = 0; count < 600; count++) counter.take()
  await counter.close().catch(() => undefined)
  expect(errors).toHaveLength(1)
})

test('the journal chains its entries, across restarts too', async () => {
  const store = openMemoryStore()
  const journal = await AuditJournal.open(store, 10)
  const [a, b] = await Promise.all([journal.append(entry('a')), journal.append(entry('b'))])
  const c = await (await AuditJournal.open(store, 10)).append(entry('c'))
  expect([b.previousHash, c.previousHash]).toEqual([a.hash, b.hash])
  const reopened = await AuditJournal.open(store, 10)
  expect(await reopened.verify()).toEqual({ ok: true, entries: 3, head: c.hash })
})

test('an entry that was changed or removed breaks the chain at its number', async () => {
  const store = openMemoryStore()
  const journal = await AuditJournal.open(store, 10)
  for (const name of ['a', 'b', 'c', 'd']) await journal.append(entry(name))
  await rewrite(store, 2, (text) => text.replace('"b"', '"x"'))
  expect(await journal.verify()).toMatchObject({ ok: false, brokenAt: 2 })
  await rewrite(store, 2, (text) => text.replace('"x"', '"b"'))
  expect(await journal.verify()).toMatchObject({ ok: true })
  await store.write([{ type: 'del', key: keyOf(3) }], { durable: true })
  expect(await journal.verify()).toMatchObject({ ok: false, brokenAt: 4 })
  await store.write([{ type: 'del', key: keyOf(4) }], { durable: true })
  expect(await journal.verify()).toMatchObject({ ok: false, reason: 'the newest entry is missing' })
})

test('past its limit the oldest entries go and the rest still verifies', async () => {
  const store = openMemoryStore()
  const journal = await AuditJournal.open(store, 3)
  for (const name of ['a', 'b', 'c', 'd', 'e']) await journal.append(entry(name))
  const numbers: number[] = []
  for await (const { number } of journal.entries()) numbers.push(number)
  expect(numbers).toEqual([3, 4, 5])
  expect(await journal.verify()).toMatchObject({ ok: true, entries: 3 })
})

test('an entry that could not be written leaves no gap in the chain', async () => {
  const memory = openMemoryStore()
  let isFull = false
  const journal = await AuditJournal.open({
    ...memory,
    write: (changes, options) => (isFull ? Promise.reject(new Error('disk full')) : memory.write(changes, options)),
  }, 10)
  await journal.append(entry('a'))
  isFull = true
  await expect(journal.append(entry('b'))).rejects.toThrow('disk full')
  isFull = false
  await journal.append(entry('c'))
  expect(await journal.verify()).toMatchObject({ ok: true, entries: 2 })
})

function decision(id: number): ActiveDecision {
  return {
    id, origin: 'phantommesh', type: 'ban', scope: 'Ip', value: `192.0.2.${id % 256}`, scenario: 'phantommesh/scan', simulated: false,
    createdAtMs: 0, untilMs: 1_000, alertId: id, reason: '',
  }
}

function alert(id: number, decidedAtMs: number): AlertRecord {
  return {
    verdict: {
      id, category: 'scan', action: 'alert', target: '', durationMs: 0, decidedAtMs, isSimulated: false, heldBackBy: [], expectedCosts: {},
      posterior: {
        entity: { kind: 'outer-address', value: '192.0.2.7' }, category: 'scan', probability: 0.9, logOdds: 2.2, contributions: [],
        sourceVerified: true, observedAtMs: decidedAtMs, modelVersion: 'test', eventIndex: 0,
      },
    },
    flow: null,
    decisionLatencyMs: null,
    enforcement: null,
  }
}

function entry(operation: string): AuditEntry {
  return { atMs: 5, actor: 'uid=0', operation, outcome: 'done', detail: { target: '192.0.2.7' } }
}

function keyOf(number: number): string {
  return `audit/${number.toString(16).padStart(14, '0')}`
}

async function rewrite(store: KeyValueStore, number: number, change: (text: string) => string): Promise<void> {
  const text = new TextDecoder().decode(await store.get(keyOf(number)))
  await store.write([{ type: 'put', key: keyOf(number), value: new TextEncoder().encode(change(text)) }], { durable: true })
}

function fail(error: unknown): never {
  throw error
}
