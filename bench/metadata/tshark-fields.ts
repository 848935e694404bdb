// What the metadata readers read of captures beside what tshark reads, frame by frame and field by field.
//
//   npm run bench:fields -- CAPTURE... [--packets 200000] [--examples 3]
//
// Needs g++ and tshark 4. tshark reassembles nothing here (neither TCP nor IP) and reads retransmissions too, as our readers see one
// packet each. Per field: frames where tshark has a value, where we have one, where both have and they are equal; then every
// difference by the protocols that tshark found in the frame, with examples (`capture:frame`), to be looked at.
import { execFile, execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { parseArgs, promisify } from 'node:util'
import { FIELDS, TSHARK_FIELDS } from './field-pairs.ts'
import type { OurFrame, TsharkFrame } from './field-pairs.ts'

const NATIVE = path.resolve(import.meta.dirname, '../../native')
const TSHARK_MAX_MS = 600_000

const execute = promisify(execFile)

interface Tally {
  tshark: number
  ours: number
  both: number
  equal: number
  /** Reason and protocols, with how often and where. */
  readonly differences: Map<string, { count: number, readonly examples: string[] }>
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { packets: { type: 'string', default: '200000' }, examples: { type: 'string', default: '3' } },
})
const folder = mkdtempSync(path.join(os.tmpdir(), 'phantommesh-fields-'))
const tallies = new Map<string, Tally>(FIELDS.map(({ name }) => [name, { tshark: 0, ours: 0, both: 0, equal: 0, differences: new Map() }]))
let frames = 0
try {
  const program = buildProgram()
  for (const capture of positionals) await compare(program, capture)
  print()
} finally {
  rmSync(folder, { recursive: true })
}

function buildProgram(): string {
  const program = path.join(folder, 'read-metadata')
  const sources = readdirSync(path.join(NATIVE, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.cc') && file !== 'addon.cc').map((file) => path.join(NATIVE, 'src', file))
  execFileSync('g++', [
    '-std=c++20', '-O1', path.join(NATIVE, 'tools/read_metadata.cc'), ...sources, '-lpcap', '-lz', '-lcrypto', '-pthread', '-o', program,
  ], { stdio: 'inherit' })
  return program
}

async function compare(program: string, capture: string) {
  const ours = new Map<number, OurFrame>()
  const reading = spawn(program, [capture, values.packets], { stdio: ['ignore', 'pipe', 'inherit'] })
  for await (const line of createInterface({ input: reading.stdout })) {
    const frame: OurFrame = JSON.parse(line)
    ours.set(frame.frame, frame)
  }
  for (const line of (await readWithTshark(capture)).split('\n').slice(0, -1)) {
    const cells = line.split('\t')
    const frame: TsharkFrame = Object.fromEntries(TSHARK_FIELDS.map((name, index) => [name, cells[index] ?? '']))
    frames += 1
    compareFrame(capture, frame, ours.get(Number(frame['frame.number'])))
  }
}

/** A capture that is cut at its end gives an exit code beside its frames. */
async function readWithTshark(capture: string): Promise<string> {
  const words = [
    '-n', '-r', capture, '-c', values.packets, '-T', 'fields', '-E', 'separator=/t', '-E', 'aggregator=|',
    '-o', 'tcp.desegment_tcp_streams:FALSE', '-o', 'tcp.analyze_sequence_numbers:FALSE',
    '-o', 'ip.defragment:FALSE', '-o', 'ipv6.defragment:FALSE',
    ...TSHARK_FIELDS.flatMap((name) => ['-e', name]),
  ]
  return execute('tshark', words, { encoding: 'latin1', maxBuffer: 1 << 30, timeout: TSHARK_MAX_MS }).then(
    ({ stdout }) => stdout,
    (error: { stdout?: string }) => error.stdout ?? '',
  )
}

function compareFrame(capture: string, theirs: TsharkFrame, ours: OurFrame | undefined) {
  for (const field of FIELDS) {
    const tally = tallies.get(field.name)!
    const wanted = field.theirs(theirs)
    const got = ours === undefined ? undefined : field.ours(ours)
    count(tally, wanted, got)
    if (wanted === got) continue
    const reason = wanted === undefined ? 'only ours' : got === undefined ? 'only tshark' : 'other value'
    const example = `${path.basename(capture)}:${theirs['frame.number']} ${wanted ?? '-'} / ${got ?? '-'}`
    note(tally, `${reason}, ${theirs['frame.protocols']}`, example)
  }
}

function count(tally: Tally, wanted: string | undefined, got: string | undefined) {
  tally.tshark += Number(wanted !== undefined)
  tally.ours += Number(got !== undefined)
  tally.both += Number(wanted !== undefined && got !== undefined)
  tally.equal += Number(wanted !== undefined && wanted === got)
}

function note(tally: Tally, reason: string, example: string) {
  const difference = tally.differences.get(reason) ?? { count: 0, examples: [] }
  difference.count += 1
  const capture = example.slice(0, example.indexOf(':'))
  if (difference.examples.length < Number(values.examples) && !difference.examples.some((each) => each.startsWith(`${capture}:`))) {
    difference.examples.push(example)
  }
  tally.differences.set(reason, difference)
}

function print() {
  console.log(`${positionals.length} captures, ${frames} frames\n`)
  console.log(['field'.padEnd(22), 'tshark', 'ours', 'both', 'equal of both'].join('\t'))
  for (const [name, { tshark, ours, both, equal }] of tallies) {
    const share = both === 0 ? '-' : `${((100 * equal) / both).toFixed(3)} %`
    console.log([name.padEnd(22), tshark, ours, both, share].join('\t'))
  }
  for (const [name, { differences }] of tallies) {
    if (differences.size > 0) console.log(`\n${name}`)
    for (const [reason, { count, examples }] of [...differences].toSorted((a, b) => b[1].count - a[1].count)) {
      console.log(`  ${String(count).padStart(6)}  ${reason}   e.g. ${examples.join('; ')}`)
    }
  }
}
