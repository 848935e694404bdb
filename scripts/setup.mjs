// Set-up in one step: a checkout becomes a place where bin/phantomd, `npm test` and `npm run demo` work.
//
// Plain JavaScript without a dependency, because it runs before there are any, on whatever Node >= 20 the machine has.
// Every step first asks whether it is needed, so a second run takes a fraction of a second.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import process from 'node:process'

const ROOT = path.resolve(import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname), '..')
const MODULES = path.join(ROOT, 'node_modules')
const MARKER = path.join(MODULES, '.phantommesh-lock')
const NODE_MAJOR_MIN = 20

/** What the native code needs of the machine, and the Debian package that brings it. */
const COMPILER = { what: 'the C++ compiler', package: 'g++' }
const HEADERS = [
  { what: 'pcap/pcap.h', package: 'libpcap-dev' },
  { what: 'zlib.h', package: 'zlib1g-dev' },
  { what: 'openssl/evp.h', package: 'libssl-dev' },
  { what: 'nftables/libnftables.h', package: 'libnftables-dev' },
]
const PROGRAMS = [
  { what: 'nft', package: 'nftables' },
  { what: 'ip', package: 'iproute2' },
]

class SetupError extends Error {}

try {
  checkNode()
  bringMachinePackages()
  bringNodePackages()
  pruneForeignBinaries()
  buildNative()
  say(`ready (${process.uptime().toFixed(1)} s)`)
} catch (error) {
  if (!(error instanceof SetupError)) throw error
  console.error(`setup: ${error.message}`)
  process.exitCode = 1
}

function checkNode() {
  const major = Number(process.versions.node.split('.')[0])
  if (major < NODE_MAJOR_MIN) throw new SetupError(`Node ${process.versions.node} is too old to set up with: ${NODE_MAJOR_MIN} or later is needed`)
  if (process.platform !== 'linux') throw new SetupError(`the agent runs on Linux only; this is ${process.platform}`)
  if (!['x64', 'arm64'].includes(process.arch)) throw new SetupError(`no Node 24 and no ONNX Runtime for ${process.arch}: x64 or arm64 is needed`)
}

function bringMachinePackages() {
  const missing = missingOfMachine()
  if (missing.length === 0) return
  const packages = missing.map((each) => each.package)
  const line = `apt-get install -y --no-install-recommends ${packages.join(' ')}`
  const list = missing.map((each) => each.what).join(', ')
  if (!isDebian()) throw new SetupError(`missing: ${list}\n  Install them (on Debian and Ubuntu: ${packages.join(' ')}), then run this again.`)
  if (process.getuid?.() !== 0) throw new SetupError(`missing: ${list}\n  Run this, then run set-up again:\n  sudo ${line}`)

  say(`missing: ${list}; installing ${packages.join(' ')}`)
  const install = ['install', '-y', '--no-install-recommends', ...packages]
  // Bare images come without package lists, old ones with lists whose versions are gone.
  if (aptGet(install).status !== 0) {
    aptGet(['update'])
    const second = aptGet(install)
    if (second.status !== 0) throw new SetupError(`apt-get failed; what was tried:\n  ${line}\n${second.stdout}${second.stderr}`)
  }
  const still = missingOfMachine()
  if (still.length > 0) throw new SetupError(`still missing after apt-get: ${still.map((each) => each.what).join(', ')}`)
}

function missingOfMachine() {
  const programs = PROGRAMS.filter((each) => !isInstalled(each.what))
  // The same choice as in build-native.mjs.
  const compiler = process.env.CXX ?? 'g++'
  if (!isInstalled(compiler)) return [COMPILER, ...HEADERS, ...programs]
  // The compiler itself is asked: it knows every folder that headers are looked for in.
  const question = HEADERS.map((each, index) => `#if !__has_include(<${each.what}>)\nmissing_${index}\n#endif`).join('\n')
  const answer = spawnSync(compiler, ['-std=c++20', '-E', '-P', '-x', 'c++', '-'], { input: `${question}\n`, encoding: 'utf8' })
  if (answer.status !== 0) throw new SetupError(`${compiler} does not work:\n${answer.stderr}`)
  return [...HEADERS.filter((_, index) => answer.stdout.includes(`missing_${index}`)), ...programs]
}

/** Administrators' programs count even when a user's PATH leaves their folders out. */
function isInstalled(name) {
  if (name.includes('/')) return existsSync(name)
  return [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/sbin'].some((folder) => folder !== '' && existsSync(path.join(folder, name)))
}

function isDebian() {
  return existsSync('/etc/debian_version') && isInstalled('apt-get')
}

/** Some hundred lines a run: kept, and shown when it fails. */
function aptGet(words) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  return spawnSync('apt-get', ['-q', '-o', 'Dpkg::Use-Pty=0', ...words], { env, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 })
}

/** `npm ci` when what is installed did not come from this very lock file. */
function bringNodePackages() {
  const lock = createHash('sha256').update(readFileSync(path.join(ROOT, 'package-lock.json'))).digest('hex')
  const installed = existsSync(MARKER) ? readFileSync(MARKER, 'utf8').trim() : ''
  if (installed === lock && existsSync(projectNode())) return

  say('installing Node packages (npm ci; the first time this fetches about 300 MB)')
  // What is compiled against V8's own API (pcap) must have the headers of the Node that it will run on: those that this very
  // installation brings, not those of a `nodedir` in the user's settings.
  const nodedir = path.join(MODULES, `node-linux-${process.arch}`)
  const env = { ...process.env, ONNXRUNTIME_NODE_INSTALL: 'skip', npm_config_nodedir: nodedir }
  // Warnings are left out: they say that Node 20 is too old for packages which run on the Node 24 that comes with them.
  const npm = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: ROOT, env, stdio: 'inherit' })
  if (npm.error) throw new SetupError(`npm could not be started (${npm.error.message}); on Debian it comes with the package npm`)
  if (npm.status !== 0) throw new SetupError('npm ci failed (its own words stand above); it needs a package registry that can be reached')
  if (!existsSync(projectNode())) throw new SetupError('npm left out node-linux-*: do not set omit=optional, the project runs on that Node 24')
  writeFileSync(MARKER, `${lock}\n`)
}

function projectNode() {
  return path.join(MODULES, '.bin', 'node')
}

/** onnxruntime-node carries the libraries of five platforms, 290 MB; one of them is used. */
function pruneForeignBinaries() {
  const binaries = path.join(MODULES, 'onnxruntime-node', 'bin')
  const platforms = foldersIn(foldersIn([binaries]))
  for (const folder of foldersIn(platforms)) {
    if (!folder.endsWith(path.join(process.platform, process.arch))) rmSync(folder, { recursive: true, force: true })
  }
}

function foldersIn(parents) {
  return parents.filter(existsSync).flatMap((parent) => readdirSync(parent).map((name) => path.join(parent, name)))
}

/** The build decides itself what is out of date; it prints only when it compiles. */
function buildNative() {
  const build = spawnSync(projectNode(), [path.join(ROOT, 'scripts', 'build-native.mjs')], { cwd: ROOT, stdio: 'inherit' })
  if (build.status !== 0) throw new SetupError('building the native code failed; the compiler\'s words stand above')
}

function say(text) {
  console.log(`setup: ${text}`)
}
