/** YAML texts in, the frozen configuration or every problem of it out. Pure. */
import { isScalar, LineCounter, parseDocument, visit } from 'yaml'
import type { Document, Scalar } from 'yaml'
import type { z } from 'zod'
import type { ConfigProblem } from './config-problem.ts'
import { configSchema } from './config-schema.ts'
import type { Config } from './config-schema.ts'
import type { DefaultPaths } from './default-paths.ts'
import { nearest } from './edit-distance.ts'
import { explainIssue, show } from './explain-issue.ts'
import { isIdle } from './later-settings.ts'
import { locateKey, placeAt } from './locate-key.ts'
import type { ParsedSource } from './locate-key.ts'
import { keysAt, listSettings } from './setting-list.ts'

/** One file of the configuration. Later files win over earlier ones, key by key; lists are replaced. */
export interface ConfigSource {
  readonly file: string
  readonly text: string
}

/** The configuration with what is useless in it, or what is wrong. */
export type ConfigResult =
  | { readonly ok: true; readonly config: Config; readonly warnings: readonly ConfigProblem[] }
  | { readonly ok: false; readonly problems: readonly ConfigProblem[] }

/** A file longer than this is not a configuration: 4096 prefixes take about 100 kB. */
export const TEXT_LENGTH_MAX = 1_048_576
const ALIASES_MAX = 64
const FAULTS_MAX = 5
const PROBLEMS_MAX = 100

interface Read {
  readonly source: ParsedSource
  readonly value: Readonly<Record<string, unknown>>
}

/** Reads `sources` in order. Without any, all defaults hold. Never throws. */
export function parseConfig(sources: readonly ConfigSource[], paths: DefaultPaths): ConfigResult {
  const problems: ConfigProblem[] = []
  const reads = sources.flatMap((source) => readSource(source, problems))
  if (problems.some((problem) => problem.severity === 'error')) return { ok: false, problems: bounded(problems) }

  const given = reads.reduce<Readonly<Record<string, unknown>>>((sum, read) => merge(sum, read.value), {})
  const schema = configSchema(paths)
  const parsed = schema.safeParse(given, { error: explainIssue, reportInput: true })
  const parsedSources = reads.map((read) => read.source)
  if (!parsed.success) {
    const found = parsed.error.issues.flatMap((issue) => problemsOf(issue, parsedSources, schema))
    return { ok: false, problems: bounded([...problems, ...found].sort(byPlace)) }
  }
  return { ok: true, config: deepFreeze(parsed.data), warnings: bounded([...problems, ...idleKeys(given, parsedSources)].sort(byPlace)) }
}

function readSource({ file, text }: ConfigSource, problems: ConfigProblem[]): Read[] {
  const lines = new LineCounter()
  const report = (offset: number, message: string, suggestion = ''): Read[] => {
    problems.push({ severity: 'error', ...placeAt({ file, lines }, offset), key: '', message, suggestion })
    return []
  }
  if (text.length > TEXT_LENGTH_MAX) return report(0, `the file is longer than ${TEXT_LENGTH_MAX} characters`)

  // The parser compares every key with every other; findRepeatedKeys is linear.
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, stringKeys: true, uniqueKeys: false, logLevel: 'error' })
  const faults = findFaults(document)
  for (const { offset, message, suggestion } of faults) report(offset, message, suggestion)
  if (faults.length > 0) return []

  const value = expand(document)
  if (value === undefined) return report(0, `aliases name nothing, or expand to more than ${ALIASES_MAX} nodes`, 'write the values out')
  if (value === null) {
    const message = 'the file is empty: it changes nothing'
    problems.push({ severity: 'warning', file, line: 1, column: 1, key: '', message, suggestion: '' })
    return []
  }
  if (!isRecord(value)) return report(document.contents?.range?.[0] ?? 0, `the file must hold a map of keys, holds ${show(value)}`)
  return [{ source: { file, document, lines }, value }]
}

/** The first faults only: most of those behind them follow from the first. */
function findFaults(document: Document): { offset: number; message: string; suggestion: string }[] {
  const syntax = [...document.errors, ...document.warnings].map(({ code, message, pos }) => {
    const [explained, suggestion = ''] = explainYaml(code, message)
    return { offset: pos[0], message: explained, suggestion }
  })
  if (syntax.length > 0) return syntax.slice(0, FAULTS_MAX)
  return findRepeatedKeys(document).slice(0, FAULTS_MAX).map((key) => (
    { offset: key.range?.[0] ?? 0, message: `the key ${show(key.value)} is written twice in one map`, suggestion: 'remove one of them' }
  ))
}

/** The values of the document; undefined when an alias names nothing or they multiply beyond the bound. */
function expand(document: Document): unknown {
  try {
    return document.toJS({ maxAliasCount: ALIASES_MAX }) ?? null
  } catch {
    return undefined
  }
}

