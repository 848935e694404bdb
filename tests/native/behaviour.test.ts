// Goal: the rules of native/test hold with the address and undefined-behaviour sanitizers watching.
// Method: each file there is a program of its own; it prints its seed, and PHANTOMMESH_SEED repeats a run.
import { afterAll, expect, test } from 'vitest'
import { compileNative } from './native-program.ts'

const programs = compileNative([
  'behaviour_observer', 'contact_trials', 'behaviour_snapshot', 'contact_kinds',
  'event_sink', 'fill_flow_fields', 'flow_context', 'flow_key', 'update_flow', 'decode_transport',
])
afterAll(() => programs.remove())

const LONG = { timeout: 300_000 }

test.each(['contacts_test', 'tables_test', 'events_test', 'flow_detail_test', 'flow_context_test'])('%s', LONG, async (name) => {
  const { held, failed } = await programs.run(name)
  expect(failed).toEqual([])
  expect(held).toBeGreaterThan(0)
})
