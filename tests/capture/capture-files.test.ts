// Goal: every kind of capture file gives the same packets; a damaged one gives what is readable, and an error that names the place.
import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import process from 'node:process'
import { promisify } from 'node:util'
import { afterAll, expect, test } from 'vitest'
import { CaptureError } from '../../agent/capture/index.ts'
import { openCaptureFiles } from '../../agent/capture/native-source.ts'
import { START_MS, block, ethernet, frames, gzip, meter, pcap, tcp, udp } from './make-capture.ts'

const folder = mkdtempSync(path.join(tmpdir(), 'phantommesh-files-'))
afterAll(() => rmSync(folder, { recursive: true }))

const PACKETS = frames(
  [0, udp('10.0.0.1:1', '10.0.0.2:2', 5)],
  [250.125, udp('10.0.0.2:2', '10.0.0.1:1', 50)],
  [500, tcp({ from: '[2001:db8::1]:40000', to: '[2001:db8::2]:443', payload: 9 })],
)
const RECORDS = [
  { sourceAddress: '10.0.0.1', octetDeltaCount: 33, reverseOctetDeltaCount: 78, flowEndMilliseconds: START_MS + 250.125 },
  { sourceAddress: '2001:db8::1', octetDeltaCount: 69, ipVersion: 6, tcpState: 'midstream' },
]

test.each([
  ['pcap', pcap(PACKETS)],
  ['pcap of the other byte order', pcap(PACKETS, { isBigEndian: true })],
  ['pcap with nanoseconds', pcap(PACKETS, { isNano: true })],
  ['pcap in gzip', gzip(pcap(PACKETS))],
  ['pcap cut at 60 octets a packet', pcap(PACKETS, { snapLength: 60 })],
  ['pcapng', pcapng(6)],
  ['pcapng with nanoseconds', pcapng(9)],
  ['pcapng in gzip', gzip(pcapng(6))],
])('%s gives its packets', async (_, bytes) => {
  const { records, counters, error } = await meter(bytes)
  expect(error).toBeUndefined()
  expect(records).toMatchObject(RECORDS)
  expect(counters.packets).toBe(3)
})

test.each([
  ['raw IP', 101, (packet: Buffer) => packet],
  ['IPv4 or IPv6 alone', 228, (packet: Buffer) => packet],
  ['Linux cooked v1', 113, (packet: Buffer) => Buffer.concat([Buffer.alloc(14), etherType(packet), packet])],
  ['Linux cooked v2', 276, (packet: Buffer) => Buffer.concat([etherType(packet), Buffer.alloc(18), packet])],
  ['BSD loopback', 0, (packet: Buffer) => Buffer.concat([Buffer.from(packet[0]! >> 4 === 6 ? [30, 0, 0, 0] : [2, 0, 0, 0]), packet])],
  ['OpenBSD loopback', 108, (packet: Buffer) => Buffer.concat([Buffer.from([0, 0, 0, packet[0]! >> 4 === 6 ? 24 : 2]), packet])],
])('link type %s gives its packets', async (_, linkType, wrap) => {
  const packets = PACKETS.map(({ atMs, bytes }) => ({ atMs, bytes: wrap(bytes.subarray(14)) }))
  expect((await meter(pcap(packets, { linkType }))).records).toMatchObject(RECORDS)
})

test('Per-Packet Information gives way to the packet behind it, for the filter as well', async () => {
  const packets = PACKETS.map(({ atMs, bytes }, index) => index === 0
    ? { atMs, bytes: ppi(1, bytes) } : { atMs, bytes: ppi(101, bytes.subarray(14)) })
  const classic = pcap(packets, { linkType: 192 })
  expect((await meter(classic)).records).toMatchObject(RECORDS)
  expect((await meter(classic, { filter: 'udp and src host 10.0.0.1' })).counters).toMatchObject({ packets: 1, filteredPackets: 2 })
  const modern = Buffer.concat([section(), description(192, 6), ...packets.map(({ atMs, bytes }) => enhanced(0, atMs * 1e3, bytes))])
  expect((await meter(modern)).records).toMatchObject(RECORDS)
})

test('what Per-Packet Information does not tell, or a link type that is not known in it, is counted', async () => {
  const { atMs, bytes } = PACKETS[0]!
  const tooLong = ppi(1, bytes)
  tooLong.writeUInt16LE(tooLong.length + 1, 2)
  const packets = [ppi(1, bytes), ppi(189, bytes), ppi(1, bytes).subarray(0, 7), tooLong].map((each) => ({ atMs, bytes: each }))
  const { error, counters } = await meter(pcap(packets, { linkType: 192 }))
  expect(error).toBeUndefined()
  expect(counters).toMatchObject({ packets: 4, flows: 1, undecoded: { linkTypeUnknown: 3 } })
  const radio = await meter(pcap([packets[1]!], { linkType: 192 }))
  expect(radio.error?.problem).toMatchObject({ code: 'CAPTURE_LINK_TYPE_UNKNOWN', linkType: 189 })
})

