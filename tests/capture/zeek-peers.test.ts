// Goal: packets and layer-3 octets of every connection are what Zeek counts.
// Method: captures of Zeek's own tests under its timers; orig_pkts, orig_ip_bytes and the answers' from its conn.log. Either side may
// be the source. What differs is listed with its reason in bench/meter-peers/differences.ts.
import { expect, test } from 'vitest'
import { TIMERS, compareCapture } from '../../bench/meter-peers/compare.ts'
import { DIFFERENCES, OTHER_OCTETS } from '../../bench/meter-peers/differences.ts'
import { peerFolder, readPeer } from '../../bench/meter-peers/peer-flows.ts'

const captures = readPeer('zeek')

test.skipIf(captures.length > 0)(`no captures under ${peerFolder('zeek')}: the comparison with Zeek is left out`, () => {
  expect(captures).toEqual([])
})

test.each(captures)('$name: every connection of Zeek is found, or the difference is known', async (capture) => {
  const { missing, otherOctets } = await compareCapture(capture, TIMERS.zeek)
  expect(missing).toHaveLength(DIFFERENCES.zeek[capture.name]?.missing ?? 0)
  expect(otherOctets).toHaveLength(OTHER_OCTETS[capture.name]?.missing ?? 0)
})

test.skipIf(captures.length === 0)('where connections account for all packets all are found, and 94 of 100 of all', () => {
  const missing = (name: string) => DIFFERENCES.zeek[name]?.missing ?? 0
  const flows = captures.reduce((total, each) => total + each.flows.length, 0)
  const known = captures.reduce((total, each) => total + missing(each.name), 0)
  expect(captures.filter((each) => each.isWhole && missing(each.name) > 0)).toEqual([])
  expect(Object.keys(DIFFERENCES.zeek).filter((name) => captures.every((each) => each.name !== name))).toEqual([])
  expect(1 - known / flows).toBeGreaterThan(0.94)
})
