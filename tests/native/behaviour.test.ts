// Goal: the rules of native/test hold with the address and undefined-behaviour sanitizers watching.
// Method: each file there is a program of its own; it prints its seed, and PHANTOMMESH_SEED repeats a run.
import { expect, test } from 'vitest'
import { runNativeTest } from './native-program.ts'

test.each([
  'contacts_test', 'tables_test', 'events_test', 'flow_detail_test', 'flow_context_test', 'flow_metadata_test',
])('%s', { timeout: 300_000 }, async (name) => {
  const { held, failed } = await runNativeTest(name)
  expect(failed).toEqual([])
  expect(held).toBeGreaterThan(0)
})
