import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { CaptureFileError, PACKET_OCTETS_MAX } from './captured-packet.ts'
import type { CapturedPacket } from './captured-packet.ts'
import { PCAPNG_MAGIC, readPcapng } from './read-pcapng.ts'

/** Files are read whole, because a merge looks at two at once and tests at the same one many times; more than this is refused. */
const FILE_OCTETS_MAX = 1 << 30

const FILE_HEADER = 24
const PACKET_HEADER = 16
const GZIP_MAGIC = 0x1f8b
/** Nanoseconds of one unit of a classic pcap's fraction of a second, by magic. */
const FRACTION_NS = new Map([[0xa1b2c3d4, 1000n], [0xa1b23c4d, 1n]])

/**
 * The packets of a pcap (either byte order, micro- or nanoseconds) or pcapng file, or one of them in gzip, in the order of the file.
 *
 * Throws CaptureFileError, once everything before the broken place was delivered; the system's error where the file cannot be opened.
 */
export function* readCapture(file: string): Generator<CapturedPacket> {
  const content = unpacked(file, readFileSync(file))
  if (content.length >= 4 && content.readUInt32LE(0) === PCAPNG_MAGIC) yield* readPcapng(file, content)
  else yield* readPcap(file, content)
}

function unpacked(file: string, content: Buffer): Buffer {
  if (content.length < 2 || content.readUInt16BE(0) !== GZIP_MAGIC) return content
  try {
    return gunzipSync(content, { maxOutputLength: FILE_OCTETS_MAX })
  } catch (error) {
    throw new CaptureFileError(file, content.length, `its gzip is broken: ${error instanceof Error ? error.message : String(error)}`)
  }
}

function* readPcap(file: string, content: Buffer): Generator<CapturedPacket> {
  if (content.length < FILE_HEADER) throw new CaptureFileError(file, content.length, 'too short for a capture')
  const isLittle = FRACTION_NS.has(content.readUInt32LE(0))
  const word = (at: number): number => (isLittle ? content.readUInt32LE(at) : content.readUInt32BE(at))
  const fractionNs = FRACTION_NS.get(word(0))
  if (fractionNs === undefined) throw new CaptureFileError(file, 0, 'neither pcap nor pcapng')
  // The upper half tells the length of a frame check sequence.
  const linkType = word(20) & 0xffff
  for (let at = FILE_HEADER; at < content.length;) {
    if (at + PACKET_HEADER > content.length) throw new CaptureFileError(file, at, 'a packet header is cut')
    const captured = word(at + 8)
    if (captured > PACKET_OCTETS_MAX) throw new CaptureFileError(file, at, `a packet claims ${captured} octets`)
    const start = at + PACKET_HEADER
    if (start + captured > content.length) throw new CaptureFileError(file, at, 'a packet is cut')
    yield {
      atNs: BigInt(word(at)) * 1_000_000_000n + BigInt(word(at + 4)) * fractionNs,
      linkType, bytes: content.subarray(start, start + captured), lengthOnWire: Math.max(captured, word(at + 12)),
    }
    at = start + captured
  }
}
