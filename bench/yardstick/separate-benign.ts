import { separateSources } from '../../agent/evaluation/index.ts'
import type { Separation } from '../../agent/evaluation/index.ts'
import { integerBelow, seededRandom } from '../../agent/kit/index.ts'
import { LABEL } from '../../agent/learning/index.ts'
import type { TrainingSamples } from '../../agent/learning/index.ts'

/**
 * A long capture must not be the whole of its source; a source of many files gives fewer of each, because every pair of rows is compared.
 */
const ROWS_PER_FILE_MAX = 60
const ROWS_PER_SOURCE_MAX = 2_500

/** How well sources of benign traffic are told apart by the feature rows that the agent's models read. */
export function separateBenign(samples: TrainingSamples, seed: number): Separation | undefined {
  const { captures, captureList, features: { values, width } } = samples
  const random = seededRandom(seed)
  const byFile = captureList.map((): number[] => [])
  for (const [row, label] of samples.labels.entries()) if (label === LABEL.benign) byFile[captures[row]!]!.push(row)
  const rows = byFile.flatMap((candidates, file) => {
    const siblings = byFile.filter((each, other) => each.length > 0 && captureList[other]!.source === captureList[file]!.source).length
    const count = Math.min(ROWS_PER_FILE_MAX, Math.max(1, Math.floor(ROWS_PER_SOURCE_MAX / Math.max(1, siblings))))
    return draw(candidates, count, (below) => integerBelow(random, below))
  })
  const picked = new Float32Array(rows.length * width)
  for (const [index, row] of rows.entries()) picked.set(values.subarray(row * width, (row + 1) * width), index * width)
  return separateSources({
    values: picked, width, files: Int32Array.from(rows, (row) => captures[row]!), sources: captureList.map(({ source }) => source),
  })
}

/** `count` of the items without repetition (Fisher and Yates), all where there are fewer. */
function draw<T>(items: readonly T[], count: number, integerBelow: (below: number) => number): T[] {
  const left = [...items]
  const drawn: T[] = []
  while (drawn.length < count && left.length > 0) {
    const index = integerBelow(left.length)
    drawn.push(left[index]!)
    left[index] = left.at(-1)!
    left.pop()
  }
  return drawn
}
