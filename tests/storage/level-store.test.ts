import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { openLevelStore, openMemoryStore, StorageError } from '../../agent/storage/index.ts'
import type { Migration } from '../../agent/storage/index.ts'
import { keyValueStoreContract } from '../contracts/key-value-store.contract.ts'

const folders: string[] = []

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

keyValueStoreContract('memory', async () => openMemoryStore())
keyValueStoreContract('level', () => openLevelStore(temporaryFolder()))

test('the directory of a store is its owner\'s alone', async () => {
  const folder = path.join(temporaryFolder(), 'deep', 'state')
  const store = await openLevelStore(folder)
  expect(statSync(folder).mode & 0o777).toBe(0o700)
  await store.close()
})

test('a second instance on one state directory is told so', async () => {
  const folder = temporaryFolder()
  const store = await openLevelStore(folder)
  const failure = await openLevelStore(folder).catch((error: unknown) => error)
  expect(failure).toMatchObject({ problem: { code: 'STORAGE_IN_USE', directory: folder } })
  expect(String(failure)).toContain('another instance uses this state directory')
  await store.close()
  await (await openLevelStore(folder)).close()
})

test('a directory that cannot be made names itself and the reason', async () => {
  const file = path.join(temporaryFolder(), 'file')
  writeFileSync(file, '')
  const failure = await openLevelStore(path.join(file, 'state')).catch((error: unknown) => error)
  expect(failure).toBeInstanceOf(StorageError)
  expect(failure).toMatchObject({ problem: { code: 'STORAGE_UNUSABLE' } })
})

test('a store of an older schema is migrated forward, each step once', async () => {
  const folder = temporaryFolder()
  const first: Migration = async () => [{ type: 'put', key: 'x', value: Uint8Array.of(1) }]
  const second: Migration = async (store) => [{ type: 'put', key: 'x', value: Uint8Array.of((await store.get('x'))![0]! + 1) }]
  await (await openLevelStore(folder, [first])).close()
  await (await openLevelStore(folder, [first, second])).close()
  const store = await openLevelStore(folder, [first, second])
  expect([...(await store.get('x'))!]).toEqual([2])
  await store.close()
})

test('a store of a newer schema is refused and left as it is', async () => {
  const folder = temporaryFolder()
  const none: Migration = async () => []
  await (await openLevelStore(folder, [none, none])).close()
  await expect(openLevelStore(folder, [none])).rejects.toMatchObject({ problem: { code: 'STORAGE_NEWER', version: 2, supported: 1 } })
  await (await openLevelStore(folder, [none, none])).close()
})

test('what was acknowledged as durable survives kill -9', async () => {
  const folder = temporaryFolder()
  const acknowledged = await killAfter(folder, 200)
  expect(acknowledged.length).toBeGreaterThanOrEqual(200)

  const store = await openLevelStore(folder)
  const kept: string[] = []
  for await (const [key] of store.entries({ from: 'record/', to: 'record0' })) kept.push(key)
  await store.close()
  expect(acknowledged.filter((key) => !kept.includes(key))).toEqual([])
  // Nothing is half there either: keys are consecutive.
  expect(kept.map((key) => Number(key.slice(7)))).toEqual(kept.map((_, index) => index))
})

/** Runs the writer, kills it with SIGKILL once `count` records were acknowledged, and returns all it said. */
async function killAfter(folder: string, count: number): Promise<string[]> {
  const writer = path.join(import.meta.dirname, 'store-writer.ts')
  const child = spawn(process.execPath, [writer, folder], { stdio: ['ignore', 'pipe', 'inherit'] })
  let said = ''
  child.stdout.on('data', (chunk: Buffer) => {
    said += chunk.toString()
    if (said.split('\n').length > count) child.kill('SIGKILL')
  })
  await new Promise((resolve) => {
    child.once('close', resolve)
  })
  return said.split('\n').slice(0, -1)
}

function temporaryFolder(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'pm-store-'))
  folders.push(folder)
  return folder
}
