// Goal: the parsers of native/src/metadata say what their RFCs say, cut anywhere too, and take next to no random bytes for theirs.
// Method: the programs of native/test under the sanitizers; PHANTOMMESH_SEED repeats a run.
import { expect, test } from 'vitest'
import { runNativeTest } from './native-program.ts'

test.each(['dns_test', 'lines_test', 'vpn_test', 'name_memory_test', 'tls_test', 'quic_test'])('%s', { timeout: 300_000 }, async (name) => {
  const { held, failed } = await runNativeTest(name)
  expect(failed).toEqual([])
  expect(held).toBeGreaterThan(0)
})
