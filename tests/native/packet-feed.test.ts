// Goal: packets that another library captured reach the meter in order and whole, or are counted as dropped.
// Method: native/test/packet_feed_test.cc, with sanitizers, one thread and two.
import { afterAll, expect, test } from 'vitest'
import { compileNative } from './native-program.ts'

const programs = compileNative(['packet_feed', 'decode', 'decode_transport'])
afterAll(() => programs.remove())

test('the feed keeps order and octets, and counts what finds no room', { timeout: 300_000 }, async () => {
  const { held, failed } = await programs.run('packet_feed_test')
  expect(failed).toEqual([])
  expect(held).toBe(4)
})
