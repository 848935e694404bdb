// Builds native/: the addon (native/build/phantommesh.node) and the privileged enforcer (native/build/phantommesh-enforcer).
//
// Plain JavaScript for Node >= 20 without a dependency but the headers of node-addon-api. An object is compiled anew when a file
// it includes (the compiler says which, -MMD) or its command changed, a program linked anew when its objects or its command
// changed, so a second run does nothing. Results appear by rename: whoever loads them while they are built gets the old or the
// new ones.
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import path from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'

const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..')
const OUT = path.join(ROOT, 'native', 'build')
const OBJECTS = path.join(OUT, 'objects')
const COMPILER = process.env.CXX ?? 'g++'
const FLAGS = [
  '-std=c++20', '-O3', '-g1', '-fno-plt', '-fstack-protector-strong', '-U_FORTIFY_SOURCE', '-D_FORTIFY_SOURCE=2', '-Wall', '-Wextra', '-MMD',
]
/** For the program with CAP_NET_ADMIN: bounds known at run time are checked too, and a stack that cannot be jumped over. */
const HARDENING = [
  '-fPIE', '-U_FORTIFY_SOURCE', '-D_FORTIFY_SOURCE=3', '-D_GLIBCXX_ASSERTIONS', '-fstack-clash-protection',
  ...(process.arch === 'x64' ? ['-fcf-protection'] : []),
]

const PROGRAMS = [
  {
    name: 'phantommesh.node',
    folder: 'src',
    compile: [
      '-fPIC', '-fvisibility=hidden', '-DNAPI_VERSION=9', '-DNODE_ADDON_API_CPP_EXCEPTIONS',
      '-isystem', path.join(ROOT, 'node_modules', 'node-addon-api'), '-isystem', path.join(ROOT, 'node_modules', 'node-api-headers', 'include'),
    ],
    link: ['-shared', '-lpcap', '-lz', '-lcrypto', '-pthread'],
  },
  {
    name: 'phantommesh-enforcer',
    folder: 'enforcer',
    compile: HARDENING,
    link: ['-pie', '-Wl,-z,relro,-z,now,-z,noexecstack', '-lnftables', '-pthread'],
  },
]

class BuildError extends Error {}

try {
  if (!existsSync(path.join(ROOT, 'node_modules', 'node-addon-api', 'napi.h'))) {
    throw new BuildError('node_modules has no node-addon-api; run `npm ci` first, or `npm run setup`, which does both')
  }
  mkdirSync(OBJECTS, { recursive: true })
  for (const program of PROGRAMS) await build(program)
} catch (error) {
  if (!(error instanceof BuildError)) throw error
  console.error(`build-native: ${error.message}`)
  process.exitCode = 1
}

async function build(program) {
  const folder = path.join(ROOT, 'native', program.folder)
  const sources = existsSync(folder) ? readdirSync(folder, { recursive: true }).filter((file) => file.endsWith('.cc') && !file.startsWith('test/')).sort() : []
  if (sources.length === 0) return
  const objects = sources.map((file) => describeObject(program, path.join(folder, file)))
  const stale = objects.filter((object) => isStale(object))
  if (stale.length > 0) console.log(`build-native: ${program.name}: compiling ${stale.length} of ${objects.length} files`)
  await runAll(stale, (object) => compile(object))

  const target = path.join(OUT, program.name)
  const linkedBy = path.join(OBJECTS, `${program.name}.command`)
  const command = [COMPILER, ...objects.map((object) => object.file), ...program.link]
  const newest = Math.max(...objects.map((object) => modifiedMs(object.file)))
  const isSame = existsSync(linkedBy) && readFileSync(linkedBy, 'utf8') === command.join('\n')
  if (isSame && stale.length === 0 && existsSync(target) && modifiedMs(target) >= newest) return
  const made = temporaryName(target)
  await run([...command, '-o', made], `linking ${program.name}`)
  renameSync(made, target)
  writeFileSync(linkedBy, command.join('\n'))
}

/** The object's name holds its command, so a changed flag is a new object. */
function describeObject(program, source) {
  const command = [COMPILER, ...FLAGS, ...program.compile, '-c', source]
  const tag = createHash('sha256').update(command.join('\0')).digest('hex').slice(0, 12)
  const file = path.join(OBJECTS, `${program.folder}-${path.basename(source, '.cc')}-${tag}.o`)
  return { command, source, file, dependencies: file.replace(/\.o$/, '.d') }
}

function isStale({ file, dependencies }) {
  if (!existsSync(file) || !existsSync(dependencies)) return true
  const builtMs = modifiedMs(file)
  const [, list] = readFileSync(dependencies, 'utf8').split(/:\s/, 2)
  return (list ?? '').split(/[\s\\]+/).some((name) => name !== '' && (!existsSync(name) || modifiedMs(name) > builtMs))
}

async function compile(object) {
  const made = temporaryName(object.file)
  const started = new Date()
  await run([...object.command, '-MF', object.dependencies, '-o', made], `compiling ${path.relative(ROOT, object.source)}`)
  // As old as what it was made of: whatever is saved while the compiler runs, source or header, is compiled again.
  utimesSync(made, started, started)
  renameSync(made, object.file)
}

function run([command, ...words], what) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, words, { cwd: ROOT, stdio: ['ignore', 'inherit', 'inherit'] })
    child.on('error', (error) => reject(new BuildError(`${what}: ${command} could not be started (${error.message}); on Debian: apt-get install g++`)))
    child.on('close', (status) => (status === 0 ? resolve() : reject(new BuildError(`${what} failed; the compiler's words stand above`))))
  })
}

/** At most one task a core. */
async function runAll(items, task) {
  const queue = [...items]
  const lane = async () => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await task(item)
  }
  await Promise.all(Array.from({ length: availableParallelism() }, lane))
}

function temporaryName(file) {
  return `${file}.${process.pid}.tmp`
}

function modifiedMs(file) {
  return statSync(file).mtimeMs
}
