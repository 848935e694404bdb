// Goal: the rules of the house (docs/architecture.md, "Rules of the house") hold in every commit.
// Method: read every TypeScript file as text; imports are found by their syntax, which the formatter keeps regular.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'

const ROOT = path.resolve(import.meta.dirname, '..')

/** The order is total: a room imports values of kit and config, its own, and only types of the rooms above it. */
const ROOMS = [
  'kit', 'config', 'capture', 'flows', 'features', 'ensemble', 'decision', 'response', 'outcome', 'learning', 'evaluation',
  'forecast', 'mesh', 'simulation', 'storage', 'telemetry', 'control', 'commands', 'daemon',
]
const VALUES_FREELY = new Set(['daemon', 'simulation', 'commands'])
const OPEN_TO_ALL = new Set(['kit', 'config'])

/** The only files that may import the world. Each line says what it brings in. */
const EDGES: Readonly<Record<string, readonly string[]>> = {
  'agent/config/read-config-files.ts': ['node:fs', 'node:path'],
  'agent/capture/native-source.ts': ['native'],
  'agent/capture/node-pcap-source.ts': ['node:fs', 'node:module'],
  'agent/flows/community-id.ts': ['node:crypto'],
  'agent/ensemble/inference-client.ts': ['node:worker_threads'],
  'agent/ensemble/inference-worker.ts': ['node:worker_threads', 'onnxruntime-node'],
  'agent/ensemble/model-origin.ts': ['node:fs', 'node:path', 'node:crypto'],
  'agent/ensemble/read-models.ts': ['node:fs', 'node:path', 'node:crypto'],
  'agent/response/enforcer-client.ts': ['node:net'],
  'agent/learning/training-session.ts': ['onnxruntime-node'],
  'agent/learning/model-files.ts': ['node:fs', 'node:path', 'node:crypto'],
  'agent/evaluation/read-manifest.ts': ['node:fs', 'node:path', 'node:crypto'],
  'agent/storage/level-store.ts': ['level', 'node:fs'],
  'agent/storage/node-key.ts': ['node:fs', 'node:path', 'node:crypto'],
  'agent/storage/audit-journal.ts': ['node:crypto'],
  'agent/telemetry/event-writer.ts': ['node:fs'],
  'agent/telemetry/pino-logger.ts': ['pino'],
  'agent/telemetry/metrics.ts': ['prom-client'],
  'agent/telemetry/system-inventory.ts': ['systeminformation', 'node:fs'],
  'agent/control/server.ts': ['fastify', 'node:fs', 'node:net', 'node:path', 'node:stream'],
  'agent/control/client.ts': ['node:http'],
}
const EDGE_FOLDERS = ['agent/daemon/', 'agent/commands/']
const EDGE_ENTRIES = new Set(['agent/main.ts', 'agent/cli.ts'])
const CLOCK_AND_CHANCE = new Set(['agent/daemon/system-clock.ts', 'agent/daemon/system-random.ts'])
/** Pure packages: parsing and encoding without IO. */
const PURE_PACKAGES = new Set(['zod', 'yaml', 'protobufjs', 'protobufjs/minimal.js', 'commander'])

/** What only the two system files may touch, and what no core may touch. */
const BANS: readonly [pattern: RegExp, why: string][] = [
  [/\bDate\.now\b|\bnew Date\(\)|\bperformance\.now\b|\bprocess\.hrtime\b/, 'reads the clock'],
  [/\bsetTimeout\b|\bsetInterval\b|\bsetImmediate\b/, 'arms a timer'],
  [/\bMath\.random\b/, 'draws chance'],
]

interface SourceFile {
  readonly file: string
  readonly room: string
  readonly text: string
  readonly imports: readonly { readonly target: string; readonly typeOnly: boolean }[]
}

const files = typescriptFiles('agent').map(readSource)

test('every folder of agent/ is a room of the table', () => {
  const folders = readdirSync(path.join(ROOT, 'agent'), { withFileTypes: true }).filter((entry) => entry.isDirectory())
  expect(folders.map((entry) => entry.name).filter((name) => !ROOMS.includes(name))).toEqual([])
})