test('interfaces of a pcapng file have link types of their own', async () => {
  const packet = udp('10.0.0.1:1', '10.0.0.2:2', 5)
  const bytes = Buffer.concat([section(), description(1, 6), description(101, 6), enhanced(0, START_MS * 1e3, ethernet(packet)),
    enhanced(1, START_MS * 1e3, packet)])
  expect((await meter(bytes)).records).toMatchObject([{ packetDeltaCount: 2 }])
})

test('of two interfaces one may have a link type that is not known; a file of nothing else is told', async () => {
  const [packet] = PACKETS
  const bytes = [section(), description(195, 6), description(1, 6), enhanced(0, 0, packet!.bytes)]
  const mixed = await meter(Buffer.concat([...bytes, enhanced(1, 0, packet!.bytes)]))
  expect(mixed.error).toBeUndefined()
  expect(mixed.counters).toMatchObject({ packets: 2, flows: 1, undecoded: { linkTypeUnknown: 1 } })
  expect((await meter(Buffer.concat(bytes))).error?.problem).toMatchObject({ code: 'CAPTURE_LINK_TYPE_UNKNOWN', linkType: 195 })
})

test('several files are one capture', async () => {
  const { records, counters } = await meter([pcap(PACKETS.slice(0, 1)), gzip(pcap(PACKETS.slice(1)))])
  expect(records).toMatchObject(RECORDS)
  expect(counters.packets).toBe(3)
})

test('a filter lets through what it says', async () => {
  const { records, counters } = await meter(pcap(PACKETS), { filter: 'udp and src host 10.0.0.1' })
  expect(records).toMatchObject([{ packetDeltaCount: 1, reversePacketDeltaCount: 0 }])
  expect(counters.packets).toBe(1)
})

const PLAIN = pcap(PACKETS)
test.each([
  ['in a packet', PLAIN.subarray(0, -1), 'CAPTURE_FILE_TRUNCATED', PLAIN.length - 16 - PACKETS[2]!.bytes.length],
  ['in a packet header', PLAIN.subarray(0, 24 + 7), 'CAPTURE_FILE_TRUNCATED', 24],
  ['in gzip', gzip(PLAIN).subarray(0, -20), 'CAPTURE_FILE_TRUNCATED', expect.any(Number)],
  ['in a block', pcapng(6).subarray(0, -3), 'CAPTURE_FILE_TRUNCATED', expect.any(Number)],
])('a file cut %s gives what stands before, then its name and the place', async (...damage) => {
  const [, bytes, code, offset] = damage
  const { counters, error } = await meter(bytes)
  expect(error).toBeInstanceOf(CaptureError)
  expect(error?.problem).toMatchObject({ code, offset, place: expect.stringContaining('0.pcap') })
  expect(counters.packets).toBeLessThan(3)
})

test('a gzip stream that lacks only its checksum gives every packet, and is cut all the same', async () => {
  const { counters, error } = await meter(gzip(PLAIN).subarray(0, -3))
  expect(error?.problem).toMatchObject({ code: 'CAPTURE_FILE_TRUNCATED', offset: PLAIN.length })
  expect(counters.packets).toBe(3)
})

test.each([
  ['a length beyond reason', damaged(PLAIN, 24 + 8, 0x7fffffff), 24],
  ['a pcapng block whose lengths differ', damaged(pcapng(6), 28 + 4, 36), 28],
  ['a pcapng packet of an interface nobody described', Buffer.concat([section(), enhanced(0, 0, PACKETS[0]!.bytes)]), 28],
])('%s is corrupt, and the place is told', async (_, bytes, offset) => {
  const { error } = await meter(bytes)
  expect(error?.problem).toMatchObject({ code: 'CAPTURE_FILE_CORRUPT', offset })
})

test.each([
  ['an empty file', Buffer.alloc(0), 'CAPTURE_FILE_FORMAT_UNKNOWN'],
  ['a text', Buffer.from('no capture at all, only a text'), 'CAPTURE_FILE_FORMAT_UNKNOWN'],
  ['a header without its end', PLAIN.subarray(0, 20), 'CAPTURE_FILE_TRUNCATED'],
  ['a link type that is not known', pcap(PACKETS, { linkType: 195 }), 'CAPTURE_LINK_TYPE_UNKNOWN'],
])('%s is refused when it is opened', async (_, bytes, code) => {
  await expect(meter(bytes)).rejects.toMatchObject({ problem: { code } })
})

