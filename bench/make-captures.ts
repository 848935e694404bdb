// Captures for the speed comparison: real traffic repeated under other addresses and interleaved, and a SYN flood.
//
//   node bench/make-captures.ts mixed|flood OUT.pcap
//
// mixed: the Ethernet captures of PHANTOMMESH_DATA/peers, repeated until there are enough packets. Each repetition gets its own addresses
//        and its own start within ten minutes; gaps are cut at 2 s so that files with packets years apart fit.
//        Only for speed: checksums are stale.
// flood: 3 million SYNs of 1 million 5-tuples towards one server, a microsecond apart.
import { closeSync, openSync, readFileSync, readdirSync, writeSync } from 'node:fs'
import path from 'node:path'
import { seededRandom } from '../agent/kit/index.ts'

const DATA = process.env['PHANTOMMESH_DATA'] ?? path.resolve(import.meta.dirname, '../../shared/data')
const START_US = 1_700_000_000_000_000
const SPAN_US = 600_000_000
const GAP_US_MAX = 2_000_000
const ETHERNET = 1

interface Packet {
  readonly atUs: number
  readonly bytes: Buffer
  readonly wireLength: number
}

/** Writes at least `packetsMin` packets of interleaved real traffic; says how many. */
export function makeMixed(out: string, packetsMin: number): number {
  const captures = ['ndpi', 'zeek'].flatMap((folder) => readCaptures(path.join(DATA, 'peers', folder)))
  const perRound = captures.reduce((sum, capture) => sum + capture.length, 0)
  if (perRound === 0) throw new Error(`no Ethernet captures under ${DATA}/peers`)
  const rounds = Math.ceil(packetsMin / perRound)
  const random = seededRandom(1)
  const total = perRound * rounds
  const atUs = new Float64Array(total)
  const packets: { packet: Packet; round: number }[] = []
  for (let round = 0; round < rounds; round++) {
    for (const capture of captures) {
      const start = Math.floor(random.uniform() * SPAN_US)
      for (const packet of capture) {
        atUs[packets.length] = start + packet.atUs
        packets.push({ packet, round })
      }
    }
  }
  const order = Uint32Array.from({ length: total }, (_, index) => index)
  order.sort((a, b) => atUs[a]! - atUs[b]! || a - b)
  const writer = openCapture(out)
  for (const index of order) {
    const { packet, round } = packets[index]!
    writer.write(START_US + atUs[index]!, round === 0 ? packet.bytes : readdressed(packet.bytes, round), packet.wireLength)
  }
  writer.close()
  return total
}

/** Writes `rounds` SYNs of each of `flows` 5-tuples, each round in another order. */
export function makeFlood(out: string, flows = 1_000_000, rounds = 3): number {
  const writer = openCapture(out)
  const frame = Buffer.alloc(60)
  frame.set([2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0, 0x45, 0, 0, 40, 0, 0, 0, 0, 64, 6], 0)
  frame.writeUInt32BE(0xc0a80a05, 30)
  frame.set([0x50, 2, 0xfa, 0xf0], 46)
  for (let round = 0; round < rounds; round++) {
    for (let index = 0; index < flows; index++) {
      // 314159261 is prime, so each round visits every flow once.
      const flow = Number((BigInt(index) * 314159261n + BigInt(round) * 777777n) % BigInt(flows))
      frame.writeUInt32BE(0x0b000000 + ((flow * 97) % 16_777_213), 26)
      frame.writeUInt16BE(1024 + (Math.imul(flow, 0x9e3779b1) >>> 16) % 60_000, 34)
      frame.writeUInt16BE(443, 36)
      frame.writeUInt32BE(flow, 38)
      writer.write(START_US + round * flows + index, frame, 60)
    }
  }
  writer.close()
  return flows * rounds
}

function readCaptures(folder: string): Packet[][] {
  return readdirSync(folder)
    .filter((file) => /\.(pcap|trace)$/.test(file))
    .sort()
    .map((file) => readClassicPcap(readFileSync(path.join(folder, file))))
    .filter((packets) => packets.length > 0)
}

