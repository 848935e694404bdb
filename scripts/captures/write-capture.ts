import { closeSync, openSync, writeSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import type { CapturedPacket } from './captured-packet.ts'

/** Nanoseconds, so that what was read is written without loss. */
const NANOSECOND_MAGIC = 0xa1b23c4d
const SNAP_LENGTH = 262_144
const BUFFER_OCTETS = 1 << 22
const PACKET_HEADER = 16
const SECONDS_MAX = 0xffff_ffffn

/**
 * Writes packets in the order given as one little-endian pcap file with nanoseconds, in gzip when the name ends in `.gz`; says how many.
 *
 * Throws RangeError for packets of different link types, which pcap cannot hold, and for times outside 1970..2106.
 */
export function writeCapture(file: string, packets: Iterable<CapturedPacket>): number {
  const writer = new CaptureWriter(file)
  try {
    for (const packet of packets) writer.write(packet)
  } finally {
    writer.close()
  }
  return writer.packets
}

/** A file that is written packet by packet and must be closed. A plain file holds 4 MB in memory; one in gzip all of itself. */
export class CaptureWriter {
  readonly #file: string
  readonly #descriptor: number
  readonly #buffer = Buffer.alloc(BUFFER_OCTETS)
  /** What goes through gzip at the end. */
  readonly #held: Buffer[] = []
  #used = 0
  #linkType: number | undefined
  #packets = 0

  constructor(file: string) {
    this.#file = file
    this.#descriptor = openSync(file, 'w')
  }

  get packets(): number {
    return this.#packets
  }

  write({ atNs, linkType, bytes, lengthOnWire }: CapturedPacket): void {
    if (this.#linkType === undefined) this.#begin(linkType)
    else if (linkType !== this.#linkType) throw new RangeError(`${this.#file}: link types ${this.#linkType} and ${linkType} in one pcap`)
    const seconds = atNs / 1_000_000_000n
    if (atNs < 0n || seconds > SECONDS_MAX) throw new RangeError(`${this.#file}: a packet's time is not between 1970 and 2106`)
    if (this.#used + PACKET_HEADER + bytes.length > this.#buffer.length) this.#flush()
    this.#append([Number(seconds), Number(atNs % 1_000_000_000n), bytes.length, lengthOnWire])
    this.#used += bytes.copy(this.#buffer, this.#used)
    this.#packets += 1
  }

  /** Without a packet the file is an empty Ethernet capture. */
  close(): void {
    if (this.#linkType === undefined) this.#begin(1)
    this.#flush()
    if (this.#held.length > 0) writeSync(this.#descriptor, gzipSync(Buffer.concat(this.#held)))
    closeSync(this.#descriptor)
  }

  #begin(linkType: number): void {
    this.#linkType = linkType
    this.#append([NANOSECOND_MAGIC, 0x0004_0002, 0, 0, SNAP_LENGTH, linkType])
  }

  #append(words: readonly number[]): void {
    for (const word of words) this.#used = this.#buffer.writeUInt32LE(word, this.#used)
  }

  #flush(): void {
    const written = this.#buffer.subarray(0, this.#used)
    if (this.#file.endsWith('.gz')) this.#held.push(Buffer.from(written))
    else writeSync(this.#descriptor, written)
    this.#used = 0
  }
}
