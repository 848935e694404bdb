// `npm run fuzz -- [--minutes N] [--only NAME,NAME] [--seed N]`: libFuzzer with the address and undefined-behaviour sanitizers on every
// parser of native/fuzz, seeded with real captures, and what came of it: executions, coverage, findings.
//
// Inputs that crash land in .phantommesh/fuzz/findings; once fixed they belong into native/fuzz/findings/<target>/, where every run
// of the tests tries them again. Needs clang (Debian: clang, llvm). Two targets run at once on two cores.
import { execFile, spawn } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import path from 'node:path'
import process from 'node:process'
import { parseArgs, promisify } from 'node:util'
import { writeCorpus } from './fuzz/corpus.ts'
import { readCoverage } from './fuzz/coverage.ts'

const ROOT = path.resolve(import.meta.dirname, '..')
const WORK = path.join(ROOT, '.phantommesh', 'fuzz')
const FUZZERS = path.join(ROOT, 'native', 'fuzz')
const FLAGS = ['-std=c++20', '-O1', '-g1', '-DPHANTOMMESH_LIBFUZZER', '-fno-sanitize-recover=undefined']
const LIBRARIES = ['-lpcap', '-lz', '-lcrypto', '-pthread']
const INPUT_OCTETS_MAX = 8192

const execute = promisify(execFile)

/** What one fuzzer did. */
interface Outcome {
  readonly target: string
  readonly seconds: number
  readonly executions: number
  readonly corpus: number
  readonly edges: number
  /** Share of the lines of the files it is about, run by its final corpus; by file. */
  readonly coverage: Readonly<Record<string, number>>
  readonly findings: readonly string[]
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { minutes: { type: 'string', default: '10' }, only: { type: 'string' }, seed: { type: 'string', default: '1' } },
  })
  const seconds = Math.round(Number(values.minutes) * 60)
  if (!(seconds > 0)) throw new Error(`--minutes ${values.minutes}: a number above 0 is wanted`)
  const targets = readdirSync(FUZZERS).filter((file) => /^fuzz_.*\.cc$/.test(file)).map((file) => path.basename(file, '.cc'))
  const wanted = values.only === undefined ? targets : values.only.split(',')
  const unknown = wanted.filter((target) => !targets.includes(target))
  if (unknown.length > 0) throw new Error(`--only ${unknown.join(',')}: native/fuzz has ${targets.join(', ')}`)
  await execute('clang++', ['--version']).catch(() => { throw new Error('clang++ is not there; on Debian: apt-get install clang llvm') })

  mkdirSync(WORK, { recursive: true })
  const objects = await compileSources('fuzzed', ['-fsanitize=fuzzer-no-link,address,undefined'])
  const outcomes: Outcome[] = []
  const queue = [...wanted]
  const lane = async (): Promise<void> => {
    for (let target = queue.shift(); target !== undefined; target = queue.shift()) {
      outcomes.push(await fuzz(target, objects, { seconds, seed: values.seed }))
    }
  }
  await Promise.all(Array.from({ length: Math.min(2, availableParallelism()) }, lane))
  const covered = await withCoverage(outcomes)
  writeFileSync(path.join(WORK, 'outcome.json'), `${JSON.stringify(covered, null, 2)}\n`)
  print(covered)
  if (covered.some(({ findings }) => findings.length > 0)) process.exitCode = 1
}

/** All of native/src but the part that knows Node, compiled with `flags`; the objects. */
async function compileSources(name: string, flags: readonly string[]): Promise<string[]> {
  const folder = path.join(WORK, name)
  mkdirSync(folder, { recursive: true })
  const sources = readdirSync(path.join(ROOT, 'native', 'src'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.cc') && file !== 'addon.cc')
  const paths = sources.map((file) => path.join(ROOT, 'native', 'src', file))
  const halves = [0, 1].map((half) => paths.filter((_, index) => index % 2 === half))
  await Promise.all(halves.map((half) => execute('clang++', [...FLAGS, ...flags, '-c', ...half], { cwd: folder })))
  return sources.map((file) => path.join(folder, `${path.basename(file, '.cc')}.o`))
}

async function fuzz(target: string, objects: readonly string[], { seconds, seed }: { seconds: number, seed: string }): Promise<Outcome> {
  const program = path.join(WORK, target)
  const source = path.join(FUZZERS, `${target}.cc`)
  await execute('clang++', [...FLAGS, '-fsanitize=fuzzer,address,undefined', source, ...objects, ...LIBRARIES, '-o', program])
  const corpus = path.join(WORK, 'corpus', target)
  const findings = path.join(WORK, 'findings', target)
  mkdirSync(corpus, { recursive: true })
  mkdirSync(findings, { recursive: true })
  writeCorpus(target, corpus, path.join(FUZZERS, 'findings', target))
  const started = Date.now()
  const log = await run(program, [
    `-max_total_time=${seconds}`, `-seed=${seed}`, `-max_len=${INPUT_OCTETS_MAX}`, `-artifact_prefix=${findings}/`, '-print_final_stats=1',
    '-timeout=10', '-rss_limit_mb=4096', corpus,
  ])
  return {
    target,
    seconds: Math.round((Date.now() - started) / 1000),
    executions: Number(/stat::number_of_executed_units:\s*(\d+)/.exec(log)?.[1] ?? 0),
    corpus: readdirSync(corpus).length,
    edges: Number([...log.matchAll(/\bcov: (\d+)/g)].at(-1)?.[1] ?? 0),
    coverage: {},
    findings: readdirSync(findings).map((file) => path.join(findings, file)),
  }
}

/** Runs to its end whatever it returns: a finding is told by the file it leaves. */
function run(program: string, words: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, words, { stdio: ['ignore', 'ignore', 'pipe'] })
    let log = ''
    child.stderr.setEncoding('utf8').on('data', (text: string) => { log = (log + text).slice(-200_000) })
    child.on('error', reject)
    child.on('close', () => resolve(log))
  })
}

async function withCoverage(outcomes: readonly Outcome[]): Promise<Outcome[]> {
  const flags = ['-fprofile-instr-generate', '-fcoverage-mapping']
  const objects = await compileSources('covered', [...flags, '-fsanitize=fuzzer-no-link'])
  const covered: Outcome[] = []
  for (const outcome of outcomes) {
    const program = path.join(WORK, `${outcome.target}-covered`)
    const source = path.join(FUZZERS, `${outcome.target}.cc`)
    await execute('clang++', [...FLAGS, ...flags, '-fsanitize=fuzzer', source, ...objects, ...LIBRARIES, '-o', program])
    const coverage = await readCoverage(program, path.join(WORK, 'corpus', outcome.target), outcome.target)
    covered.push({ ...outcome, coverage })
  }
  return covered
}

function print(outcomes: readonly Outcome[]): void {
  for (const { target, seconds, executions, corpus, edges, coverage, findings } of outcomes) {
    const lines = Object.entries(coverage).map(([file, share]) => `${file} ${Math.round(share * 100)} %`).join(', ')
    console.log(`${target}: ${executions} executions in ${seconds} s, ${edges} edges, corpus ${corpus}; lines run: ${lines}`)
    for (const file of findings) console.log(`  FOUND ${existsSync(file) ? file : '?'}`)
  }
}

try {
  await main()
} catch (error) {
  console.error(`fuzz: ${error instanceof Error ? error.message : String(error)}`)
  process.exitCode = 1
}