test('a file imports values only of its own room, kit and config, and types only from rooms above, through their index', () => {
  expect(files.flatMap(importTrouble)).toEqual([])
})

test('only the files on the edge list import the world', () => {
  expect(files.flatMap(edgeTrouble)).toEqual([])
})

test('every file on the edge list that exists still needs to be there', () => {
  const idle = Object.keys(EDGES).filter((edge) => {
    const source = files.find((file) => file.file === edge)
    return source !== undefined && source.imports.every((each) => !isWorld(each.target))
  })
  expect(idle).toEqual([])
})

test('time and chance come only from the two system files', () => {
  const trouble = files
    .filter((source) => !CLOCK_AND_CHANCE.has(source.file))
    .flatMap((source) => BANS.filter(([pattern]) => pattern.test(withoutComments(source.text))).map(([, why]) => `${source.file} ${why}`))
  expect(trouble).toEqual([])
})

test('process.env is read only at the entries and in commands', () => {
  const trouble = files
    .filter((source) => !EDGE_ENTRIES.has(source.file) && !EDGE_FOLDERS.some((folder) => source.file.startsWith(folder)))
    .filter((source) => /\bprocess\.env\b/.test(withoutComments(source.text)))
  expect(trouble.map((source) => source.file)).toEqual([])
})

test('no file is longer than 400 lines, no line longer than 140 characters', () => {
  const all = [...files, ...['tests', 'bench', 'scripts'].flatMap(typescriptFiles).map(readSource)]
  const trouble = all.flatMap((source) => {
    const lines = source.text.trimEnd().split('\n')
    const wide = lines.findIndex((line) => line.length > 140)
    return [
      ...(lines.length > 400 ? [`${source.file}: ${lines.length} lines`] : []),
      ...(wide >= 0 ? [`${source.file}:${wide + 1} is ${lines[wide]?.length} wide`] : []),
    ]
  })
  expect(trouble).toEqual([])
})

test('no native file is longer than 400 lines, no line longer than 120 characters', () => {
  const sources = [...nativeFiles('native'), ...nativeFiles('bench')].filter((file) => !file.includes('/build/'))
  const trouble = sources.flatMap((file) => {
    const lines = readFileSync(path.join(ROOT, file), 'utf8').trimEnd().split('\n')
    const wide = lines.findIndex((line) => line.length > 120)
    return [
      ...(lines.length > 400 ? [`${file}: ${lines.length} lines`] : []),
      ...(wide >= 0 ? [`${file}:${wide + 1} is ${lines[wide]?.length} wide`] : []),
    ]
  })
  expect(trouble).toEqual([])
})

