// Small captures made octet by octet, so that a test can say what is in them.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import { openCaptureFiles } from '../../agent/capture/native-source.ts'
import { CaptureError } from '../../agent/capture/index.ts'
import type { MeterCounters, MeterLimits } from '../../agent/capture/index.ts'
import { createFlowNamer } from '../../agent/flows/index.ts'
import type { FlowRecord } from '../../agent/flows/index.ts'
import { parseAddress } from '../../agent/kit/index.ts'

/** TCP control bits. */
export const FIN = 1
export const SYN = 2
export const RST = 4
export const ACK = 16

export const ETHERNET = 1
export const START_MS = 1_700_000_000_000

/** One packet: the octets on the wire from the link header on, and when. */
export interface Frame {
  readonly atMs: number
  readonly bytes: Buffer
}

interface Segment {
  readonly from: string
  readonly to: string
  readonly flags?: number
  readonly sequence?: number
  readonly acknowledgement?: number
  /** Octets, or how many zeros. */
  readonly payload?: number | Buffer
  readonly window?: number
}

/** An IPv4 or IPv6 TCP segment between `address:port` ends (IPv6 as `[address]:port`). */
export function tcp({ from, to, flags = ACK, sequence = 0, acknowledgement = 0, payload = 0, window = 1024 }: Segment): Buffer {
  const header = Buffer.concat([Buffer.alloc(20), octetsOf(payload)])
  header.writeUInt16BE(portOf(from), 0)
  header.writeUInt16BE(portOf(to), 2)
  header.writeUInt32BE(sequence, 4)
  header.writeUInt32BE(acknowledgement, 8)
  header[12] = 5 << 4
  header[13] = flags
  header.writeUInt16BE(window, 14)
  return ip({ from: hostOf(from), to: hostOf(to), protocol: 6 }, header)
}

/** A UDP datagram with `payload`, or as many zeros. */
export function udp(from: string, to: string, payload: number | Buffer = 0): Buffer {
  const header = Buffer.concat([Buffer.alloc(8), octetsOf(payload)])
  header.writeUInt16BE(portOf(from), 0)
  header.writeUInt16BE(portOf(to), 2)
  header.writeUInt16BE(header.length, 4)
  return ip({ from: hostOf(from), to: hostOf(to), protocol: 17 }, header)
}

/** An ICMP message for IPv4 hosts, ICMPv6 for IPv6 hosts; errors carry `quoted`. */
export function icmp({ from, to, type, code = 0, quoted = Buffer.alloc(0) }: {
  from: string, to: string, type: number, code?: number, quoted?: Buffer
}): Buffer {
  return ip({ from, to, protocol: from.includes(':') ? 58 : 1 }, Buffer.concat([Buffer.from([type, code, 0, 0, 0, 0, 0, 0]), quoted]))
}

interface IpHeader {
  readonly from: string
  readonly to: string
  readonly protocol: number
  readonly options?: Buffer
  readonly totalLength?: number
  readonly identification?: number
  /** Flags and offset, as they stand in the IPv4 header. */
  readonly fragment?: number
  readonly ttl?: number
}

/** An IP packet, IPv4 or IPv6 by its addresses. */
export function ip(header: IpHeader, payload: Buffer): Buffer {
  return header.from.includes(':') ? ip6(header, payload) : ip4(header, payload)
}

function ip4(fields: IpHeader, payload: Buffer): Buffer {
  const { from, to, protocol, options = Buffer.alloc(0), totalLength, identification = 0, fragment = 0, ttl = 64 } = fields
  const header = Buffer.alloc(20 + options.length)
  header[0] = (4 << 4) | (header.length / 4)
  header.writeUInt16BE(totalLength ?? header.length + payload.length, 2)
  header.writeUInt16BE(identification, 4)
  header.writeUInt16BE(fragment, 6)
  header[8] = ttl
  header[9] = protocol
  header.set(octets(from).subarray(0, 4), 12)
  header.set(octets(to).subarray(0, 4), 16)
  header.set(options, 20)
  return Buffer.concat([header, payload])
}

function ip6({ from, to, protocol, totalLength, ttl = 64 }: IpHeader, payload: Buffer): Buffer {
  const header = Buffer.alloc(40)
  header[0] = 6 << 4
  header.writeUInt16BE(totalLength ?? payload.length, 4)
  header[6] = protocol
  header[7] = ttl
  header.set(octets(from), 8)
  header.set(octets(to), 24)
  return Buffer.concat([header, payload])
}

