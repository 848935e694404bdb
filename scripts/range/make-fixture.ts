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
import { cut, endsOf, readCapture, rewriteAll, writeCapture } from '../captures/index.ts'
import type { CapturedPacket } from '../captures/index.ts'
import { PLAN } from './plan.ts'

const TARGET = path.resolve(import.meta.dirname, '../../tests/fixtures/range')
const KEPT_OCTETS = 60
/** The clients' handshakes and first rush are over by then. */
const SETTLED_NS = 45_000_000_000n
const CLIP_PACKETS_MAX = 4_000
const CLIP_PACKETS_MIN = 20
/** Abuse of the gateway itself shows on its outer side; inside there is only what somebody does with a stolen key. */
const OUTER_ONLY = 'vpn-abuse'
/** Attacks of one category that are kept, those with the most packets. */
const CLIPS_A_CATEGORY = 2

const [run, seconds = '60'] = process.argv.slice(2)
if (run === undefined) throw new Error('usage: make-fixture.ts RUN [SECONDS]')
const captures = readManifests([path.join(run, 'manifest.yaml')])
const inner = captures.find(({ file }) => file.endsWith('inner.pcap.gz'))
if (inner === undefined) throw new Error(`${run} has no inner capture`)

rmSync(TARGET, { recursive: true, force: true })
mkdirSync(TARGET, { recursive: true })
writeBackground(inner, BigInt(seconds) * 1_000_000_000n)
const clips = writeClips(inner)
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

/** A few names of every category, those with the most packets. */
function writeClips(capture: LabelledCapture): Clip[] {
  const clips = gather(capture)
  const counts = new Map<string, number>()
  const written: Clip[] = []
  for (const { label, packets } of [...clips.values()].toSorted((a, b) => b.packets.length - a.packets.length)) {
    const number = (counts.get(label.category) ?? 0) + 1
    if (number > CLIPS_A_CATEGORY || packets.length < CLIP_PACKETS_MIN || label.category === OUTER_ONLY) continue
    counts.set(label.category, number)
    const id = `attack-${label.category}-${number}`
    writeCapture(path.join(TARGET, `${id}.pcap.gz`), rewriteAll(packets, cut(KEPT_OCTETS)))
    console.log(`${id}: ${packets.length} packets of ${label.address}`)
    written.push({ id, label })
  }
  return written
}

function gather({ file, labels }: LabelledCapture): Map<string, { label: Label; packets: CapturedPacket[] }> {
  const byAddress = Map.groupBy(labels, ({ address }) => address)
  const found = new Map<string, { label: Label; packets: CapturedPacket[] }>()
  for (const packet of readCapture(file)) {
    const [source = '', destination = ''] = endsOf(packet) ?? []
    const label = [...byAddress.get(source) ?? [], ...byAddress.get(destination) ?? []].find((each) => isOf(each, packet))
    if (label === undefined) continue
    const key = `${label.role} ${label.address} ${label.category}`
    const clip = found.get(key) ?? { label, packets: [] }
    found.set(key, clip)
    // A copy: a view would keep the whole capture in memory.
    if (clip.packets.length < CLIP_PACKETS_MAX) clip.packets.push({ ...packet, bytes: Buffer.from(packet.bytes.subarray(0, KEPT_OCTETS)) })
  }
  return found
}

function isOf({ address, peer, fromMs, toMs, role }: Label, packet: CapturedPacket): boolean {
  const atMs = Number(packet.atNs / 1_000n) / 1_000
  if (atMs < fromMs || atMs > toMs) return false
  const ends = endsOf(packet)
  if (ends === undefined) return false
  const isEnd = role === 'victim' ? ends[1] === address : ends.includes(address)
  return isEnd && (peer === undefined || ends.includes(peer))
}

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
