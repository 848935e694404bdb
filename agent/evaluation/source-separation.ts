import { proportion } from './exact-bounds.ts'
import type { Proportion } from './exact-bounds.ts'
import { fitSoftmax, nearestNeighbour } from './softmax-regression.ts'
import type { ClassifiedRows, RowClassifier } from './softmax-regression.ts'

/** Benign rows with the file and the source they come from. */
export interface SourcedRows {
  readonly values: Float32Array
  readonly width: number
  /** Index of each row's file. */
  readonly files: Int32Array
  /** Source of each file. */
  readonly sources: readonly string[]
}

/** How often one classifier told where benign traffic came from, on files that it had not seen. */
export interface SeparationOutcome {
  readonly classifier: string
  /** Mean over sources of the share of rows told right, every file weighing the same; chance is 1 / sources. */
  readonly balancedAccuracy: number
  /** For each source its files whose rows mostly went to it: files are the independent trials. */
  readonly files: readonly Proportion[]
}

/** How well sources of benign traffic can be told apart. What can be told apart can be learned in place of what was asked. */
export interface Separation {
  readonly sources: readonly string[]
  readonly fileCounts: readonly number[]
  readonly chance: number
  readonly outcomes: readonly SeparationOutcome[]
  /** Sources with too few files to hold some out. */
  readonly leftOut: readonly string[]
}

const FOLDS = 5
const FILES_MIN = 2
const CLASSIFIERS: readonly (readonly [name: string, fit: (rows: ClassifiedRows, training: Uint32Array) => RowClassifier])[] = [
  ['logistic regression', fitSoftmax], ['nearest neighbour', nearestNeighbour],
]

/** Cross-validated by file. Undefined with fewer than two sources that have two files each. */
export function separateSources(rows: SourcedRows): Separation | undefined {
  const used = [...new Set(rows.files)].sort((left, right) => left - right)
  const names = [...new Set(used.map((file) => rows.sources[file]!))].sort()
  const filesOf = (source: string): number[] => used.filter((file) => rows.sources[file] === source)
  const sources = names.filter((source) => filesOf(source).length >= FILES_MIN)
  if (sources.length < 2) return undefined
  const foldOf = new Map(sources.flatMap((source) => filesOf(source).map((file, index) => [file, index % FOLDS] as const)))
  const classified: ClassifiedRows = {
    values: rows.values, width: rows.width, classCount: sources.length,
    classes: Uint8Array.from(rows.files, (file) => Math.max(0, sources.indexOf(rows.sources[file]!))),
  }
  return {
    sources, fileCounts: sources.map((source) => filesOf(source).length), chance: 1 / sources.length,
    leftOut: names.filter((source) => !sources.includes(source)),
    outcomes: CLASSIFIERS.map(([classifier, fit]) => {
      const shares = sharesToldRight(classified, { files: rows.files, foldOf, fit })
      const bySource = sources.map((source) => filesOf(source).map((file) => shares.get(file) ?? 0))
      return {
        classifier,
        balancedAccuracy: mean(bySource.map(mean)),
        files: bySource.map((each) => proportion(each.filter((right) => right > 0.5).length, each.length)),
      }
    }),
  }
}

/** For each file the share of its rows that a classifier which had not seen it put to the right source. */
function sharesToldRight(rows: ClassifiedRows, { files, foldOf, fit }: {
  readonly files: Int32Array
  readonly foldOf: ReadonlyMap<number, number>
  readonly fit: (rows: ClassifiedRows, training: Uint32Array) => RowClassifier
}): Map<number, number> {
  const all = Uint32Array.from(files.keys())
  const [right, total] = [new Map<number, number>(), new Map<number, number>()]
  for (let fold = 0; fold < FOLDS; fold += 1) {
    const isIn = (row: number): boolean => foldOf.get(files[row]!) === fold
    const judged = all.filter(isIn)
    if (judged.length === 0) continue
    const classify = fit(rows, all.filter((row) => foldOf.has(files[row]!) && !isIn(row)))
    for (const row of judged) {
      const file = files[row]!
      total.set(file, (total.get(file) ?? 0) + 1)
      if (classify(row) === rows.classes[row]) right.set(file, (right.get(file) ?? 0) + 1)
    }
  }
  return new Map([...total].map(([file, count]) => [file, (right.get(file) ?? 0) / count]))
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
