import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterAll, expect, test } from 'vitest'
import { parseManifest } from '../../agent/evaluation/parse-manifest.ts'
import { finishCapture } from '../../scripts/range/finish-capture.ts'
import { LabelLedger } from '../../scripts/range/label-ledger.ts'
import { manifestText } from '../../scripts/range/manifest.ts'
import type { Truth } from '../../scripts/range/scene.ts'
import { tcp } from '../capture/make-capture.ts'

const folder = mkdtempSync(path.join(tmpdir(), 'pm-range-test-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const START_S = 1_700_000_000
const ATTACKER = '10.8.0.9'
const TARGET = '198.18.2.10'

test('recordings of one side are merged in order of time', () => {
  const one = recording('one', [1, 3, 5].map((second) => ({ second, data: packet(ATTACKER, TARGET) })))
  const two = recording('two', [2, 4].map((second) => ({ second, data: packet(TARGET, ATTACKER) })))
  const target = path.join(folder, 'merged.pcap.gz')
  const finished = finishCapture([one, two], target, new LabelLedger([]))
  expect(finished).toEqual({ packets: 5, firstAtMs: (START_S + 1) * 1_000, lastAtMs: (START_S + 5) * 1_000 })
  expect(records(target).map(({ second }) => second - START_S)).toEqual([1, 2, 3, 4, 5])
})

test('the first twelve packets of a flow stay whole, later ones keep 128 octets and their length on the wire', () => {
  const data = packet(ATTACKER, TARGET, 600)
  const file = recording('long', Array.from({ length: 20 }, (_, second) => ({ second, data })))
  const target = path.join(folder, 'cut.pcap.gz')
  finishCapture([file], target, new LabelLedger([]))
  const kept = records(target)
  expect(kept.map(({ octets }) => octets)).toEqual([...Array.from({ length: 12 }, () => data.length),
    ...Array.from({ length: 8 }, () => 128)])
  expect(new Set(kept.map(({ lengthOnWire }) => lengthOnWire))).toEqual(new Set([data.length]))
})

test('a label enters the manifest only where packets of its ends fall into its window', () => {
  const truth: Truth = {
    role: 'entity', address: ATTACKER, peers: [TARGET, '198.18.2.11'], category: 'scan', tool: 'nmap\n-sS',
    fromMs: START_S * 1_000, toMs: (START_S + 2) * 1_000,
  }
  const later: Truth = { ...truth, peers: [TARGET], category: 'c2', fromMs: (START_S + 60) * 1_000,
    toMs: (START_S + 70) * 1_000 }
  const ledger = new LabelLedger([truth, later])
  finishCapture([recording('labels', [{ second: 1, data: packet(TARGET, ATTACKER) }])], path.join(folder,
    'labels.pcap.gz'), ledger)
  const labels = ledger.found()
  expect(labels.map(({ peer, packets }) => [peer, packets])).toEqual([[TARGET, 1]])

  const text = manifestText([{ id: 'a', file: 'labels.pcap.gz', source: 'range-x', labels }], 'a test')
  const parsed = parseManifest({ file: 'm.yaml', text, resolvePath: (file) => file })
  expect(parsed).toMatchObject({
    ok: true,
    captures: [{ id: 'a', default: 'benign', labels: [{ role: 'entity', address: ATTACKER, peer: TARGET,
      category: 'scan', toMs: truth.toMs + 3_000 }] }],
  })
})

test('a recording that is no pcap is refused by name', () => {
  const file = path.join(folder, 'nothing.pcap')
  writeFileSync(file, Buffer.alloc(40))
  expect(() => finishCapture([file], path.join(folder, 'x.gz'),
    new LabelLedger([]))).toThrow(/nothing\.pcap is not a pcap/)
})

function packet(from: string, to: string, payload = 0): Buffer {
  const framed = tcp({ from: `${from}:4000`, to: `${to}:80`, payload })
  return framed.subarray(framed.length - 40 - payload)
}

function recording(name: string, packets: readonly { second: number; data: Buffer }[]): string {
  const header = Buffer.alloc(24)
  header.writeUInt32LE(0xa1b2c3d4, 0)
  header.writeUInt32LE(101, 20)
  const parts = packets.flatMap(({ second, data }) => {
    const record = Buffer.alloc(16)
    record.writeUInt32LE(START_S + second, 0)
    record.writeUInt32LE(data.length, 8)
    record.writeUInt32LE(data.length, 12)
    return [record, data]
  })
  const file = path.join(folder, `${name}.pcap`)
  writeFileSync(file, Buffer.concat([header, ...parts]))
  return file
}

function records(file: string): { second: number; octets: number; lengthOnWire: number }[] {
  const bytes = gunzipSync(readFileSync(file))
  const found = []
  for (let at = 24; at < bytes.length; at += 16 + bytes.readUInt32LE(at + 8)) {
    found.push({ second: bytes.readUInt32LE(at), octets: bytes.readUInt32LE(at + 8),
      lengthOnWire: bytes.readUInt32LE(at + 12) })
  }
  return found
}
