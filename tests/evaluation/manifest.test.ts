import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { EvaluationError, readManifests } from '../../agent/evaluation/index.ts'
import { parseManifest } from '../../agent/evaluation/parse-manifest.ts'

const FULL = `captures:
  - id: slow
    file: pcap/slow.pcap.gz
    source: somewhere
    strength: behaviour
    home: [10.0.0.0/8, "2001:DB8::/32"]
    default: unknown
    labels:
      - entity: 10.0.0.5
        peer: 2001:DB8:0::7
        category: flood
        from: 2019-01-02T03:04:05Z
        to: 2019-01-02T04:09:05.250+01:00
      - { victim: 10.0.0.9, category: dns-tunnel }
`
const folder = mkdtempSync(path.join(tmpdir(), 'pm-manifest-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('a manifest gives captures with absolute paths, plain spelling of addresses and instants as numbers', () => {
  const [capture] = good(FULL)
  expect(capture).toMatchObject({ id: 'slow', file: '/data/pcap/slow.pcap.gz', source: 'somewhere' })
  expect(capture).toMatchObject({ default: 'unknown', place: 'test.yaml:2' })
  expect(capture?.home.map((prefix) => prefix.length)).toEqual([8, 32])
  expect(capture?.labels[0]).toEqual({
    role: 'entity', address: '10.0.0.5', peer: '2001:db8::7', category: 'flood',
    fromMs: Date.UTC(2019, 0, 2, 3, 4, 5), toMs: Date.UTC(2019, 0, 2, 3, 9, 5, 250), place: 'test.yaml:9',
  })
  expect(capture?.labels[1]).toMatchObject({ role: 'victim', address: '10.0.0.9', peer: undefined, fromMs: -Infinity, toMs: Infinity })
})

test('strength is behaviour and the default benign where nothing is said', () => {
  const [plain] = good('captures: [{id: a, file: a.pcap, source: s}]')
  expect(plain).toMatchObject({ strength: 'behaviour', default: 'benign', labels: [], home: [] })
})

interface Refusal {
  readonly what: string
  readonly text: string
  readonly line: number
  readonly message: RegExp
}

test.each<Refusal>([
  { what: 'a category nobody knows', text: FULL.replace('flood', 'floood'), line: 11, message: /category/ },
  { what: 'no address', text: FULL.replace('10.0.0.5', 'ten'), line: 9, message: /"ten" is not an IP address/ },
  { what: 'no prefix', text: FULL.replace('10.0.0.0/8', '10.0.0.0/99'), line: 6, message: /not an address or prefix/ },
  { what: 'an instant without its offset', text: FULL.replace('03:04:05Z', '03:04:05'), line: 12, message: /must be an instant/ },
  { what: 'a window that ends before it begins', text: FULL.replace('from: 2019', 'from: 2020'), line: 13, message: /ends before/ },
  { what: 'a label without entity and victim', text: FULL.replace('victim: 10.0.0.9, ', ''), line: 14, message: /either entity or victim/ },
  { what: 'a label with both', text: FULL.replace('victim: 10', 'entity: 10.0.0.8, victim: 10'), line: 14, message: /either entity or/ },
  { what: 'an unknown key', text: FULL.replace('strength:', 'strenght:'), line: 5, message: /strenght/ },
  { what: 'no captures', text: 'captures: []\n', line: 1, message: /captures/ },
  { what: 'no file', text: 'captures:\n  - id: a\n    source: s\n', line: 2, message: /captures\[0\]\.file/ },
  { what: 'broken YAML', text: 'captures:\n  - id: [a\n', line: 3, message: /./ },
  { what: 'an id twice', text: `captures:\n${'  - {id: a, file: a, source: s}\n'.repeat(2)}`, line: 3, message: /given twice/ },
])('$what is refused with its line', ({ text, line, message }) => {
  const parsed = parse(text)
  if (parsed.ok) throw new Error('was accepted')
  expect(parsed.problems[0]).toMatchObject({ file: 'test.yaml', line })
  expect(parsed.problems[0]?.message).toMatch(message)
})

test('paths are relative to the manifest they stand in, and an id is taken across manifests', () => {
  const first = path.join(folder, 'a.yaml')
  const second = path.join(folder, 'b.yaml')
  writeFileSync(first, 'captures: [{id: a, file: a.pcap, source: s}]')
  writeFileSync(second, '\ncaptures: [{id: a, file: b.pcap, source: s}]')
  expect(readManifests([first])[0]?.file).toBe(path.join(folder, 'a.pcap'))
  expect(() => readManifests([first, second])).toThrow(`${second}:2:1: the id a is already taken at ${first}:1`)
})

test('a manifest that is not there is named', () => {
  const missing = path.join(folder, 'none.yaml')
  expect(() => readManifests([missing])).toThrow(EvaluationError)
  expect(() => readManifests([missing])).toThrow(missing)
})

test('the demo has a manifest that reads', () => {
  const [demo] = readManifests([path.resolve(import.meta.dirname, '../fixtures/demo/demo.yaml')])
  expect(demo?.labels.map((label) => label.category)).toEqual(['c2', 'scan', 'bruteforce'])
})

function parse(text: string): ReturnType<typeof parseManifest> {
  return parseManifest({ file: 'test.yaml', text, resolvePath: (name) => path.resolve('/data', name) })
}

function good(text: string): Extract<ReturnType<typeof parseManifest>, { ok: true }>['captures'] {
  const parsed = parse(text)
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems))
  return parsed.captures
}
