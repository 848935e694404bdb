// Programs of native/test, compiled with the address and undefined-behaviour sanitizers watching.
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'

const NATIVE = path.resolve(import.meta.dirname, '../../native')
const FLAGS = ['-std=c++20', '-O1', '-g1', '-Wall', '-Wextra', '-fsanitize=address,undefined', '-fno-sanitize-recover=undefined']

const execute = promisify(execFile)

/** A folder of compiled objects that test programs are linked with. */
export interface NativePrograms {
  /** Builds and runs `native/test/<name>.cc`: how many tests held, and what did not. PHANTOMMESH_SEED repeats a run. */
  run(name: string): Promise<{ readonly held: number, readonly failed: readonly string[] }>
  remove(): void
}

/** Starts compiling `sources`, names under native/src without `.cc`; `libraries` are the linker's words for others. */
export function compileNative(sources: readonly string[], libraries: readonly string[] = []): NativePrograms {
  const folder = mkdtempSync(path.join(tmpdir(), 'phantommesh-native-'))
  const objects = compile(folder, sources.map((name) => path.join('src', `${name}.cc`)))
  return {
    async run(name) {
      const program = path.join(folder, name)
      const linked = [...(await objects), ...(await compile(folder, [path.join('test', `${name}.cc`)]))]
      await execute('g++', [...FLAGS, ...linked, ...libraries, '-pthread', '-o', program])
      const output = await execute(program).then(
        ({ stdout }) => stdout,
        (error: { stdout: string; stderr: string }) => error.stdout + error.stderr,
      )
      const lines = output.split('\n').filter((line) => !line.startsWith('seed') && line !== '')
      const failed = lines.filter((line) => !line.startsWith('ok'))
      return { held: lines.length - failed.length, failed }
    },
    remove() {
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** One after the other in one call of the compiler: the machine has other tests to run. */
async function compile(folder: string, sources: readonly string[]): Promise<string[]> {
  await execute('g++', [...FLAGS, '-c', ...sources.map((source) => path.join(NATIVE, source))], { cwd: folder })
  return sources.map((source) => path.join(folder, `${path.basename(source, '.cc')}.o`))
}
