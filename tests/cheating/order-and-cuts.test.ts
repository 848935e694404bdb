// Goal: a capture's verdicts do not depend on what was replayed before it, and cutting packets only removes evidence.
// Method: the same captures in other orders; the same packets with a snap length of 128, 256 and 1500 octets.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { evaluateCaptures } from '../../agent/evaluation/index.ts'
import type { CaptureReport, LabelledCapture } from '../../agent/evaluation/index.ts'
import { seededRandom } from '../../agent/kit/index.ts'
import { cut, readCapture, restoreLength, rewriteAll, writeCapture } from '../../scripts/captures/index.ts'
import { Bench, clips, demo, REMARK, ruleOnEach, shared } from './bench-captures.ts'
import { expectSameCounters, modelInputs } from './model-inputs.ts'
import { expectNoMore } from './same-verdicts.ts'

const CAPTURES = [demo, ...shared]
/** Payload for the captures, all of which were cut: the shared ones at 256 octets, the demo at 96, the range's fixture at 60. */
const SEED = 11

let bench: Bench

beforeAll(async () => {
  bench = await Bench.open()
})

afterAll(() => bench.close())

test(`captures in another order give the same reports${REMARK}`, async () => {
  // The demo twice, so that there is an order even without other data.
  const captures = [...CAPTURES, { ...demo, id: 'demo-again' }]
  const straight = await reports(captures)
  const orders = [captures.toReversed(), everySecond(captures)]
  for (const order of orders) {
    const found = await reports(order)
    for (const { id } of captures) expect(found.get(id)).toEqual(straight.get(id))
  }
})

for (const octets of [128, 256, 1500]) {
  const name = `cut at ${octets} octets nobody is judged harder, and nothing is malformed`
  ruleOnEach([...CAPTURES, ...clips], { name }, async (capture) => {
    const [whole, short] = [bench.file('whole.pcap'), bench.file('cut.pcap')]
    writeCapture(whole, rewriteAll(readCapture(capture.file), restoreLength(seededRandom(SEED))))
    writeCapture(short, rewriteAll(readCapture(whole), cut(octets)))
    expectNoMore(capture, { original: await bench.replayFile(whole), changed: await bench.replayFile(short) })
    expectSameCounters(capture, await modelInputs(whole), await modelInputs(short))
  })
}

async function reports(captures: readonly LabelledCapture[]): Promise<Map<string, CaptureReport>> {
  const report = await evaluateCaptures(captures, bench.subject)
  return new Map(report.captures.map((each) => [each.id, each]))
}

/** The even places first, then the odd ones backwards. */
function everySecond(captures: readonly LabelledCapture[]): LabelledCapture[] {
  const odd = captures.filter((_, index) => index % 2 === 1)
  return [...captures.filter((_, index) => index % 2 === 0), ...odd.toReversed()]
}
