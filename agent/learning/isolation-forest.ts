import { integerBelow, seededRandom } from '../kit/index.ts'
import type { Random } from '../kit/index.ts'
import { LearningError } from './errors.ts'

/** A tree in flat arrays, the root at 0. `feature` is -1 in a leaf; else `row[feature] <= threshold` leads to `left`. */
export interface IsolationTree {
  readonly feature: Int32Array
  readonly threshold: Float32Array
  readonly left: Int32Array
  readonly right: Int32Array
  /** In leaves: expected path length = depth + c(rows that ended here). */
  readonly pathLength: Float32Array
}

/** Rows, row-major. */
export interface FeatureMatrix {
  readonly values: Float32Array
  readonly width: number
}

/** How to fit; the defaults are the paper's. */
export interface ForestOptions {
  readonly seed: number
  readonly trees: number
  readonly subsample: number
}

/** Liu, Ting, Zhou, "Isolation forest" (ICDM 2008), section 4: 100 trees of 256 rows; more brings nothing. */
export const FOREST_DEFAULTS = { trees: 100, subsample: 256 } as const

const EULER = 0.5772156649015329

/** c(n): mean path length of an unsuccessful search in a binary search tree of n keys (Liu 2008, equation 1). */
export function expectedPathLength(rows: number): number {
  if (rows <= 1) return 0
  if (rows === 2) return 1
  return 2 * (Math.log(rows - 1) + EULER) - 2 * (rows - 1) / rows
}

/**
 * An isolation forest: rows that few random splits separate from the rest are anomalous.
 * Score 2^(-mean path / c(subsample)), in (0, 1); around 0.5 and below is ordinary.
 */
export class IsolationForest {
  readonly trees: readonly IsolationTree[]
  readonly subsample: number
  readonly width: number

  constructor(trees: readonly IsolationTree[], { subsample, width }: { readonly subsample: number; readonly width: number }) {
    this.trees = trees
    this.subsample = subsample
    this.width = width
  }

  /** Fits on the rows named by `pool`, each tree on a subsample drawn without replacement. Same rows and seed, same forest. */
  static fit(matrix: FeatureMatrix, pool: readonly number[], options: ForestOptions): IsolationForest {
    if (pool.length < 2) {
      throw new LearningError(
        { code: 'LEARNING_ROWS_MISSING', what: 'benign rows for the forest' }, `${pool.length} benign rows; a forest needs two`,
      )
    }
    checkFinite(matrix, pool)
    const random = seededRandom(options.seed)
    const subsample = Math.min(options.subsample, pool.length)
    const trees = Array.from({ length: options.trees }, () => growTree(matrix, drawRows(pool, subsample, random), random))
    return new IsolationForest(trees, { subsample, width: matrix.width })
  }

  /** The score of one row of `matrix`. */
  score({ values, width }: FeatureMatrix, row: number): number {
    let sum = 0
    for (const tree of this.trees) sum += pathLength(tree, values, row * width)
    return 2 ** (-sum / this.trees.length / expectedPathLength(this.subsample))
  }
}

function pathLength(tree: IsolationTree, values: Float32Array, start: number): number {
  let node = 0
  for (let feature = tree.feature[0]!; feature >= 0; feature = tree.feature[node]!) {
    node = values[start + feature]! <= tree.threshold[node]! ? tree.left[node]! : tree.right[node]!
  }
  return tree.pathLength[node]!
}

/** Selection sampling (Knuth, TAOCP 3.4.2, algorithm S): `count` rows of the pool in one pass, none twice. */
function drawRows(pool: readonly number[], count: number, random: Random): Int32Array {
  const rows = new Int32Array(count)
  let taken = 0
  for (let seen = 0; taken < count; seen += 1) {
    if ((pool.length - seen) * random.uniform() >= count - taken) continue
    rows[taken] = pool[seen]!
    taken += 1
  }
  return rows
}

/** A tree under construction. */
interface Growth {
  readonly matrix: FeatureMatrix
  readonly random: Random
  readonly depthMax: number
  readonly feature: number[]
  readonly threshold: number[]
  readonly left: number[]
  readonly right: number[]
  readonly pathLength: number[]
}

