/**
 * Seeds for the fuzzers, from real captures: those of PHANTOMMESH_DATA (by default ../shared/data) where they are, else the fixtures
 * of the tests. A seed is a file whose name says where it comes from, so a second run writes the same ones again.
 */
import { copyFileSync, existsSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import process from 'node:process'
import { LINK_TYPE } from '../captures/index.ts'
import { firstPackets } from './first-packets.ts'
import { PAYLOAD_WRITERS } from './payload-seeds.ts'

const ROOT = path.resolve(import.meta.dirname, '../..')
const DATA = process.env['PHANTOMMESH_DATA'] ?? path.resolve(ROOT, '../shared/data')
const CAPTURES_MAX = 600
const PACKETS_A_SEED = 6
const FILE_OCTETS = 3_000
const SEED_OCTETS_MAX = 8_000

/** The order of `LinkType` in native/src/decode.h, as fuzz_packets and fuzz_meter take it; numbers of tcpdump.org/linktypes.html. */
const LINK_TYPES: readonly (readonly number[])[] = [
  [LINK_TYPE.ethernet], [LINK_TYPE.linuxCooked], [LINK_TYPE.linuxCooked2], [LINK_TYPE.raw, LINK_TYPE.ipv4, LINK_TYPE.ipv6],
  [LINK_TYPE.null, LINK_TYPE.loop], [9], [51], [104], [105], [127],
]

/** Writes the seeds of `target` into `folder`, and beside them what earlier runs found (files in `findings`). */
export function writeCorpus(target: string, folder: string, findings: string): void {
  if (existsSync(findings)) for (const file of readdirSync(findings)) copyFileSync(path.join(findings, file), path.join(folder, file))
  const write = WRITERS[target]
  if (write === undefined) return
  for (const capture of captures()) {
    const name = path.relative(DATA, capture).replaceAll(/[^\w.-]/g, '_')
    for (const [index, seed] of write(capture).entries()) {
      if (seed.length <= SEED_OCTETS_MAX) writeFileSync(path.join(folder, `${name}-${index}`), seed)
    }
  }
}

type Writer = (capture: string) => Buffer[]

const WRITERS: Readonly<Record<string, Writer>> = {
  fuzz_capture_file: (capture) => [readFileSync(capture).subarray(0, FILE_OCTETS)],
  fuzz_packets: packetSeeds,
  fuzz_meter: packetSeeds,
  ...PAYLOAD_WRITERS,
}

function captures(): string[] {
  const folder = existsSync(DATA) ? DATA : path.join(ROOT, 'tests', 'fixtures')
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.pcap(ng)?(\.gz)?$/.test(file)).map((file) => path.join(folder, file))
    .toSorted((a, b) => statSync(a).size - statSync(b).size).slice(0, CAPTURES_MAX)
}

/** As fuzz_packets.cc takes them: link type, then for each packet a step of time, its length, its octets. */
function packetSeeds(capture: string): Buffer[] {
  const packets = firstPackets(capture)
  const linkType = LINK_TYPES.findIndex((numbers) => numbers.includes(packets[0]?.linkType ?? -1))
  if (linkType < 0) return []
  return chunks(packets, PACKETS_A_SEED).map((some) => Buffer.concat([
    Buffer.from([linkType]),
    ...some.map(({ bytes }) => Buffer.concat([Buffer.from([2, bytes.length >> 8, bytes.length & 0xff]), bytes])),
  ]))
}

function chunks<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) => items.slice(index * size, (index + 1) * size))
}
