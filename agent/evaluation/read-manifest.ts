import { readFileSync } from 'node:fs'
import path from 'node:path'
import { EvaluationError, formatManifestProblem } from './errors.ts'
import type { ManifestProblem } from './errors.ts'
import type { LabelledCapture } from './labelled-capture.ts'
import { parseManifest } from './parse-manifest.ts'

/** Reads manifests in the order given; paths of captures are relative to their manifest. Throws EvaluationError with every problem. */
export function readManifests(files: readonly string[]): readonly LabelledCapture[] {
  const captures: LabelledCapture[] = []
  const problems: ManifestProblem[] = []
  for (const file of files) {
    const folder = path.dirname(path.resolve(file))
    const parsed = parseManifest({ file, text: readText(file), resolvePath: (name) => path.resolve(folder, name) })
    if (parsed.ok) captures.push(...parsed.captures)
    else problems.push(...parsed.problems)
  }
  problems.push(...repeatedAcross(captures))
  if (problems.length === 0) return captures
  throw new EvaluationError({ code: 'EVALUATION_MANIFEST_INVALID', problems }, problems.map(formatManifestProblem).join('\n'))
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new EvaluationError({ code: 'EVALUATION_MANIFEST_UNREADABLE', file, reason }, `${file}: ${reason}`, { cause: error })
  }
}

/** An id names one capture in all manifests together; the same capture twice would count twice. */
function repeatedAcross(captures: readonly LabelledCapture[]): ManifestProblem[] {
  const first = new Map<string, string>()
  return captures.flatMap(({ id, place }) => {
    const before = first.get(id)
    if (before === undefined) {
      first.set(id, place)
      return []
    }
    const colon = place.lastIndexOf(':')
    const line = Number(place.slice(colon + 1))
    return [{ file: place.slice(0, colon), line, column: 1, message: `the id ${id} is already taken at ${before}` }]
  })
}
