// Goal: packets that another library captured reach the meter in order and whole, or are counted as dropped.
// Method: native/test/packet_feed_test.cc, with sanitizers, one thread and two.
import { expect, test } from 'vitest'
import { runNativeTest } from './native-program.ts'

test('the feed keeps order and octets, and counts what finds no room', { timeout: 300_000 }, async () => {
  const { held, failed } = await runNativeTest('packet_feed_test')
  expect(failed).toEqual([])
  expect(held).toBe(4)
})
