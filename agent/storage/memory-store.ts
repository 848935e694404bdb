import type { KeyRange, KeyValueStore, StoreChange } from '../kit/index.ts'
import { StorageError } from './errors.ts'

/** A store that forgets everything when it closes: for `replay` without a state directory, tests and simulations. */
export function openMemoryStore(): KeyValueStore {
  const values = new Map<string, Uint8Array>()
  let isOpen = true
  const assertOpen = (): void => {
    if (!isOpen) throw new StorageError({ code: 'STORAGE_CLOSED' }, 'The store is closed.')
  }

  return {
    async get(key) {
      assertOpen()
      return values.get(key)?.slice()
    },
    async write(changes: readonly StoreChange[]) {
      assertOpen()
      for (const change of changes) {
        if (change.type === 'put') values.set(change.key, change.value.slice())
        else values.delete(change.key)
      }
    },
    async *entries({ from, to, limit = Infinity, reverse = false }: KeyRange) {
      assertOpen()
      const keys = [...values.keys()].filter((key) => compareKeys(key, from) >= 0 && compareKeys(key, to) < 0).sort(compareKeys)
      if (reverse) keys.reverse()
      // A snapshot, as level gives it: what is written meanwhile is not seen.
      const snapshot = keys.slice(0, limit).map((key) => [key, values.get(key)!.slice()] as const)
      yield* snapshot
    },
    async close() {
      isOpen = false
      values.clear()
    },
  }
}

/** Compares by UTF-8 bytes, which is the order of code points, not of UTF-16 units. */
function compareKeys(a: string, b: string): number {
  if (a === b) return 0
  const left = Array.from(a, (character) => character.codePointAt(0)!)
  const right = Array.from(b, (character) => character.codePointAt(0)!)
  const index = left.findIndex((point, position) => point !== right[position])
  if (index < 0) return left.length - right.length
  return left[index]! - (right[index] ?? -1)
}
