// `npm run test:valgrind`: memcheck over the programs of native/test and over the addon inside Node.
//
// Node itself has a few reports under valgrind, so of those only what has a frame of the addon counts. Needs valgrind (Debian:
// valgrind); takes about ten minutes on two cores.
import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import process from 'node:process'
import { promisify } from 'node:util'

const ROOT = path.resolve(import.meta.dirname, '..')
const NATIVE = path.join(ROOT, 'native')
const DATA = process.env['PHANTOMMESH_DATA'] ?? path.resolve(ROOT, '../shared/data')
const CAPTURES_MAX = 60
const CAPTURE_OCTETS_MAX = 200_000
const OUTPUT_MAX = 1 << 26

const execute = promisify(execFile)

async function main(): Promise<void> {
  await execute('valgrind', ['--version']).catch(() => { throw new Error('valgrind is not there; on Debian: apt-get install valgrind') })
  const folder = mkdtempSync(path.join(os.tmpdir(), 'phantommesh-valgrind-'))
  try {
    const results = [await addon(folder), ...await programs(folder)]
    for (const { name, trouble } of results) console.log(trouble === '' ? `clean ${name}` : `FAILED ${name}\n${trouble}`)
    if (results.some(({ trouble }) => trouble !== '')) process.exitCode = 1
  } finally {
    rmSync(folder, { recursive: true })
  }
}

interface Result {
  readonly name: string
  /** Valgrind's words; empty: none. */
  readonly trouble: string
}

async function addon(folder: string): Promise<Result> {
  const log = path.join(folder, 'addon.log')
  const { stdout } = await execute('valgrind', [
    '--leak-check=full', '--error-limit=no', `--log-file=${log}`, process.execPath,
    path.join(ROOT, 'scripts', 'valgrind', 'read-captures.ts'), ...captures(),
  ], { maxBuffer: OUTPUT_MAX })
  const reports = readFileSync(log, 'utf8').split(/^==\d+== \n/m).filter((report) => report.includes('phantommesh'))
  return { name: `addon in Node: ${stdout.trim()}`, trouble: reports.join('\n') }
}

async function programs(folder: string): Promise<Result[]> {
  const sources = readdirSync(path.join(NATIVE, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.cc') && file !== 'addon.cc').map((file) => path.join(NATIVE, 'src', file))
  await execute('g++', ['-std=c++20', '-O1', '-g', '-c', ...sources], { cwd: folder })
  const objects = readdirSync(folder).filter((file) => file.endsWith('.o')).map((file) => path.join(folder, file))
  const results: Result[] = []
  for (const file of readdirSync(path.join(NATIVE, 'test')).filter((each) => each.endsWith('_test.cc'))) {
    const program = path.join(folder, path.basename(file, '.cc'))
    const source = path.join(NATIVE, 'test', file)
    await execute('g++', ['-std=c++20', '-O1', '-g', source, ...objects, '-lpcap', '-lz', '-lcrypto', '-pthread', '-o', program])
    results.push(await memcheck(program))
  }
  return results
}

async function memcheck(program: string): Promise<Result> {
  const name = path.basename(program)
  return execute('valgrind', ['--quiet', '--leak-check=full', '--error-exitcode=9', program], { maxBuffer: OUTPUT_MAX }).then(
    () => ({ name, trouble: '' }),
    (error: { stdout: string, stderr: string }) => ({ name, trouble: `${error.stdout}${error.stderr}` }),
  )
}

/** Small captures of every kind there is: those of PHANTOMMESH_DATA, else the tests' own. */
function captures(): string[] {
  const folder = existsSync(DATA) ? DATA : path.join(ROOT, 'tests', 'fixtures')
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.pcap(ng)?(\.gz)?$/.test(file)).map((file) => path.join(folder, file))
    .filter((file) => statSync(file).size <= CAPTURE_OCTETS_MAX).toSorted().slice(0, CAPTURES_MAX)
}

try {
  await main()
} catch (error) {
  console.error(`valgrind: ${error instanceof Error ? error.message : String(error)}`)
  process.exitCode = 1
}