function explainYaml(code: string, message: string): [message: string, suggestion?: string] {
  if (code === 'TAB_AS_INDENT') return ['a tab is used as indentation', 'YAML allows spaces only']
  if (code === 'RESOURCE_EXHAUSTION') return ['the file is nested too deeply']
  if (code === 'MULTIPLE_DOCS') return ['the file holds more than one document', 'remove the `---` between them']
  return [`not valid YAML: ${message.split('\n')[0] ?? ''}`]
}

function findRepeatedKeys(document: Document): Scalar[] {
  const repeated: Scalar[] = []
  visit(document, {
    Map(_, map) {
      const seen = new Set<unknown>()
      for (const { key } of map.items) {
        if (!isScalar(key)) continue
        if (seen.has(key.value)) repeated.push(key)
        seen.add(key.value)
      }
    },
  })
  return repeated
}

function merge(under: Readonly<Record<string, unknown>>, over: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const merged = new Map(Object.entries(under))
  for (const [key, value] of Object.entries(over)) {
    const former = merged.get(key)
    merged.set(key, isRecord(former) && isRecord(value) ? merge(former, value) : value)
  }
  return Object.fromEntries(merged)
}

function problemsOf(issue: z.core.$ZodIssue, sources: readonly ParsedSource[], schema: z.ZodType): ConfigProblem[] {
  const deepest = issue.code === 'invalid_union' ? closestBranch(issue) : issue
  const path = deepest.path
  if (deepest.code === 'unrecognized_keys') {
    return deepest.keys.slice(0, PROBLEMS_MAX + 1).map((key) => ({
      severity: 'error' as const,
      ...locateKey(sources, [...path, key]),
      key: dotted([...path, key]),
      message: deepest.message,
      suggestion: suggestKey(path, key, schema),
    }))
  }
  const misspelt = deepest.code === 'invalid_value' && typeof deepest.input === 'string' ? deepest.input : undefined
  const near = misspelt === undefined || deepest.code !== 'invalid_value' ? undefined : nearest(misspelt, deepest.values.map(String))
  const suggestion = near === undefined ? '' : `did you mean ${near}?`
  return [{ severity: 'error', ...locateKey(sources, path), key: dotted(path), message: deepest.message, suggestion }]
}

/** Of a union's branches, the one that the value was meant for: it objects to something inside the value, not to its kind. */
function closestBranch(union: z.core.$ZodIssueInvalidUnion): z.core.$ZodIssue {
  const inner = union.errors.map((issues) => issues[0]).find((issue) => issue !== undefined && issue.code !== 'invalid_type')
    ?? union.errors.flat().find((issue) => issue.path.length > 0)
  return inner === undefined ? union : { ...inner, path: [...union.path, ...inner.path] }
}

function suggestKey(path: readonly PropertyKey[], key: string, schema: z.ZodType): string {
  const near = nearest(key, keysAt(schema, path))
  if (near !== undefined) return `did you mean ${near}?`
  const elsewhere = listSettings(schema).find((setting) => setting.path.at(-1) === key)
  return elsewhere === undefined ? 'see config/README.md for all settings' : `it belongs to ${elsewhere.path.slice(0, -1).join('.')}`
}

type Given = Readonly<Record<string, unknown>>

function idleKeys(given: Given, sources: readonly ParsedSource[], under: readonly string[] = []): ConfigProblem[] {
  return Object.entries(given).flatMap(([key, value]) => {
    const path = [...under, key]
    if (isRecord(value)) return idleKeys(value, sources, path)
    if (!isIdle(path, value)) return []
    const message = 'has no effect in this version: the part of the agent that reads it is not built yet'
    return [{ severity: 'warning' as const, ...locateKey(sources, path), key: path.join('.'), message, suggestion: '' }]
  })
}

function bounded(problems: readonly ConfigProblem[]): readonly ConfigProblem[] {
  if (problems.length <= PROBLEMS_MAX) return problems
  const more = `and ${problems.length - PROBLEMS_MAX} more problems`
  return [...problems.slice(0, PROBLEMS_MAX), { ...problems[PROBLEMS_MAX]!, key: '', message: more, suggestion: '' }]
}

function byPlace(a: ConfigProblem, b: ConfigProblem): number {
  return a.file.localeCompare(b.file) || a.line - b.line || a.column - b.column
}

function dotted(path: readonly PropertyKey[]): string {
  return path.map((element, index) => (typeof element === 'number' ? `[${element}]` : `${index > 0 ? '.' : ''}${String(element)}`)).join('')
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value)
    Object.values(value).forEach(deepFreeze)
  }
  return value
}
