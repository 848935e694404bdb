// CPU a packet of our meter and replay beside softflowd, ndpiReader and the bare libpcap loop, in one run.
//
//   npm run bench:peers            (root on Debian installs softflowd, ndpiReader and time; otherwise they must be there)
//
// CPU is user + system of the whole process, all threads; medians of RUNS, programs in turn so that a noisy minute hits all of them.
// Only ratios within one table mean something.
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { makeFlood, makeMixed } from './make-captures.ts'

const ROOT = path.resolve(import.meta.dirname, '..')
const FOLDER = path.join(os.tmpdir(), 'phantommesh-bench')
const RUNS = Number(process.env['RUNS'] ?? 5)
const MIXED_PACKETS = 2_000_000

interface Program {
  readonly name: string
  command(capture: string): readonly string[]
  /** Flows and, for replay, the share of events scored. */
  notes(output: string): string
}

interface Cost {
  readonly cpuSeconds: number
  readonly wallSeconds: number
  readonly rssMb: number
}

const summaryFile = path.join(FOLDER, 'summary.json')
const ours = (verb: 'meter' | 'replay'): Program => ({
  name: `phantomd ${verb}`,
  command: (capture) => [
    path.join(ROOT, 'bin/phantomd'), verb, capture, '--summary-json', summaryFile,
    ...(verb === 'replay' ? ['--state', path.join(FOLDER, 'state')] : []),
  ],
  notes() {
    const summary = JSON.parse(readFileSync(summaryFile, 'utf8'))
    const { received, scored, shed } = summary.events
    const percent = ((100 * scored) / Math.max(1, received)).toFixed(1)
    const share = verb === 'replay' ? `, ${percent} % of ${received} events scored, ${shed} shed` : ''
    return `${summary.flows} flows${share}`
  },
})

const PROGRAMS: readonly Program[] = [
  { name: 'libpcap loop (floor)', command: (capture) => [path.join(FOLDER, 'floor'), capture], notes: () => '' },
  {
    name: 'softflowd 1.1',
    // NetFlow to a loopback port where nobody listens; a table large enough for every flow.
    command: (capture) => [
      'softflowd', '-r', capture, '-m', '2000000', '-v', '9', '-n', '127.0.0.1:9995', '-c', 'none', '-p', path.join(FOLDER, 'sf.pid'),
    ],
    notes: (output) => `${/Flows expired:\s+(\d+)/.exec(output)?.[1] ?? '?'} flows`,
  },
  {
    name: 'ndpiReader 4.2 (DPI)',
    command: (capture) => ['ndpiReader', '-q', '-i', capture],
    notes: (output) => `${/Unique flows:\s+(\d+)/.exec(output)?.[1] ?? '?'} flows`,
  },
  ours('meter'),
  ours('replay'),
]

prepare()
for (const [name, packets] of captures()) {
  console.log(`\n${name}: ${packets} packets, median of ${RUNS}, ${os.cpus()[0]?.model ?? ''} × ${os.cpus().length}\n`)
  console.log('| program | CPU ns a packet | × softflowd | wall s | peak RSS MB | |\n|---|---|---|---|---|---|')
  const rows = compare(path.join(FOLDER, `${name}.pcap`))
  const peer = rows.find((row) => row.program.name.startsWith('softflowd'))?.cost.cpuSeconds ?? Number.NaN
  for (const { program, cost, note } of rows) {
    const ns = ((cost.cpuSeconds / packets) * 1e9).toFixed(0)
    const ratio = (peer / cost.cpuSeconds).toFixed(1)
    console.log(`| ${program.name} | ${ns} | ${ratio} | ${cost.wallSeconds.toFixed(2)} | ${cost.rssMb.toFixed(0)} | ${note} |`)
  }
}

function prepare(): void {
  mkdirSync(FOLDER, { recursive: true })
  const programs = { 'softflowd': '/usr/sbin/softflowd', 'libndpi-bin': '/usr/bin/ndpiReader', 'time': '/usr/bin/time' }
  const missing = Object.entries(programs).filter(([, file]) => !existsSync(file)).map(([name]) => name)
  if (missing.length > 0 && process.getuid?.() === 0) execFileSync('apt-get', ['install', '-y', '-qq', ...missing], { stdio: 'ignore' })
  execFileSync('g++', ['-O2', '-o', path.join(FOLDER, 'floor'), path.join(ROOT, 'bench/floor.cc'), '-lpcap'])
}

function captures(): [string, number][] {
  return [
    ['mixed', makeMixed(path.join(FOLDER, 'mixed.pcap'), MIXED_PACKETS)],
    ['flood', makeFlood(path.join(FOLDER, 'flood.pcap'))],
  ]
}

function compare(capture: string): { program: Program; cost: Cost; note: string }[] {
  readFileSync(capture) // into the page cache, for all alike
  const results = PROGRAMS.map((program) => ({ program, costs: [] as Cost[], note: '' }))
  for (let run = 0; run < RUNS; run++) {
    for (const result of results) {
      rmSync(path.join(FOLDER, 'state'), { recursive: true, force: true })
      const { cost, output } = measure(result.program.command(capture))
      result.costs.push(cost)
      result.note = result.program.notes(output)
    }
  }
  return results.map(({ program, costs, note }) => ({ program, note, cost: medianCost(costs) }))
}

function measure(command: readonly string[]): { cost: Cost; output: string } {
  const timeFile = path.join(FOLDER, 'time')
  const run = spawnSync('/usr/bin/time', ['-o', timeFile, '-f', '%e %U %S %M', ...command], { encoding: 'utf8', maxBuffer: 1 << 26 })
  if (run.status !== 0) throw new Error(`${command.join(' ')}: exit ${run.status}\n${run.stderr.slice(-2000)}`)
  const [wall, user, system, kilobytes] = readFileSync(timeFile, 'utf8').trim().split(' ').map(Number)
  return { cost: { wallSeconds: wall!, cpuSeconds: user! + system!, rssMb: kilobytes! / 1024 }, output: run.stdout + run.stderr }
}

function medianCost(costs: readonly Cost[]): Cost {
  const median = (pick: (cost: Cost) => number): number => costs.map(pick).sort((a, b) => a - b)[Math.floor(costs.length / 2)]!
  return {
    cpuSeconds: median((cost) => cost.cpuSeconds),
    wallSeconds: median((cost) => cost.wallSeconds),
    rssMb: Math.max(...costs.map((cost) => cost.rssMb)),
  }
}