/** Little- and big-endian classic pcap with Ethernet; anything else gives no packets. */
function readClassicPcap(file: Buffer): Packet[] {
  const magics = new Map([[0xa1b2c3d4, 1], [0xa1b23c4d, 1000]])
  if (file.length < 24) return []
  const little = magics.has(file.readUInt32LE(0))
  const read32 = (at: number): number => (little ? file.readUInt32LE(at) : file.readUInt32BE(at))
  const perUs = magics.get(read32(0))
  if (perUs === undefined || read32(20) !== ETHERNET) return []
  const packets: Packet[] = []
  let last: number | undefined
  let atUs = 0
  for (let at = 24; at + 16 <= file.length; ) {
    const captured = read32(at + 8)
    if (at + 16 + captured > file.length) break
    const stamp = read32(at) * 1e6 + read32(at + 4) / perUs
    atUs += last === undefined ? 0 : Math.min(GAP_US_MAX, Math.max(0, stamp - last))
    last = Math.max(last ?? stamp, stamp)
    if (captured >= 34) packets.push({ atUs, bytes: file.subarray(at + 16, at + 16 + captured), wireLength: read32(at + 12) })
    at += 16 + captured
  }
  return packets
}

/** The same frame under other addresses: some bits of each unicast address' upper half change with the round. */
function readdressed(frame: Buffer, round: number): Buffer {
  const copy = Buffer.from(frame)
  let at = 12
  while ([0x8100, 0x88a8].includes(copy.readUInt16BE(at)) && at + 6 < copy.length) at += 4
  const type = copy.readUInt16BE(at)
  const ip = at + 2
  if (type === 0x0800 && ip + 20 <= copy.length) [12, 16].forEach((offset) => changeAddress4(copy, ip + offset, round))
  if (type === 0x86dd && ip + 40 <= copy.length) [8, 24].forEach((offset) => changeAddress6(copy, ip + offset, round))
  return copy
}

function changeAddress4(frame: Buffer, at: number, round: number): void {
  if (frame[at]! >= 224 || frame[at] === 0) return
  const changed = frame.readUInt16BE(at) ^ (round & 0x1fff)
  const isUnicast = changed >> 8 > 0 && changed >> 8 < 224 && changed >> 8 !== 127
  frame.writeUInt16BE(isUnicast ? changed : 0x0a00 | (changed & 0xff), at)
}

function changeAddress6(frame: Buffer, at: number, round: number): void {
  if (frame[at] !== 0xff) frame.writeUInt16BE(frame.readUInt16BE(at + 4) ^ (round & 0x1fff), at + 4)
}

function openCapture(out: string): { write(atUs: number, bytes: Buffer, wireLength: number): void; close(): void } {
  const file = openSync(out, 'w')
  const buffer = Buffer.alloc(1 << 22)
  let used = 0
  const flush = (): void => {
    writeSync(file, buffer, 0, used)
    used = 0
  }
  ;[0xa1b2c3d4, 0x00040002, 0, 0, 65_535, ETHERNET].forEach((word) => (used = buffer.writeUInt32LE(word, used)))
  return {
    write(atUs, bytes, wireLength) {
      if (used + 16 + bytes.length > buffer.length) flush()
      used = buffer.writeUInt32LE(Math.floor(atUs / 1e6), used)
      used = buffer.writeUInt32LE(Math.floor(atUs % 1e6), used)
      used = buffer.writeUInt32LE(bytes.length, used)
      used = buffer.writeUInt32LE(Math.min(Math.max(wireLength, bytes.length), 65_535), used)
      used += bytes.copy(buffer, used)
    },
    close() {
      flush()
      closeSync(file)
    },
  }
}

if (import.meta.main) {
  const [, , kind, out] = process.argv
  if (out === undefined || (kind !== 'mixed' && kind !== 'flood')) {
    console.error('usage: node bench/make-captures.ts mixed|flood OUT.pcap')
    process.exit(2)
  }
  console.log(`${kind === 'mixed' ? makeMixed(out, 2_000_000) : makeFlood(out)} packets in ${out}`)
}
