// Goal: the kernel copies of each packet what its parsers need, and lets through what the operator's filter says.
// Method: native/test/snap_tail_test.cc, with sanitizers, over made packets, random octets and the captures of this machine.
import { existsSync } from 'node:fs'
import path from 'node:path'
import process from 'node:process'
import { expect, test } from 'vitest'
import { runNativeTest } from './native-program.ts'

/** The collection of captures beside the checkout, where there is one; the shipped fixtures otherwise. */
const COLLECTION = path.resolve(import.meta.dirname, '../../../shared/data')
const FIXTURES = path.resolve(import.meta.dirname, '../fixtures')

test('each packet is copied as far as its parsers need, and accepted as without the tail', { timeout: 300_000 }, async () => {
  process.env['PHANTOMMESH_CAPTURES'] = existsSync(COLLECTION) ? COLLECTION : FIXTURES
  const { held, failed } = await runNativeTest('snap_tail_test')
  expect(failed).toEqual([])
  expect(held).toBe(8)
})
