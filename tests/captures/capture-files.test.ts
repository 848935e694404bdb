// Goal: what is written is read again octet for octet, every dialect of capture files is read, and a broken file says where it breaks.
// Method: fast-check draws packets; files of other dialects are made octet by octet; broken ones are cut and spoiled.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { CaptureFileError, readCapture, writeCapture } from '../../scripts/captures/index.ts'
import type { CapturedPacket } from '../../scripts/captures/index.ts'
import { block, frames, pcap, tcp } from '../capture/make-capture.ts'
import { openCaptureFiles } from '../../agent/capture/native-source.ts'
import { wholePackets } from './packets.ts'

let folder: string

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'phantommesh-'))
})

afterAll(() => rmSync(folder, { recursive: true }))

const SOME = frames([0, tcp({ from: '10.0.0.1:1', to: '10.0.0.2:2' })], [1.5, tcp({ from: '10.0.0.2:2', to: '10.0.0.1:1', payload: 9 })])
const EXPECTED = SOME.map(({ atMs, bytes }) => ({
  atNs: BigInt(atMs * 1000) * 1000n, linkType: 1, bytes, lengthOnWire: bytes.length,
}))

test.each(['plain.pcap', 'packed.pcap.gz'])('what is written to %s is read again, to the nanosecond', (name) => {
  const packets = fc.array(wholePackets.map(({ packet }) => ({ ...packet, linkType: 1, lengthOnWire: packet.lengthOnWire + 7 })))
  fc.assert(fc.property(packets, (written) => {
    const file = path.join(folder, name)
    expect(writeCapture(file, written)).toBe(written.length)
    expect([...readCapture(file)]).toEqual(written)
  }), { numRuns: 30 })
})

test('the agent reads what is written', async () => {
  const file = path.join(folder, 'agent.pcap.gz')
  writeCapture(file, EXPECTED)
  const source = openCaptureFiles([file])
  while (await source.next() !== undefined);
  expect(source.counters().packets).toBe(2)
  await source.close()
})

test.each([
  ['little-endian', {}], ['big-endian', { isBigEndian: true }],
  ['nanoseconds', { isNano: true }], ['big-endian with nanoseconds', { isBigEndian: true, isNano: true }],
])('pcap, %s', (_, options) => {
  expect(read(pcap(SOME, options))).toEqual(EXPECTED)
  expect(read(gzipSync(pcap(SOME, options)))).toEqual(EXPECTED)
})

test('a packet cut by the capture keeps its length on the wire', () => {
  expect(read(pcap(SOME, { snapLength: 30 })).map(({ bytes, lengthOnWire }) => [bytes.length, lengthOnWire])).toEqual([[30, 54], [30, 63]])
})

test('pcapng: each packet has link type and clock of its interface, and a new section forgets the old ones', () => {
  const file = Buffer.concat([
    sectionHeader(), interfaceBlock(1), interfaceBlock(101, [9, 9]), enhanced(0, 1_700_000_000_000_000n, 5),
    enhanced(1, 1_700_000_000_123_456_789n, 6),
    block(5, Buffer.alloc(20)), sectionHeader(), interfaceBlock(113, [9, 0x80 | 1]), enhanced(0, 7n, 3), simple(4),
  ])
  expect(read(file).map(({ atNs, linkType, bytes, lengthOnWire }) => [atNs, linkType, bytes.length, lengthOnWire])).toEqual([
    [1_700_000_000_000_000_000n, 1, 5, 105], [1_700_000_000_123_456_789n, 101, 6, 106],
    [3_500_000_000n, 113, 3, 103], [3_500_000_000n, 113, 4, 4],
  ])
})

