import type { KeyValueStore, StoreChange } from '../kit/index.ts'

/** One step forward: reads the store as the former schema left it and returns the changes to the next. */
export type Migration = (store: KeyValueStore) => Promise<readonly StoreChange[]>

/** Where the schema version stands: before all keys of records, which never begin with NUL. Versions count from 1; 0 is an empty store. */
export const SCHEMA_KEY = '\u0000schema'

/**
 * Every schema there ever was, oldest first; the number of migrations is the version of this program. Entries are never changed
 * or removed once released. The first makes the empty store.
 */
export const migrations: readonly Migration[] = [async () => []]
