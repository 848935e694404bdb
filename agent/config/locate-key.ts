/** From a path in the merged configuration back to the file, line and column it was written at. */
import { isMap, isNode, isPair, isScalar, isSeq } from 'yaml'
import type { Document, LineCounter } from 'yaml'

/** One file after parsing. */
export interface ParsedSource {
  readonly file: string
  readonly document: Document
  readonly lines: LineCounter
}

/** A place for people; lines and columns count from 1. */
export interface Place {
  readonly file: string
  readonly line: number
  readonly column: number
}

interface Found {
  /** How many elements of the path were found. */
  readonly depth: number
  readonly offset: number
}

/**
 * Where `path` was written. Later files win over earlier ones; what is not written anywhere (a missing key) is placed at the
 * nearest map or list around it.
 */
export function locateKey(sources: readonly ParsedSource[], path: readonly PropertyKey[]): Place {
  const firstIndex = path.findIndex((element) => typeof element === 'number')
  const merged = firstIndex < 0 ? path : path.slice(0, firstIndex)
  let owner = sources[0]!
  let depth = -1
  for (const source of sources) {
    const found = descend(source, merged)
    if (found.depth >= depth) {
      owner = source
      depth = found.depth
    }
  }
  return placeAt(owner, descend(owner, path).offset)
}

/** The place of an offset into a file's text. */
export function placeAt({ file, lines }: Pick<ParsedSource, 'file' | 'lines'>, offset: number): Place {
  const { line, col } = lines.linePos(offset)
  return { file, line: Math.max(1, line), column: Math.max(1, col) }
}

function descend({ document }: ParsedSource, path: readonly PropertyKey[]): Found {
  let node: unknown = document.contents
  let offset = startOf(node)
  let depth = 0
  for (const element of path) {
    const next = child(node, element)
    if (next === undefined) break
    node = next.value
    offset = next.offset
    depth++
  }
  return { depth, offset }
}

function child(node: unknown, element: PropertyKey): { readonly value: unknown; readonly offset: number } | undefined {
  if (isMap(node)) {
    const pair = node.items.find((item) => isPair(item) && isScalar(item.key) && String(item.key.value) === String(element))
    return pair === undefined ? undefined : { value: pair.value, offset: startOf(pair.key) }
  }
  if (isSeq(node) && typeof element === 'number' && element < node.items.length) {
    const item = node.items[element]
    return { value: item, offset: startOf(item) }
  }
  return undefined
}

function startOf(node: unknown): number {
  return isNode(node) ? node.range?.[0] ?? 0 : 0
}
