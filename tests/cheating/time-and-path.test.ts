// Goal: no verdict comes from when and where a capture was made: dates, hop counts, names of files and interfaces, unread payload.
// Method: the same packets at other dates, with other TTLs, in other files and with random payload give the same verdicts and scores.
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll } from 'vitest'
import { seededRandom } from '../../agent/kit/index.ts'
import { randomisePayload, readCapture, rewriteAll, shiftTime, shiftTtl, writeCapture } from '../../scripts/captures/index.ts'
import type { Rewrite } from '../../scripts/captures/index.ts'
import { pcapng } from '../captures/pcapng.ts'
import { Bench, demo, ruleOnEach, shared } from './bench-captures.ts'
import type { Rule } from './bench-captures.ts'
import { expectSameInputs, modelInputs } from './model-inputs.ts'
import { expectSame } from './same-verdicts.ts'

const CAPTURES = [demo, ...shared]
const DAY = 86_400

/** Whole seconds, for a fraction would change no behaviour but the rounding of times. */
const SHIFTS: readonly (readonly [name: string, seconds: number])[] = [
  ['a year later', 365 * DAY],
  ['13 h 17 min later', 13 * 3600 + 17 * 60],
  // From November into July: over a year's end, into summer time, on another day of the week.
  ['240 days later', 240 * DAY + 1],
  ['ten years earlier', -3653 * DAY],
]

let bench: Bench

beforeAll(async () => {
  bench = await Bench.open()
})

afterAll(() => bench.close())

for (const [name, seconds] of SHIFTS) {
  ruleOnEach(CAPTURES, { name: `${name} the verdicts are the same` }, async (capture) => {
    const changed = await bench.rewritten(capture, shiftTime(seconds))
    expectSame(capture, { original: await bench.original(capture), changed, backward: { shiftSeconds: seconds } })
  })
}

ruleOnEach(CAPTURES, { name: 'the same number of hops more for everybody gives the same verdicts' }, async (capture) => {
  expectSame(capture, { original: await bench.original(capture), changed: await bench.rewritten(capture, shiftTtl(() => -7)) })
})

ruleOnEach(CAPTURES, { name: 'TTLs of another operating system for each host give the same verdicts' }, async (capture) => {
  const changed = await bench.rewritten(capture, shiftTtl((source) => 37 * source.reduce((sum, octet) => sum + octet, 0)))
  expectSame(capture, { original: await bench.original(capture), changed })
})

ruleOnEach(CAPTURES, { name: 'random payload of the same length gives the same verdicts' }, async (capture) => {
  expectSame(capture, { original: await bench.original(capture), changed: await bench.rewritten(capture, randomPayload()) })
})

/**
 * Distinct peers and ports are counted in stretches that begin with the clock's minutes and hours (native/src/distinct_sketch.h), not with
 * the host's own traffic; and a share of decayed flows is there or not (1 or 0) as rounding makes one flow 1 or .9999999.
 */
const STRETCHES = 'distinct counts begin anew with each minute of the clock, and the forest reads them'
/** Which of several flows that end at one instant ends first, and so which of them a pair remembers as its last ones. */
const END_ORDER = 'the order in which the meter ends flows of one instant depends on the date'

/** What the models may see nothing of. A year is whole minutes and hours; a second is not. */
const UNSEEN: readonly (Rule & { readonly rewrite: () => Rewrite })[] = [
  { name: 'the models see nothing of the year', rewrite: () => shiftTime(365 * DAY), fails: { slowloris: END_ORDER } },
  {
    name: 'the models see nothing of where in a minute a capture began',
    rewrite: () => shiftTime(1),
    fails: {
      'demo-gateway': STRETCHES, slowloris: `${STRETCHES}; ${END_ORDER}`, 'iot-bot-scan': STRETCHES, 'rat-infected': STRETCHES,
      'amplification-snmp': STRETCHES, iodine: STRETCHES, 'ndpi-icmp-tunnel': STRETCHES, 'ndpi-bad-dns-traffic': STRETCHES,
    },
  },
  { name: 'the models see nothing of TTLs', rewrite: () => shiftTtl((source) => source.at(-1)!) },
  { name: 'the models see nothing of payload', rewrite: randomPayload },
]

for (const { rewrite, ...rule } of UNSEEN) {
  ruleOnEach(CAPTURES, rule, async (capture) => {
    const file = bench.file('features.pcap')
    writeCapture(file, rewriteAll(readCapture(capture.file), rewrite()))
    expectSameInputs(capture, await modelInputs(capture.file), await modelInputs(file))
  })
}

ruleOnEach(CAPTURES, { name: 'the same packets in a file of another name and format give the same verdicts' }, async (capture) => {
  const original = await bench.original(capture)
  const content = [...readCapture(capture.file)]
  mkdirSync(bench.file('attack'), { recursive: true })
  const files = ['attack/scan-of-the-devil.pcap', 'benign.pcap.gz', 'wlan0.pcapng', 'again.gz'].map((name) => bench.file(name))
  writeCapture(files[0]!, content)
  writeCapture(files[1]!, content)
  writeFileSync(files[2]!, pcapng('wlan0', content))
  copyFileSync(capture.file, files[3]!)
  if (!capture.file.endsWith('.gz')) writeFileSync(files[3]!, gzipSync(readFileSync(capture.file)))
  for (const file of files) expectSame(capture, { original, changed: await bench.replayFile(file) })
})

/** Always the same random octets. */
function randomPayload(): Rewrite {
  return randomisePayload(seededRandom(20_261_125))
}
