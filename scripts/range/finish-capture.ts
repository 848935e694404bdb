// What tcpdump recorded becomes a capture of the corpus: interfaces of one side merged in order of time, payload cut, packed. On the
// way it is noted which labels have packets here.
import { closeSync, openSync, readSync, writeSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import type { LabelLedger } from './label-ledger.ts'

/** What a finished capture holds. */
export interface FinishedCapture {
  readonly packets: number
  readonly firstAtMs: number
  readonly lastAtMs: number
}

interface Packet {
  readonly atUs: number
  readonly lengthOnWire: number
  readonly data: Buffer
}

/** Every flow keeps this many packets whole (up to the recording's snap length): handshakes are what later versions read. */
const WHOLE_PACKETS = 12
/** Of the rest headers stay, and what a DNS question needs. */
const CUT_OCTETS = 128
/** Flows remembered; past it the memory begins anew, which keeps a few packets more. */
const FLOWS_MAX = 2_000_000
const CHUNK_OCTETS = 8 * 1024 * 1024
const HEADER_OCTETS = 24
const RECORD_OCTETS = 16
const MAGIC = 0xa1b2c3d4
const LINK = { ethernet: 1, raw: 101 } as const

/**
 * Merges recordings (pcap of one link type, little-endian, microseconds, as tcpdump writes them here) into one gzipped pcap.
 * Throws where a recording is something else.
 */
export function finishCapture(files: readonly string[], target: string, ledger: LabelLedger): FinishedCapture {
  const readers = files.map((file) => new Recorded(file))
  const linkType = readers[0]?.linkType
  if (linkType === undefined || readers.some((each) => each.linkType !== linkType)) throw new Error('recordings of different link types')
  const output = new Packed(target, linkType)
  const cutter = new PayloadCutter()
  let [packets, firstUs, lastUs] = [0, Number.POSITIVE_INFINITY, 0]
  for (;;) {
    const earliest = readers.reduce<Recorded | undefined>((best, each) => (
      each.next !== undefined && (best?.next === undefined || each.next.atUs < best.next.atUs) ? each : best), undefined)
    const packet = earliest?.next
    if (earliest === undefined || packet === undefined) break
    const network = packet.data.subarray(linkType === LINK.ethernet ? 14 : 0)
    ledger.see(network, packet.atUs / 1_000)
    output.write(packet, Math.min(packet.data.length, cutter.octetsOf(network) + packet.data.length - network.length))
    packets += 1
    firstUs = Math.min(firstUs, packet.atUs)
    lastUs = Math.max(lastUs, packet.atUs)
    earliest.advance()
  }
  output.close()
  return { packets, firstAtMs: firstUs / 1_000, lastAtMs: lastUs / 1_000 }
}

/** Decides how much of a packet stays: the first packets of a flow whole, then headers. */
class PayloadCutter {
  #seen = new Map<string, number>()

  octetsOf(network: Buffer): number {
    const key = flowKey(network)
    if (key === undefined) return CUT_OCTETS
    const count = this.#seen.get(key) ?? 0
    if (count >= WHOLE_PACKETS) return CUT_OCTETS
    if (this.#seen.size >= FLOWS_MAX) this.#seen.clear()
    this.#seen.set(key, count + 1)
    return Number.POSITIVE_INFINITY
  }
}

/** Addresses, protocol and ports, one direction; undefined for what is neither IPv4 nor IPv6. */
function flowKey(network: Buffer): string | undefined {
  const version = (network[0] ?? 0) >> 4
  if (version === 4 && network.length >= 20) {
    const transport = (network[0]! & 15) * 4
    return network.toString('latin1', 12, 20) + network.toString('latin1', 9, 10) + network.toString('latin1', transport, transport + 4)
  }
  if (version === 6 && network.length >= 40) return network.toString('latin1', 8, 44) + network.toString('latin1', 6, 7)
  return undefined
}

/** A recording, packet by packet. */
class Recorded {
  readonly linkType: number
  next: Packet | undefined
  readonly #file: string
  readonly #descriptor: number
  #buffer = Buffer.alloc(0)
  #offset = 0

  constructor(file: string) {
    this.#file = file
    this.#descriptor = openSync(file, 'r')
    if (!this.#need(HEADER_OCTETS) || this.#buffer.readUInt32LE(0) !== MAGIC) {
      throw new Error(`${file} is not a pcap of this machine's tcpdump`)
    }
    this.linkType = this.#buffer.readUInt32LE(20)
    if (this.linkType !== LINK.ethernet && this.linkType !== LINK.raw) throw new Error(`${file}: link type ${this.linkType} is new here`)
    this.#offset = HEADER_OCTETS
    this.advance()
  }

  advance(): void {
    if (!this.#need(RECORD_OCTETS)) return this.#end()
    const kept = this.#buffer.readUInt32LE(this.#offset + 8)
    if (kept > CHUNK_OCTETS) throw new Error(`${this.#file}: a packet of ${kept} octets`)
    if (!this.#need(RECORD_OCTETS + kept)) return this.#end()
    const start = this.#offset
    this.#offset += RECORD_OCTETS + kept
    this.next = {
      atUs: this.#buffer.readUInt32LE(start) * 1e6 + this.#buffer.readUInt32LE(start + 4),
      lengthOnWire: this.#buffer.readUInt32LE(start + 12),
      data: this.#buffer.subarray(start + RECORD_OCTETS, this.#offset),
    }
  }

  #end(): void {
    this.next = undefined
    closeSync(this.#descriptor)
  }

  /** Has `octets` more in the buffer, reading on where it must; false at the end of the file. */
  #need(octets: number): boolean {
    if (this.#buffer.length - this.#offset >= octets) return true
    const rest = this.#buffer.subarray(this.#offset)
    const bigger = Buffer.alloc(rest.length + CHUNK_OCTETS)
    rest.copy(bigger)
    const got = readSync(this.#descriptor, bigger, rest.length, CHUNK_OCTETS, null)
    this.#buffer = bigger.subarray(0, rest.length + got)
    this.#offset = 0
    return this.#buffer.length >= octets
  }
}

/** A gzipped pcap, one gzip member a chunk: packing needs no memory of the whole. */
class Packed {
  readonly #descriptor: number
  readonly #chunk = Buffer.alloc(CHUNK_OCTETS)
  #used = 0

  constructor(file: string, linkType: number) {
    this.#descriptor = openSync(file, 'w')
    for (const [value, at] of [[MAGIC, 0], [0x0004_0002, 4], [0, 8], [0, 12], [262_144, 16], [linkType, 20]] as const) {
      this.#chunk.writeUInt32LE(value, at)
    }
    this.#used = HEADER_OCTETS
  }

  write({ atUs, lengthOnWire, data }: Packet, octets: number): void {
    if (this.#used + RECORD_OCTETS + octets > CHUNK_OCTETS) this.#flush()
    const at = this.#used
    this.#chunk.writeUInt32LE(Math.floor(atUs / 1e6), at)
    this.#chunk.writeUInt32LE(atUs % 1e6, at + 4)
    this.#chunk.writeUInt32LE(octets, at + 8)
    this.#chunk.writeUInt32LE(lengthOnWire, at + 12)
    data.copy(this.#chunk, at + RECORD_OCTETS, 0, octets)
    this.#used += RECORD_OCTETS + octets
  }

  close(): void {
    this.#flush()
    closeSync(this.#descriptor)
  }

  #flush(): void {
    writeSync(this.#descriptor, gzipSync(this.#chunk.subarray(0, this.#used), { level: 4 }))
    this.#used = 0
  }
}
