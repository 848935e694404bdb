// Goal: the parsers of native/src/metadata say what their RFCs say, cut anywhere too, and take next to no random bytes for theirs.
// Method: the programs of native/test under the sanitizers; PHANTOMMESH_SEED repeats a run.
import { afterAll, expect, test } from 'vitest'
import { compileNative } from './native-program.ts'

const programs = compileNative([
  'dns_message', 'ssh_packet', 'http_start', 'ftp_line', 'smtp_line', 'icmp_echo', 'wireguard_message', 'openvpn_message', 'ike_message',
  'text_measures',
].map((name) => `metadata/${name}`))
afterAll(() => programs.remove())

test.each(['dns_test', 'lines_test', 'vpn_test', 'name_memory_test'])('%s', { timeout: 300_000 }, async (name) => {
  const { held, failed } = await programs.run(name)
  expect(failed).toEqual([])
  expect(held).toBeGreaterThan(0)
})