function growTree(matrix: FeatureMatrix, rows: Int32Array, random: Random): IsolationTree {
  const depthMax = Math.ceil(Math.log2(rows.length))
  const growth: Growth = { matrix, random, depthMax, feature: [], threshold: [], left: [], right: [], pathLength: [] }
  growNode(growth, rows, 0)
  return {
    feature: Int32Array.from(growth.feature), threshold: Float32Array.from(growth.threshold), left: Int32Array.from(growth.left),
    right: Int32Array.from(growth.right), pathLength: Float32Array.from(growth.pathLength),
  }
}

/** Adds the node over `rows` (which it reorders) and everything below it; its index is the result. Depth is at most log2(subsample). */
function growNode(growth: Growth, rows: Int32Array, depth: number): number {
  const node = growth.feature.push(-1) - 1
  growth.threshold.push(0)
  growth.left.push(0)
  growth.right.push(0)
  growth.pathLength.push(depth + expectedPathLength(rows.length))
  const split = depth < growth.depthMax && rows.length > 1 ? drawSplit(growth, rows) : undefined
  if (split === undefined) return node
  const middle = partition(growth.matrix, rows, split)
  growth.feature[node] = split.feature
  growth.threshold[node] = split.threshold
  growth.pathLength[node] = 0
  growth.left[node] = growNode(growth, rows.subarray(0, middle), depth + 1)
  growth.right[node] = growNode(growth, rows.subarray(middle), depth + 1)
  return node
}

interface Split {
  readonly feature: number
  readonly threshold: number
}

/** A random feature among those that vary here, cut at a random place: a constant feature would only add depth. */
function drawSplit({ matrix, random }: Growth, rows: Int32Array): Split | undefined {
  const varying: { feature: number; least: number; greatest: number }[] = []
  for (let feature = 0; feature < matrix.width; feature += 1) {
    let [least, greatest] = [Infinity, -Infinity]
    for (const row of rows) {
      const value = matrix.values[row * matrix.width + feature]!
      if (value < least) least = value
      if (value > greatest) greatest = value
    }
    if (greatest > least) varying.push({ feature, least, greatest })
  }
  if (varying.length === 0) return undefined
  const { feature, least, greatest } = varying[integerBelow(random, varying.length)]!
  const threshold = roundDown(least + random.uniform() * (greatest - least))
  // Neighbouring floats leave no room between them: the cut then falls on the lower one.
  return { feature, threshold: threshold < greatest ? threshold : least }
}

/** Rows at or below the threshold first; their number. */
function partition({ values, width }: FeatureMatrix, rows: Int32Array, { feature, threshold }: Split): number {
  let middle = 0
  for (let index = 0; index < rows.length; index += 1) {
    const row = rows[index]!
    if (values[row * width + feature]! > threshold) continue
    rows[index] = rows[middle]!
    rows[middle] = row
    middle += 1
  }
  return middle
}

const floatBits = new Float32Array(1)
const integerBits = new Int32Array(floatBits.buffer)

/**
 * The greatest float32 that is not above `value`. For a float32 x, x <= value exactly when x <= roundDown(value), so a model in
 * float32 sends every row the way the float64 threshold would; rounding to nearest may not.
 */
export function roundDown(value: number): number {
  const nearest = Math.fround(value)
  if (nearest <= value) return nearest
  floatBits[0] = nearest
  if (nearest > 0) integerBits[0]! -= 1
  else if (nearest < 0) integerBits[0]! += 1
  else integerBits[0] = 0x8000_0001 | 0 // below zero stands the smallest negative number
  return floatBits[0]
}

function checkFinite({ values, width }: FeatureMatrix, pool: readonly number[]): void {
  for (const row of pool) {
    for (let column = 0; column < width; column += 1) {
      if (Number.isFinite(values[row * width + column]!)) continue
      throw new LearningError(
        { code: 'LEARNING_ROW_NOT_FINITE', row, column },
        `row ${row}, column ${column}: ${values[row * width + column]} is not a finite number`,
      )
    }
  }
}
