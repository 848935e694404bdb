import { expect, test } from 'vitest'
import type { KeyRange, KeyValueStore, StoreChange } from '../../agent/kit/index.ts'

/** What every KeyValueStore keeps to; `open` gives an empty one. */
export function keyValueStoreContract(name: string, open: () => Promise<KeyValueStore>): void {
  const withStore = async (body: (store: KeyValueStore) => Promise<void>): Promise<void> => {
    const store = await open()
    try {
      await body(store)
    } finally {
      await store.close()
    }
  }

  test(`${name}: what was written is read back, and a missing key is undefined`, () => withStore(async (store) => {
    await store.write([put('a', 1)], { durable: true })
    expect(await octets(store, 'a')).toEqual([1])
    expect(await store.get('b')).toBeUndefined()
  }))

  test(`${name}: changes of one write apply in their order`, () => withStore(async (store) => {
    await store.write([put('a', 1), { type: 'del', key: 'a' }, put('b', 2), put('b', 3)], { durable: false })
    expect(await store.get('a')).toBeUndefined()
    expect(await octets(store, 'b')).toEqual([3])
  }))

  test(`${name}: a write without changes does nothing`, () => withStore(async (store) => {
    await store.write([], { durable: true })
    expect(await listed(store, { from: 'a', to: 'z' })).toEqual([])
  }))

  test(`${name}: a range holds its lower end, not its upper, in key order, up to the limit`, () => withStore(async (store) => {
    await store.write(['d', 'b', 'a', 'c'].map((key, index) => put(key, index)), { durable: false })
    expect(await listed(store, { from: 'b', to: 'd' })).toEqual(['b', 'c'])
    expect(await listed(store, { from: 'a', to: 'z', limit: 3 })).toEqual(['a', 'b', 'c'])
    expect(await listed(store, { from: 'a', to: 'z', limit: 0 })).toEqual([])
    expect(await listed(store, { from: 'd', to: 'b' })).toEqual([])
    expect(await listed(store, { from: 'a', to: 'd', limit: 2, reverse: true })).toEqual(['c', 'b'])
  }))

  test(`${name}: keys sort by their UTF-8 bytes, prefixes first`, () => withStore(async (store) => {
    // U+FF5E sorts before U+1F600 in UTF-8, behind it in UTF-16.
    const keys = ['a', 'aa', 'b', '\u00e9', '\uff5e', '\u{1f600}']
    await store.write([...keys].reverse().map((key) => put(key, 0)), { durable: false })
    expect(await listed(store, { from: 'a', to: '\u{10ffff}' })).toEqual(keys)
  }))

  test(`${name}: a range that is being read does not see later writes`, () => withStore(async (store) => {
    await store.write([put('a', 1), put('b', 2)], { durable: false })
    const seen: string[] = []
    for await (const [key] of store.entries({ from: 'a', to: 'z' })) {
      seen.push(key)
      await store.write([{ type: 'del', key: 'b' }, put('c', 3)], { durable: false })
    }
    expect(seen).toEqual(['a', 'b'])
  }))

  test(`${name}: the caller may reuse its bytes, before and after`, () => withStore(async (store) => {
    const value = Uint8Array.of(1)
    await store.write([{ type: 'put', key: 'a', value }], { durable: false })
    value[0] = 9
    const read = await store.get('a')
    read![0] = 8
    expect(await octets(store, 'a')).toEqual([1])
  }))

  test(`${name}: a closed store refuses, and closing twice is allowed`, async () => {
    const store = await open()
    await store.close()
    await store.close()
    await expect(store.get('a')).rejects.toThrow(/closed|not open/)
    await expect(store.write([put('a', 1)], { durable: false })).rejects.toThrow(/closed|not open/)
  })
}

function put(key: string, octet: number): StoreChange {
  return { type: 'put', key, value: Uint8Array.of(octet) }
}

async function octets(store: KeyValueStore, key: string): Promise<number[] | undefined> {
  const value = await store.get(key)
  return value === undefined ? undefined : [...value]
}

async function listed(store: KeyValueStore, range: KeyRange): Promise<string[]> {
  const keys: string[] = []
  for await (const [key] of store.entries(range)) keys.push(key)
  return keys
}
