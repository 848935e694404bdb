import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { EventWriter } from '../../agent/telemetry/index.ts'
import type { EventWriterOptions } from '../../agent/telemetry/index.ts'

const folders: string[] = []

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

test('lines arrive in order, one a line, behind what the file already held', async () => {
  const file = temporaryFile()
  const first = await open({ file })
  first.write('{"a":1}')
  await first.close()
  const second = await open({ file })
  second.write('{"a":2}')
  second.write('{"a":3}')
  expect(second.waitingBytes).toBe(16)
  await second.flush()
  expect(readFileSync(file, 'utf8')).toBe('{"a":1}\n{"a":2}\n{"a":3}\n')
  expect(second.counters).toMatchObject({ lines: 2, bytes: 16, dropped: { queueFull: 0, writeFailed: 0 } })
  expect(second.waitingBytes).toBe(0)
  await second.close()
})

test('what does not fit into the queue is dropped and counted', async () => {
  const writer = await open({ queueBytesMax: 10 })
  expect([writer.write('12345'), writer.write('12345'), writer.write('123')]).toEqual([true, false, true])
  expect(writer.counters.dropped.queueFull).toBe(1)
  await writer.close()
})

test('a full chunk is written without being asked', async () => {
  const file = temporaryFile()
  const writer = await open({ file })
  for (let line = 0; line < 700; line++) writer.write('x'.repeat(99))
  await writer.close()
  expect(readFileSync(file, 'utf8')).toHaveLength(70_000)
})

test('at its size the file is rotated and the oldest goes', async () => {
  const file = temporaryFile()
  const writer = await open({ file, rotateBytes: 4, filesMax: 2 })
  for (const line of ['one', 'two', 'three', 'four']) {
    writer.write(line)
    await writer.flush()
  }
  writer.write('five')
  await writer.close()
  expect(['.1', '.2'].map((suffix) => readFileSync(file + suffix, 'utf8'))).toEqual(['five\n', 'four\n'])
  expect(existsSync(`${file}.3`)).toBe(false)
  expect(writer.counters.rotations).toBe(5)
})

test('after somebody else moved the file, reopening makes a new one and loses nothing', async () => {
  const file = temporaryFile()
  const writer = await open({ file })
  writer.write('before')
  await writer.flush()
  renameSync(file, `${file}.old`)
  writer.write('waiting')
  await writer.reopen()
  writer.write('after')
  await writer.close()
  expect(readFileSync(`${file}.old`, 'utf8')).toBe('before\nwaiting\n')
  expect(readFileSync(file, 'utf8')).toBe('after\n')
})

test('a full disk loses lines, counts them, and is told once', async () => {
  if (!existsSync('/dev/full')) return
  const troubles: unknown[] = []
  const writer = await open({ file: '/dev/full', onTrouble: (error) => troubles.push(error) })
  for (const line of ['one', 'two']) {
    writer.write(line)
    await writer.flush()
  }
  await writer.close()
  expect(writer.counters).toMatchObject({ lines: 0, dropped: { writeFailed: 2 } })
  expect(troubles).toMatchObject([{ code: 'ENOSPC' }])
})

test('a file that cannot be made fails at opening', async () => {
  await expect(open({ file: path.join(temporaryFile(), 'below', 'eve.json') })).rejects.toMatchObject({ code: 'TELEMETRY_FILE_UNWRITABLE' })
})

function open(change: Partial<EventWriterOptions> = {}): Promise<EventWriter> {
  const options = { file: temporaryFile(), queueBytesMax: 1_000_000, rotateBytes: 0, filesMax: 4, onTrouble: () => undefined }
  return EventWriter.open({ ...options, ...change })
}

function temporaryFile(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'pm-events-'))
  folders.push(folder)
  return path.join(folder, 'eve.json')
}