test.each<Broken>([
  { what: 'an empty file', content: Buffer.alloc(0), offset: 0, reason: 'too short' },
  { what: 'a text', offset: 0, reason: 'neither pcap nor pcapng',
    content: Buffer.from('captures:\n  - id: no capture at all\n') },
  { what: 'a cut packet', content: pcap(SOME).subarray(0, -1), offset: 24 + 16 + 54, reason: 'a packet is cut' },
  { what: 'a cut packet header', offset: 24 + 16 + 54, reason: 'a packet header is cut',
    content: pcap(SOME).subarray(0, 24 + 16 + 54 + 5) },
  { what: 'a packet of a gigabyte', offset: 24, reason: 'claims 1073741824 octets',
    content: spoiled(pcap(SOME), 24 + 8, 1 << 30) },
  { what: 'a cut gzip', offset: gzipSync(pcap(SOME)).length - 9, reason: 'gzip is broken',
    content: gzipSync(pcap(SOME)).subarray(0, -9) },
  { what: 'a cut block', offset: 28, reason: 'a block is cut',
    content: Buffer.concat([sectionHeader(), interfaceBlock(1).subarray(0, -3)]) },
  { what: 'a block of no length', offset: 28, reason: 'claims 0 octets',
    content: Buffer.concat([sectionHeader(), spoiled(interfaceBlock(1), 4, 0)]) },
  { what: 'an interface that is not there', offset: 28, reason: 'names interface 3',
    content: Buffer.concat([sectionHeader(), enhanced(3, 0n, 4)]) },
])('$what: the error names file and place', ({ content, offset, reason }) => {
  const failure = failureOf(content)
  expect(failure).toBeInstanceOf(CaptureFileError)
  expect(failure).toMatchObject({ file: path.join(folder, 'input'), offset })
  expect(failure?.message).toContain(reason)
  expect(failure?.message).toContain(path.join(folder, 'input'))
})

test('what stands before a broken place is read', () => {
  writeFileSync(path.join(folder, 'input'), pcap(SOME).subarray(0, -1))
  const packets = readCapture(path.join(folder, 'input'))
  expect(packets.next().value).toEqual(EXPECTED[0])
  expect(() => packets.next()).toThrow('a packet is cut')
})

test('any octets give packets or a CaptureFileError', () => {
  const spots = fc.array(fc.tuple(fc.integer({ min: 0, max: 200 }), fc.integer({ min: 0, max: 255 })), { maxLength: 4 })
  const contents = fc.constantFrom(pcap(SOME), Buffer.concat([sectionHeader(), interfaceBlock(1, [9, 9]), enhanced(0, 5n, 60), simple(4)]))
  fc.assert(fc.property(contents, spots, (content, changes) => {
    const bytes = Buffer.from(content)
    for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value
    const failure = failureOf(bytes)
    expect(failure === undefined || failure instanceof CaptureFileError).toBe(true)
  }), { numRuns: 500 })
})

test('link types cannot be mixed in a pcap, and times outside 1970 to 2106 are refused', () => {
  const [first] = EXPECTED
  const file = path.join(folder, 'refused.pcap')
  expect(() => writeCapture(file, [first!, { ...first!, linkType: 101 }])).toThrow('link types 1 and 101')
  expect(() => writeCapture(file, [{ ...first!, atNs: -1n }])).toThrow('1970')
  expect(() => writeCapture(file, [{ ...first!, atNs: 1n << 62n }])).toThrow('1970')
})

interface Broken {
  readonly what: string
  readonly content: Buffer
  readonly offset: number
  readonly reason: string
}

function read(content: Buffer): CapturedPacket[] {
  writeFileSync(path.join(folder, 'input'), content)
  return [...readCapture(path.join(folder, 'input'))]
}

function failureOf(content: Buffer): Error | undefined {
  try {
    read(content)
    return undefined
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error))
  }
}

function spoiled(content: Buffer, at: number, word: number): Buffer {
  const copy = Buffer.from(content)
  copy.writeUInt32LE(word, at)
  return copy
}

function sectionHeader(): Buffer {
  const body = Buffer.alloc(16, 0xff)
  body.writeUInt32LE(0x1a2b3c4d, 0)
  body.writeUInt32LE(1, 4)
  return block(0x0a0d0d0a, body)
}

/** An interface; `[code, octet]` is one option of one octet. */
function interfaceBlock(linkType: number, option?: readonly [code: number, value: number]): Buffer {
  const body = Buffer.alloc(option === undefined ? 8 : 16)
  body.writeUInt16LE(linkType, 0)
  if (option !== undefined) {
    body.writeUInt16LE(option[0], 8)
    body.writeUInt16LE(1, 10)
    body[12] = option[1]
  }
  return block(1, body)
}

/** A packet of `octets`, a hundred more on the wire. */
function enhanced(interfaceNumber: number, ticks: bigint, octets: number): Buffer {
  const body = Buffer.alloc(20 + octets)
  body.writeUInt32LE(interfaceNumber, 0)
  body.writeUInt32LE(Number(ticks >> 32n), 4)
  body.writeUInt32LE(Number(ticks & 0xffff_ffffn), 8)
  body.writeUInt32LE(octets, 12)
  body.writeUInt32LE(octets + 100, 16)
  return block(6, body)
}

function simple(octets: number): Buffer {
  const body = Buffer.alloc(4 + octets)
  body.writeUInt32LE(octets, 0)
  return block(3, body)
}
