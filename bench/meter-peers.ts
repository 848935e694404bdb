// The meter's flows beside those of nDPI and Zeek on their own captures: how many are found, and every difference with its reason.
//
//   npm run bench:meter-peers            (the captures: PHANTOMMESH_DATA, see docs/metering.md)
//
// Two settings: each peer's own timers, and the defaults of `phantomd meter`, under which flows end when the meter says so.
import { TIMERS, compareCapture, summarise } from './meter-peers/compare.ts'
import type { Comparison, Summary } from './meter-peers/compare.ts'
import { DIFFERENCES, OTHER_OCTETS } from './meter-peers/differences.ts'
import { peerFolder, readPeer } from './meter-peers/peer-flows.ts'
import type { Peer } from './meter-peers/peer-flows.ts'

const HEADER = [
  '| peer | captures | timers | captures alike | flows | found | with equal octets |',
  '|---|---|---|---|---|---|---|',
]
const percent = (part: number, whole: number) => `${part} (${((100 * part) / Math.max(1, whole)).toFixed(1)} %)`

for (const line of HEADER) console.log(line)
const explained: string[] = []
for (const peer of ['ndpi', 'zeek'] as const) {
  const captures = readPeer(peer)
  if (captures.length === 0) console.log(`| ${peer} | none under ${peerFolder(peer)} |`)
  for (const [timers, limits] of [["the peer's", TIMERS[peer]], ["the meter's", {}]] as const) {
    const comparisons: Comparison[] = []
    for (const capture of captures) comparisons.push(await compareCapture(capture, limits))
    const whole = comparisons.filter((each) => each.capture.isWhole)
    console.log(row(peer, `whole, ${timers}`, summarise(whole)))
    console.log(row(peer, `all, ${timers}`, summarise(comparisons)))
    explained.push(...comparisons.flatMap((each) => explain(peer, timers, each)))
  }
}
console.log(`\n${explained.join('\n')}`)

function row(peer: Peer, label: string, { captures, alike, flows, found, exact }: Summary): string {
  const [which, timers] = label.split(', ')
  const octets = peer === 'ndpi' ? 'layer 2 in nDPI' : percent(exact, flows)
  return `| ${peer} | ${captures} ${which} | ${timers} | ${percent(alike, captures)} | ${flows} | ${percent(found, flows)} | ${octets} |`
}

function explain(peer: Peer, timers: string, { capture, missing, otherOctets }: Comparison): string[] {
  const otherwise = capture.isWhole || peer === 'zeek' ? 'flows end by other timers' : 'the peer leaves packets of this capture out'
  const start = `- ${peer} ${capture.name}, ${timers} timers:`
  const lines: string[] = []
  if (missing.length > 0) {
    const reason = DIFFERENCES[peer][capture.name]?.reason ?? otherwise
    lines.push(`${start} ${missing.length} of ${capture.flows.length} flows: ${reason}`)
  }
  if (otherOctets.length > 0) lines.push(`${start} other octets: ${OTHER_OCTETS[capture.name]?.reason ?? 'not explained'}`)
  return lines
}
