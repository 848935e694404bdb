// Programs of native/test and native/fuzz, compiled with the address and undefined-behaviour sanitizers watching.
//
// All of native/src but the part that knows Node is compiled once, file by file, into a folder named after its contents; every test
// file that needs an object takes what is there and makes what is missing. Objects appear by rename, so workers may race.
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import process from 'node:process'
import { promisify } from 'node:util'

const NATIVE = path.resolve(import.meta.dirname, '../../native')
const CACHE = path.join(NATIVE, 'build', 'sanitized')
const FLAGS = ['-std=c++20', '-O1', '-g1', '-Wall', '-Wextra', '-fsanitize=address,undefined', '-fno-sanitize-recover=undefined']
const LIBRARIES = ['-lpcap', '-lz', '-lcrypto', '-pthread']
const RUNS = process.env['FUZZ_RUNS'] ?? '3000'
const SEED = process.env['FUZZ_SEED'] ?? '20240607'

const execute = promisify(execFile)
let compiled: Promise<string[]> | undefined

/** What a fuzz program prints when nothing was found. */
export const NOTHING_FOUND = `${RUNS} runs of seed ${SEED}\n`

/** Builds and runs `native/test/<name>.cc`: how many tests held, and what did not. PHANTOMMESH_SEED repeats a run. */
export function runNativeTest(name: string): Promise<{ readonly held: number, readonly failed: readonly string[] }> {
  return inFolder(async (folder) => {
    const program = await link(folder, path.join('test', `${name}.cc`))
    const output = await execute(program).then(
      ({ stdout }) => stdout,
      (error: { stdout: string; stderr: string }) => error.stdout + error.stderr,
    )
    const lines = output.split('\n').filter((line) => !line.startsWith('seed') && line !== '')
    const failed = lines.filter((line) => !line.startsWith('ok'))
    return { held: lines.length - failed.length, failed }
  })
}

/**
 * Builds `native/fuzz/<name>.cc` and runs it on `seeds`, on what was found before (native/fuzz/findings/<name>), and on changes of
 * them; what it printed. FUZZ_RUNS and FUZZ_SEED choose how many and which. Rejects with the sanitizer's report.
 */
export function runFuzzer(name: string, seeds: readonly Buffer[]): Promise<string> {
  return inFolder(async (folder) => {
    const program = await link(folder, path.join('fuzz', `${name}.cc`))
    const inputs = seeds.map((seed, index) => {
      const file = path.join(folder, `seed-${index}`)
      writeFileSync(file, seed)
      return file
    })
    const findings = path.join(NATIVE, 'fuzz', 'findings', name)
    const found = existsSync(findings) ? readdirSync(findings).map((file) => path.join(findings, file)) : []
    const { stdout } = await execute(program, [RUNS, SEED, ...inputs, ...found])
    return stdout
  })
}

async function inFolder<T>(task: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(path.join(tmpdir(), 'phantommesh-native-'))
  try {
    return await task(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function link(folder: string, source: string): Promise<string> {
  const program = path.join(folder, path.basename(source, '.cc'))
  compiled ??= compileAll()
  await execute('g++', [...FLAGS, path.join(NATIVE, source), ...await compiled, ...LIBRARIES, '-o', program])
  return program
}

async function compileAll(): Promise<string[]> {
  const files = readdirSync(path.join(NATIVE, 'src'), { recursive: true, encoding: 'utf8' }).filter((file) => /\.(cc|h)$/.test(file))
  const version = contentHash(files.toSorted())
  const folder = path.join(CACHE, version)
  mkdirSync(folder, { recursive: true })
  const older = readdirSync(CACHE).filter((name) => name !== version)
  for (const name of older) rmSync(path.join(CACHE, name), { recursive: true, force: true })
  const sources = files.filter((file) => file.endsWith('.cc') && file !== 'addon.cc')
  // Workers begin at different places, so that they seldom compile the same file.
  const first = process.pid % sources.length
  for (const source of [...sources.slice(first), ...sources.slice(0, first)]) {
    const object = objectOf(folder, source)
    if (existsSync(object)) continue
    const made = `${object}.${process.pid}`
    await execute('g++', [...FLAGS, '-c', path.join(NATIVE, 'src', source), '-o', made])
    renameSync(made, object)
  }
  return sources.map((source) => objectOf(folder, source))
}

function objectOf(folder: string, source: string): string {
  return path.join(folder, `${source.replaceAll('/', '-').slice(0, -3)}.o`)
}

function contentHash(files: readonly string[]): string {
  const hash = createHash('sha256').update(FLAGS.join(' '))
  for (const file of files) hash.update(file).update(readFileSync(path.join(NATIVE, 'src', file)))
  return hash.digest('hex').slice(0, 16)
}
