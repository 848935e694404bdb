// Goal: every flow that nDPI finds in its own captures is among the meter's: the same ends, the same packets each way.
// Method: the captures of the nDPI suite whose flows account for all their packets, without timeouts, as nDPI reads them; what differs
// is listed with its reason in bench/meter-peers/differences.ts.
import { expect, test } from 'vitest'
import { TIMERS, compareCapture } from '../../bench/meter-peers/compare.ts'
import { DIFFERENCES } from '../../bench/meter-peers/differences.ts'
import { peerFolder, readPeer } from '../../bench/meter-peers/peer-flows.ts'

const captures = readPeer('ndpi').filter((each) => each.isWhole)

test.skipIf(captures.length > 0)(`no captures under ${peerFolder('ndpi')}: the comparison with nDPI is left out`, () => {
  expect(captures).toEqual([])
})

test.each(captures)('$name: every flow of nDPI is found, or the difference is known', async (capture) => {
  const { missing } = await compareCapture(capture, TIMERS.ndpi)
  expect(missing).toHaveLength(DIFFERENCES.ndpi[capture.name]?.missing ?? 0)
})

test.skipIf(captures.length === 0)('in 99 of 100 captures every flow is found', () => {
  const known = captures.filter((each) => DIFFERENCES.ndpi[each.name] !== undefined)
  expect(known).toHaveLength(Object.keys(DIFFERENCES.ndpi).length)
  expect(1 - known.length / captures.length).toBeGreaterThan(0.99)
})
