/** EDGE. The store on disk: LevelDB through `level`, one process at a time, with a schema version. */
import { mkdirSync } from 'node:fs'
import { Level } from 'level'
import type { KeyRange, KeyValueStore, StoreChange } from '../kit/index.ts'
import { StorageError } from './errors.ts'
import { migrations as shippedMigrations, SCHEMA_KEY } from './migrations.ts'
import type { Migration } from './migrations.ts'

type Database = Level<string, Uint8Array>

/**
 * Opens the store in `directory`, which is made (mode 0700) where it is missing.
 * A store of an older schema is migrated step by step, each step atomic together with its new version number.
 *
 * @throws StorageError: used by another process, written by a newer version, or not usable
 */
export async function openLevelStore(directory: string, migrations: readonly Migration[] = shippedMigrations): Promise<KeyValueStore> {
  const database = await openDatabase(directory)
  const store = storeOn(database)
  try {
    await migrate(store, directory, migrations)
  } catch (error) {
    await database.close()
    throw error
  }
  return store
}

async function openDatabase(directory: string): Promise<Database> {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 })
    const database: Database = new Level(directory, { keyEncoding: 'utf8', valueEncoding: 'view' })
    await database.open()
    return database
  } catch (error) {
    throw explain(error, directory)
  }
}

function storeOn(database: Database): KeyValueStore {
  return {
    get: (key) => database.get(key),
    async write(changes: readonly StoreChange[], { durable }) {
      const operations = changes.map((change) => ({ ...change }))
      // `sync` belongs to classic-level, which `level` is on Node; the types of `level` also cover browsers and leave it out.
      const options: { sync: boolean } = { sync: durable }
      await database.batch(operations, options)
    },
    async *entries({ from, to, limit, reverse = false }: KeyRange) {
      if (limit !== undefined && limit <= 0) return
      yield* database.iterator({ gte: from, lt: to, reverse, ...(limit === undefined || limit === Infinity ? {} : { limit }) })
    },
    close: () => database.close(),
  }
}

async function migrate(store: KeyValueStore, directory: string, migrations: readonly Migration[]): Promise<void> {
  const written = await store.get(SCHEMA_KEY)
  const version = written === undefined ? 0 : Number(new TextDecoder().decode(written))
  if (!Number.isSafeInteger(version) || version < 0) throw unusable(directory, 'its schema version cannot be read')
  if (version > migrations.length) {
    throw new StorageError({ code: 'STORAGE_NEWER', directory, version, supported: migrations.length },
      `${directory}: the store has schema ${version}; this version of the agent knows ${migrations.length}. ` +
      'Start the newer agent again, or move the directory away to begin afresh.')
  }
  for (const [index, migration] of migrations.entries()) {
    if (index < version) continue
    const changes = await migration(store)
    const stamp: StoreChange = { type: 'put', key: SCHEMA_KEY, value: new TextEncoder().encode(String(index + 1)) }
    await store.write([...changes, stamp], { durable: true })
  }
}

function explain(error: unknown, directory: string): StorageError {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  if (cause instanceof Error && 'code' in cause && cause.code === 'LEVEL_LOCKED') {
    const message = `${directory}: another instance uses this state directory. Stop it, or name another one (paths.state, --state).`
    return new StorageError({ code: 'STORAGE_IN_USE', directory }, message, { cause: error })
  }
  return unusable(directory, cause instanceof Error ? cause.message : String(cause), error)
}

function unusable(directory: string, reason: string, cause?: unknown): StorageError {
  return new StorageError({ code: 'STORAGE_UNUSABLE', directory, reason }, `${directory}: the store cannot be opened: ${reason}`, { cause })
}