test('a folder, and what is not there, are refused', () => {
  mkdirSync(path.join(folder, 'inner'))
  expect(() => openCaptureFiles([path.join(folder, 'inner')])).toThrow(/it is a directory/)
  expect(() => openCaptureFiles([path.join(folder, 'nothing')])).toThrow(/No such file/)
})

test('a filter that makes no sense is told in libpcap\'s words', async () => {
  const { error } = await meter(pcap(PACKETS), { filter: 'udp and and' })
  expect(error?.problem).toMatchObject({ code: 'CAPTURE_FILTER_INVALID', place: 'udp and and' })
})

test('a file that somebody cuts while it is read ends with an error that says so', async () => {
  const { file, source } = openLong()
  truncateSync(file, 24)
  const read = async () => {
    while (await source.next() !== undefined) { /* up to the cut */ }
  }
  await expect(read()).rejects.toMatchObject({ problem: { code: 'CAPTURE_FILE_TRUNCATED', reason: expect.stringContaining('cut it') } })
  expect(source.counters().packets).toBeLessThan(20_000)
  await source.close()
})

test.each(['all', 'one batch', 'nothing'])('a script that takes %s and forgets to close ends all the same', async (taken) => {
  const source = new URL('../../agent/capture/native-source.ts', import.meta.url)
  const file = path.join(folder, 'short.pcap')
  writeFileSync(file, PLAIN)
  const script = `import { openCaptureFiles } from '${source.href}'
    const source = openCaptureFiles(['${file}'])
    const reads = { 'all': Infinity, 'one batch': 1, 'nothing': 0 }['${taken}']
    for (let i = 0; i < reads && await source.next() !== undefined; i++);`
  const run = promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], { timeout: 20_000 })
  await expect(run).resolves.toMatchObject({ stderr: '' })
})

test('a source that is stopped reads no further and delivers what it has', async () => {
  const { source } = openLong()
  let records = (await source.next())!.length
  source.stop()
  for (let batch = await source.next(); batch !== undefined; batch = await source.next()) records += batch.length
  expect(records).toBe(source.counters().flows)
  expect(source.counters().packets).toBeLessThan(20_000)
  await source.close()
})

/** 20 000 packets through two small batches: the reader waits for the test long before the end of the file. */
function openLong() {
  const packets = Array.from({ length: 20_000 }, (_, port) => [0, udp(`10.0.0.1:${port}`, '10.0.0.2:2')] as const)
  const file = path.join(folder, 'long.pcap')
  writeFileSync(file, pcap(frames(...packets)))
  return { file, source: openCaptureFiles([file], { behaviour: false, flowsMax: 16, batches: 2, batchEvents: 64 }) }
}


/** A Per-Packet Information header with one field of four octets, before a packet of that link type. */
function ppi(linkType: number, packet: Buffer): Buffer {
  return Buffer.concat([Buffer.from([0, 0, 16, 0, linkType, 0, 0, 0, 7, 0, 4, 0, 0, 0, 0, 0]), packet])
}

function etherType(packet: Buffer): Buffer {
  return Buffer.from(packet[0]! >> 4 === 6 ? [0x86, 0xdd] : [0x08, 0x00])
}

function pcapng(decimals: number): Buffer {
  const ticksPerMs = 10 ** (decimals - 3)
  return Buffer.concat([section(), description(1, decimals), ...PACKETS.map(({ atMs, bytes }) => enhanced(0, atMs * ticksPerMs, bytes))])
}

function section(): Buffer {
  const body = Buffer.alloc(16, 0xff)
  body.writeUInt32LE(0x1a2b3c4d, 0)
  body.writeUInt32LE(1, 4)
  return block(0x0a0d0d0a, body)
}

function description(linkType: number, decimals: number): Buffer {
  return block(1, Buffer.from([linkType, 0, 0, 0, 0, 0, 4, 0, 9, 0, 1, 0, decimals, 0, 0, 0, 0, 0, 0, 0]))
}

function enhanced(interfaceNumber: number, ticks: number, bytes: Buffer): Buffer {
  const header = Buffer.alloc(20)
  header.writeUInt32LE(interfaceNumber, 0)
  header.writeUInt32LE(Math.floor(ticks / 2 ** 32), 4)
  header.writeUInt32LE(ticks % 2 ** 32, 8)
  header.writeUInt32LE(bytes.length, 12)
  header.writeUInt32LE(bytes.length, 16)
  return block(6, Buffer.concat([header, bytes]))
}

function damaged(bytes: Buffer, offset: number, value: number): Buffer {
  const copy = Buffer.from(bytes)
  copy.writeUInt32LE(value, offset)
  return copy
}
