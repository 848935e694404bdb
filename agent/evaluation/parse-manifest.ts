import { LineCounter, isNode, parseDocument } from 'yaml'
import type { Document } from 'yaml'
import type { z } from 'zod'
import type { ManifestProblem } from './errors.ts'
import type { Label, LabelledCapture } from './labelled-capture.ts'
import { manifestSchema } from './manifest-schema.ts'
import type { ManifestCapture } from './manifest-schema.ts'

/** The captures of a manifest, or everything that is wrong with it. */
export type ParsedManifest =
  | { readonly ok: true; readonly captures: readonly LabelledCapture[] }
  | { readonly ok: false; readonly problems: readonly ManifestProblem[] }

/** A manifest's text and its place; relative paths of captures are resolved by `resolvePath`. */
export interface ManifestSource {
  readonly file: string
  readonly text: string
  readonly resolvePath: (file: string) => string
}

const TEXT_LENGTH_MAX = 64 * 1024 * 1024
const ALIASES_MAX = 1_000
const PROBLEMS_MAX = 100

/** Reads a manifest. Pure: captures are not opened, and times are numbers afterwards. */
export function parseManifest(source: ManifestSource): ParsedManifest {
  const lines = new LineCounter()
  const place = (offset: number): { line: number; column: number } => {
    const { line, col } = lines.linePos(offset)
    return { line: Math.max(1, line), column: Math.max(1, col) }
  }
  const fail = (found: readonly { offset: number; message: string }[]): ParsedManifest => ({
    ok: false,
    problems: found.slice(0, PROBLEMS_MAX).map(({ offset, message }) => ({ file: source.file, ...place(offset), message })),
  })
  if (source.text.length > TEXT_LENGTH_MAX) return fail([{ offset: 0, message: `longer than ${TEXT_LENGTH_MAX} characters` }])

  const document = parseDocument(source.text, { lineCounter: lines, prettyErrors: false, logLevel: 'silent' })
  const faults = [...document.errors, ...document.warnings]
  if (faults.length > 0) return fail(faults.map((fault) => ({ offset: fault.pos[0], message: fault.message })))
  const parsed = manifestSchema.safeParse(document.toJS({ maxAliasCount: ALIASES_MAX }))
  if (!parsed.success) {
    return fail(parsed.error.issues.map((issue) => (
      { offset: offsetOf(document, placeOf(issue)), message: sentence(issue.path, issue.message) }
    )))
  }
  const repeated = repeatedIds(parsed.data.captures)
  if (repeated.length > 0) {
    return fail(repeated.map(({ id, index }) => (
      { offset: offsetOf(document, ['captures', index, 'id']), message: `the id ${id} is given twice` }
    )))
  }
  const at = (path: readonly PropertyKey[]): string => `${source.file}:${place(offsetOf(document, path)).line}`
  return { ok: true, captures: parsed.data.captures.map((capture, index) => labelled(capture, { source, at, index })) }
}

interface Position {
  readonly source: ManifestSource
  readonly at: (path: readonly PropertyKey[]) => string
  readonly index: number
}

function labelled(capture: ManifestCapture, { source, at, index }: Position): LabelledCapture {
  return {
    ...capture,
    file: source.resolvePath(capture.file),
    labels: capture.labels.map((label, labelIndex): Label => ({
      role: label.entity === undefined ? 'victim' : 'entity',
      address: label.entity ?? label.victim!,
      peer: label.peer,
      category: label.category,
      fromMs: label.from ?? Number.NEGATIVE_INFINITY,
      toMs: label.to ?? Number.POSITIVE_INFINITY,
      place: at(['captures', index, 'labels', labelIndex]),
    })),
    place: at(['captures', index]),
  }
}

function placeOf(issue: z.core.$ZodIssue): readonly PropertyKey[] {
  return issue.code === 'unrecognized_keys' ? [...issue.path, ...issue.keys.slice(0, 1)] : issue.path
}

/** Where a path stands in the text; what is missing is placed at the nearest node around it. */
function offsetOf(document: Document, path: readonly PropertyKey[]): number {
  for (let length = path.length; length > 0; length -= 1) {
    const node = document.getIn(path.slice(0, length), true)
    if (isNode(node) && node.range) return node.range[0]
  }
  return isNode(document.contents) ? document.contents.range?.[0] ?? 0 : 0
}

function sentence(path: readonly PropertyKey[], message: string): string {
  const name = path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`)).join('').replace(/^\./, '')
  return name === '' ? message : `${name}: ${message}`
}

function repeatedIds(captures: readonly ManifestCapture[]): { id: string; index: number }[] {
  const seen = new Set<string>()
  return captures.flatMap(({ id }, index) => {
    if (!seen.has(id)) {
      seen.add(id)
      return []
    }
    return [{ id, index }]
  })
}