/** An Ethernet frame; `tags` are VLAN ids, outermost first. */
export function ethernet(packet: Buffer, tags: readonly number[] = []): Buffer {
  const header = Buffer.alloc(14 + 4 * tags.length)
  tags.forEach((tag, index) => {
    header.writeUInt16BE(index === 0 && tags.length > 1 ? 0x88a8 : 0x8100, 12 + 4 * index)
    header.writeUInt16BE(tag, 14 + 4 * index)
  })
  header.writeUInt16BE(packet[0]! >> 4 === 6 ? 0x86dd : 0x0800, header.length - 2)
  return Buffer.concat([header, packet])
}

/** `[milliseconds after the start, IP packet]` as Ethernet frames. */
export function frames(...packets: readonly (readonly [afterMs: number, packet: Buffer])[]): Frame[] {
  return packets.map(([afterMs, packet]) => ({ atMs: START_MS + afterMs, bytes: ethernet(packet) }))
}

interface PcapOptions {
  readonly linkType?: number
  readonly isBigEndian?: boolean
  readonly isNano?: boolean
  readonly snapLength?: number
}

/** A classic pcap file. */
export function pcap(packets: readonly Frame[], options: PcapOptions = {}): Buffer {
  const { linkType = ETHERNET, isBigEndian = false, isNano = false, snapLength = 65_535 } = options
  const write = (buffer: Buffer, value: number, offset: number) =>
    isBigEndian ? buffer.writeUInt32BE(value, offset) : buffer.writeUInt32LE(value, offset)
  const header = Buffer.alloc(24)
  write(header, isNano ? 0xa1b23c4d : 0xa1b2c3d4, 0)
  write(header, snapLength, 16)
  write(header, linkType, 20)
  return Buffer.concat([header, ...packets.flatMap(({ atMs, bytes }) => {
    const record = Buffer.alloc(16)
    write(record, Math.floor(atMs / 1000), 0)
    write(record, Math.round((atMs % 1000) * (isNano ? 1e6 : 1e3)), 4)
    write(record, Math.min(bytes.length, snapLength), 8)
    write(record, bytes.length, 12)
    return [record, bytes.subarray(0, snapLength)]
  })])
}

/** A pcapng block. */
export function block(type: number, body: Buffer): Buffer {
  const padded = Buffer.concat([body, Buffer.alloc((4 - (body.length % 4)) % 4)])
  const start = Buffer.alloc(8)
  start.writeUInt32LE(type, 0)
  start.writeUInt32LE(padded.length + 12, 4)
  return Buffer.concat([start, padded, start.subarray(4)])
}

/** A capture metered: its records in order, the counters, and what ended it early. */
export interface Metered {
  readonly records: readonly FlowRecord[]
  readonly counters: MeterCounters
  readonly error: CaptureError | undefined
}

/** Writes `bytes` to a file of its own and meters it, flow records only unless `limits` say otherwise. */
export async function meter(bytes: Buffer | readonly Buffer[], limits: Partial<MeterLimits> = {}): Promise<Metered> {
  const folder = mkdtempSync(path.join(tmpdir(), 'phantommesh-'))
  try {
    const files = (Buffer.isBuffer(bytes) ? [bytes] : bytes).map((content, index) => {
      const file = path.join(folder, `${index}.pcap`)
      writeFileSync(file, content)
      return file
    })
    return await meterFiles(files, limits)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** Meters files that exist. */
export async function meterFiles(files: readonly string[], limits: Partial<MeterLimits> = {}): Promise<Metered> {
  const source = openCaptureFiles(files, { behaviour: false, ...limits })
  const records: FlowRecord[] = []
  let error: CaptureError | undefined
  try {
    for (let batch = await source.next(); batch !== undefined; batch = await source.next()) {
      const namer = createFlowNamer(batch.layout, ['file'])
      for (let index = 0; index < batch.length; index++) records.push(namer.name(batch, index))
    }
  } catch (caught) {
    if (!(caught instanceof CaptureError)) throw caught
    error = caught
  }
  const counters = source.counters()
  await source.close()
  return { records, counters, error }
}

/** The same in gzip. */
export function gzip(bytes: Buffer): Buffer {
  return gzipSync(bytes)
}

function octetsOf(payload: number | Buffer): Buffer {
  return typeof payload === 'number' ? Buffer.alloc(payload) : payload
}

function octets(text: string): Uint8Array {
  return parseAddress(text)!.bytes
}

function hostOf(end: string): string {
  return end.slice(0, end.lastIndexOf(':')).replaceAll(/[[\]]/g, '')
}

function portOf(end: string): number {
  return Number(end.slice(end.lastIndexOf(':') + 1))
}
