// tests/fixtures/range: a minute of ordinary traffic of a busy gateway, and attacks apart from it, small enough to be committed.
//
//   node_modules/.bin/node scripts/range/make-fixture.ts RUN [SECONDS]      (RUN: a folder that `npm run range` wrote)
//
// The background is the inner capture without everything that labels speak of; each attack is a capture of its own, with one label and
// default `unknown`. Packets keep 60 octets: headers, and next to no content.
import { mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { readManifests } from '../../agent/evaluation/index.ts'
import type { Label, LabelledCapture } from '../../agent/evaluation/index.ts'
import { LINK_TYPE, cut, endsOf, readCapture, rewriteAll, writeCapture } from '../captures/index.ts'
import type { CapturedPacket, Rewrite } from '../captures/index.ts'
import { PLAN } from './plan.ts'

const TARGET = path.resolve(import.meta.dirname, '../../tests/fixtures/range')
const KEPT_OCTETS = 60
const ETHERNET_OCTETS = 14
/** The clients' handshakes and first rush are over by then. */
const SETTLED_NS = 45_000_000_000n
const CLIP_PACKETS_MAX = 4_000
const CLIP_PACKETS_MIN = 20
/** Attacks of one category that are kept, those with the most packets. */
const CLIPS_A_CATEGORY = 2

const [run, seconds = '60'] = process.argv.slice(2)
if (run === undefined) throw new Error('usage: make-fixture.ts RUN [SECONDS]')
const captures = readManifests([path.join(run, 'manifest.yaml')])
const inner = captures.find(({ file }) => file.endsWith('inner.pcap.gz'))
const outer = captures.find(({ file }) => file.endsWith('outer.pcap.gz'))
if (inner === undefined || outer === undefined) throw new Error(`${run} has no inner and outer capture`)

rmSync(TARGET, { recursive: true, force: true })
mkdirSync(TARGET, { recursive: true })
writeBackground(inner, BigInt(seconds) * 1_000_000_000n)
const clips = writeClips([inner, outer])
writeFileSync(path.join(TARGET, 'range.yaml'), manifestOf(clips))
const octets = readdirSync(TARGET).reduce((sum, file) => sum + statSync(path.join(TARGET, file)).size, 0)
console.log(`${clips.length} attacks, ${octets} octets in ${TARGET}`)

interface Clip {
  readonly id: string
  readonly label: Label
}

function writeBackground(capture: LabelledCapture, lengthNs: bigint): void {
  let startNs: bigint | undefined
  function* ordinary(): Generator<CapturedPacket> {
    for (const packet of readCapture(capture.file)) {
      startNs ??= packet.atNs + SETTLED_NS
      if (packet.atNs > startNs + lengthNs) return
      if (packet.atNs >= startNs && !capture.labels.some((label) => isOf(label, packet))) yield packet
    }
  }
  const count = writeCapture(path.join(TARGET, 'background.pcap.gz'), rewriteAll(ordinary(), cut(KEPT_OCTETS)))
  console.log(`background: ${count} packets`)
}

/** Every name with its category once, from the capture that shows most of it; the inner one where both show the same. */
function writeClips(from: readonly LabelledCapture[]): Clip[] {
  const clips = new Map<string, { label: Label; packets: CapturedPacket[] }>()
  for (const capture of from) {
    const gathered = gather(capture)
    for (const [key, found] of gathered) if ((clips.get(key)?.packets.length ?? 0) < found.packets.length) clips.set(key, found)
  }
  const counts = new Map<string, number>()
  const written: Clip[] = []
  for (const { label, packets } of [...clips.values()].toSorted((a, b) => b.packets.length - a.packets.length)) {
    const number = (counts.get(label.category) ?? 0) + 1
    if (number > CLIPS_A_CATEGORY || packets.length < CLIP_PACKETS_MIN) continue
    counts.set(label.category, number)
    const id = `attack-${label.category}-${number}`
    writeCapture(path.join(TARGET, `${id}.pcap.gz`), rewriteAll(packets, withoutEthernet, cut(KEPT_OCTETS)))
    console.log(`${id}: ${packets.length} packets of ${label.address}`)
    written.push({ id, label })
  }
  return written
}

function gather({ file, labels }: LabelledCapture): Map<string, { label: Label; packets: CapturedPacket[] }> {
  const found = new Map<string, { label: Label; packets: CapturedPacket[] }>()
  for (const packet of readCapture(file)) {
    const label = labels.find((each) => isOf(each, packet))
    if (label === undefined) continue
    const key = `${label.role} ${label.address} ${label.category}`
    const clip = found.get(key) ?? { label, packets: [] }
    found.set(key, clip)
    if (clip.packets.length < CLIP_PACKETS_MAX) clip.packets.push(packet)
  }
  return found
}

function isOf({ address, peer, fromMs, toMs, role }: Label, packet: CapturedPacket): boolean {
  const ends = endsOf(packet)
  if (ends === undefined) return false
  const isEnd = role === 'victim' ? ends[1] === address : ends.includes(address)
  if (!isEnd || (peer !== undefined && !ends.includes(peer))) return false
  const atMs = Number(packet.atNs / 1_000n) / 1_000
  return atMs >= fromMs && atMs <= toMs
}

function withoutEthernet(packet: CapturedPacket): CapturedPacket {
  if (packet.linkType !== LINK_TYPE.ethernet) return packet
  const { bytes, lengthOnWire } = packet
  return { ...packet, linkType: LINK_TYPE.raw, bytes: bytes.subarray(ETHERNET_OCTETS), lengthOnWire: lengthOnWire - ETHERNET_OCTETS }
}
withoutEthernet satisfies Rewrite

function manifestOf(clips: readonly Clip[]): string {
  const background = [
    '  - id: background', '    file: background.pcap.gz', '    source: range-fixture',
    `    home: [${PLAN.home.map((prefix) => JSON.stringify(prefix)).join(', ')}]`, '    default: benign',
  ]
  const attacks = clips.flatMap(({ id, label }) => [
    `  - id: ${id}`, `    file: ${id}.pcap.gz`, '    source: range-fixture', '    default: unknown', '    labels:',
    `      - ${label.role}: ${JSON.stringify(label.address)}`, `        category: ${label.category}`,
  ])
  return `# Written by scripts/range/make-fixture.ts; see its head.\ncaptures:\n${[...background, ...attacks].join('\n')}\n`
}