test('Node-API stays in addon.cc', () => {
  const users = nativeFiles('native').filter((file) => /#include <(napi|node_api)\.h>/.test(readFileSync(path.join(ROOT, file), 'utf8')))
  expect(users.filter((file) => !file.endsWith('addon.cc'))).toEqual([])
})

test('every local import names a file that exists', () => {
  const missing = files.flatMap((source) => localImports(source).filter((file) => !existsSync(path.join(ROOT, file))))
  expect(missing.filter((file) => !file.startsWith('native/build/'))).toEqual([])
})

test('there are no import cycles', () => {
  expect(findCycles(new Map(files.map((source) => [source.file, localImports(source)])))).toEqual([])
})

test('every export says what it is', () => {
  const trouble = files.filter((source) => !source.file.endsWith('/index.ts')).flatMap(undocumentedExports)
  expect(trouble).toEqual([])
})

test('names that say nothing are not used for files', () => {
  expect(files.map((source) => source.file).filter((file) => /(utils?|helpers?|common|manager|service)\.ts$/.test(file))).toEqual([])
})

function importTrouble(source: SourceFile): string[] {
  if (VALUES_FREELY.has(source.room) || source.room === 'entry') return []
  return source.imports
    .filter(({ target }) => target.startsWith('.'))
    .map((each) => ({ ...each, resolved: resolveImport(source, each.target) }))
    .filter(({ resolved }) => roomOf(resolved) !== source.room && roomOf(resolved) !== 'native')
    .flatMap(({ resolved, typeOnly }) => {
      const room = roomOf(resolved)
      if (!resolved.endsWith('/index.ts')) return [`${source.file}: reaches into ${resolved}`]
      if (ROOMS.indexOf(room) > ROOMS.indexOf(source.room)) return [`${source.file}: imports ${room}, which stands below it`]
      return typeOnly || OPEN_TO_ALL.has(room) ? [] : [`${source.file}: imports values of ${room}`]
    })
}

function edgeTrouble(source: SourceFile): string[] {
  if (EDGE_ENTRIES.has(source.file) || EDGE_FOLDERS.some((folder) => source.file.startsWith(folder))) return []
  const allowed = EDGES[source.file] ?? []
  return source.imports
    .filter(({ target, typeOnly }) => isWorld(target) && !typeOnly)
    .map(({ target }) => (target.startsWith('.') ? 'native' : target))
    .filter((target) => !allowed.includes(target))
    .map((target) => `${source.file}: imports ${target}`)
}

function isWorld(target: string): boolean {
  if (target.startsWith('.')) return target.includes('/native/')
  return !PURE_PACKAGES.has(target)
}

function undocumentedExports(source: SourceFile): string[] {
  const lines = source.text.split('\n')
  return lines.flatMap((line, index) => {
    if (!/^export (async )?(function|class|interface|type|const) \w/.test(line)) return []
    const before = lines[index - 1]?.trim() ?? ''
    return before.endsWith('*/') ? [] : [`${source.file}:${index + 1} ${line.slice(0, 60)}`]
  })
}

function findCycles(graph: ReadonlyMap<string, readonly string[]>): string[] {
  const done = new Set<string>()
  const cycles: string[] = []
  const visit = (file: string, trail: readonly string[]): void => {
    if (trail.includes(file)) {
      cycles.push([...trail.slice(trail.indexOf(file)), file].join(' -> '))
      return
    }
    if (done.has(file)) return
    for (const next of graph.get(file) ?? []) visit(next, [...trail, file])
    done.add(file)
  }
  for (const file of graph.keys()) visit(file, [])
  return cycles
}

function localImports(source: SourceFile): string[] {
  return source.imports
    .filter(({ target, typeOnly }) => target.startsWith('.') && !typeOnly)
    .map(({ target }) => resolveImport(source, target))
}

function readSource(file: string): SourceFile {
  const text = readFileSync(path.join(ROOT, file), 'utf8')
  const imports = [...text.matchAll(/^(?:import|export)\s+(type\s)?(?:[^'"]*?\sfrom\s+)?'([^']+)'/gms)].map((match) => ({
    target: match[2] ?? '',
    typeOnly: match[1] !== undefined,
  }))
  return { file, room: roomOf(file), text, imports }
}

function resolveImport(source: SourceFile, target: string): string {
  return path.relative(ROOT, path.resolve(ROOT, path.dirname(source.file), target))
}

function roomOf(file: string): string {
  if (file.startsWith('native/')) return 'native'
  if (EDGE_ENTRIES.has(file)) return 'entry'
  return file.split('/')[1] ?? ''
}

function withoutComments(text: string): string {
  return text.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/\/\/.*$/gm, '')
}

function typescriptFiles(folder: string): string[] {
  return listFiles(folder).filter((file) => file.endsWith('.ts'))
}

function nativeFiles(folder: string): string[] {
  return listFiles(folder).filter((file) => /\.(cc|h|cpp)$/.test(file))
}

function listFiles(folder: string): string[] {
  if (!existsSync(path.join(ROOT, folder))) return []
  return readdirSync(path.join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    const inner = path.join(folder, entry.name)
    if (entry.isDirectory()) return entry.name === 'node_modules' || entry.name === 'build' ? [] : listFiles(inner)
    return [inner]
  })
}
