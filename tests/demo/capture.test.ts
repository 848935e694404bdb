// Goal: the committed capture is what its README says: small, cut, of private addresses, and labelled by what is in it.
// Method: the file is read here by itself, record by record (libpcap's format, pcap-savefile(5)), not by the meter under test.
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { gunzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { readManifests } from '../../agent/evaluation/index.ts'
import { formatAddress, parsePrefix, prefixContains } from '../../agent/kit/index.ts'
import { manifestText } from '../../scripts/demo-capture/manifest.ts'
import { PLAN } from '../../scripts/demo-capture/plan.ts'

const FOLDER = path.resolve(import.meta.dirname, '../fixtures/demo')
const FILE = path.join(FOLDER, 'gateway.pcap.gz')
const SNAP_LENGTH_OCTETS = 96
const packed = readFileSync(FILE)
const packets = readPackets(gunzipSync(packed))

test('it stays below 5 MB and holds some ten thousand packets', () => {
  expect(packed.length).toBeLessThan(5 * 1024 * 1024)
  expect(packets.length).toBeGreaterThan(30_000)
})

test('no packet keeps more than its headers and a line of what follows', () => {
  expect(packets.filter((packet) => packet.keptOctets > SNAP_LENGTH_OCTETS)).toEqual([])
})

test('every address is private or reserved for documentation', () => {
  const allowed = ['10.8.0.0/24', '198.51.100.0/24', '203.0.113.0/24', '192.0.2.0/24', '2001:db8::/32', 'fe80::/10']
  const prefixes = allowed.map((text) => parsePrefix(text)!)
  const seen = new Map(packets.flatMap(({ source, destination }) => [source, destination]).map((end) => [nameOf(end), end]))
  const strangers = [...seen].filter(([, end]) => !prefixes.some((prefix) => prefixContains(prefix, end))).map(([text]) => text)
  expect(strangers).toEqual([])
})

test('at least ten clients speak, over both versions of IP', () => {
  const clients = new Set(packets.map(({ source }) => nameOf(source)).filter((text) => text.startsWith('10.8.0.')))
  expect(clients.size).toBeGreaterThanOrEqual(10)
  expect(packets.filter(({ source }) => source.version === 6).length).toBeGreaterThan(1_000)
})

test('packets come in order of time and fill no more than five minutes', () => {
  const backward = packets.filter((packet, index) => index > 0 && packet.atMs < packets[index - 1]!.atMs)
  expect(backward.length).toBeLessThan(packets.length / 1_000)
  expect(packets.at(-1)!.atMs - packets[0]!.atMs).toBeLessThan(300_000)
})

test('each label has its packets in its window; guesses and check-ins happen nowhere else', () => {
  const [demo] = readManifests([path.join(FOLDER, 'demo.yaml')])
  const counted = demo!.labels.map((label) => {
    const between = packets.filter(({ source, destination }) => {
      const ends = [nameOf(source), nameOf(destination)]
      return ends.includes(label.address) && ends.includes(label.peer!)
    })
    const inside = between.filter(({ atMs }) => atMs >= label.fromMs && atMs <= label.toMs)
    return { category: label.category, inside: inside.length, outside: between.length - inside.length }
  })
  expect(counted).toEqual([
    { category: 'c2', inside: expect.toSatisfy((count: number) => count > 300), outside: 0 },
    { category: 'scan', inside: expect.toSatisfy((count: number) => count >= 2_000), outside: expect.any(Number) },
    { category: 'bruteforce', inside: expect.toSatisfy((count: number) => count > 1_000), outside: 0 },
  ])
})

test('the manifest that the script writes is the kind that the agent reads', () => {
  const text = manifestText([
    { category: 'scan', entity: '10.8.0.20', peer: '198.51.100.11', fromMs: 2_000, toMs: 3_000, tool: 'nmap' },
    { category: 'c2', entity: '10.8.0.15', peer: '192.0.2.99', fromMs: 1_000, toMs: 9_000, tool: 'curl' },
  ])
  expect(text.indexOf('c2')).toBeLessThan(text.indexOf('scan'))
  expect(text).toContain('to: 1970-01-01T00:00:05.000Z')
  for (const prefix of PLAN.home) expect(text).toContain(JSON.stringify(prefix))
})

interface End {
  readonly version: 4 | 6
  readonly bytes: Uint8Array
}

interface Packet {
  readonly atMs: number
  readonly keptOctets: number
  readonly source: End
  readonly destination: End
}

/** Ethernet with IPv4 or IPv6 only, little endian, microseconds: what the script writes. */
function readPackets(file: Buffer): Packet[] {
  expect(file.readUInt32LE(0)).toBe(0xa1b2c3d4)
  expect(file.readUInt32LE(20)).toBe(1)
  const found: Packet[] = []
  for (let offset = 24; offset < file.length;) {
    const keptOctets = file.readUInt32LE(offset + 8)
    const frame = file.subarray(offset + 16, offset + 16 + keptOctets)
    const version = frame.readUInt16BE(12) === 0x86dd ? 6 : 4
    const [first, length] = version === 6 ? [22, 16] : [26, 4]
    found.push({
      atMs: file.readUInt32LE(offset) * 1_000 + file.readUInt32LE(offset + 4) / 1_000,
      keptOctets,
      source: end(version, frame.subarray(first, first + length)),
      destination: end(version, frame.subarray(first + length, first + 2 * length)),
    })
    offset += 16 + keptOctets
  }
  return found
}

function nameOf({ bytes, version }: End): string {
  return formatAddress(bytes, version)
}

function end(version: 4 | 6, octets: Uint8Array): End {
  const bytes = new Uint8Array(16)
  bytes.set(octets)
  return { version, bytes }
}
