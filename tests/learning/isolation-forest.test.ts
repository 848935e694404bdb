// Goal: the forest is the one of Liu 2008, and the ONNX file scores as the trees in memory do.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { InferenceSession, Tensor } from 'onnxruntime-node'
import { areaUnderRoc } from '../../agent/learning/auc.ts'
import { forestGraph } from '../../agent/learning/forest-graph.ts'
import { expectedPathLength, FOREST_DEFAULTS, IsolationForest, roundDown } from '../../agent/learning/isolation-forest.ts'
import type { FeatureMatrix } from '../../agent/learning/isolation-forest.ts'
import { seededRandom } from '../../agent/kit/index.ts'

const WIDTH = 6
const OPTIONS = { ...FOREST_DEFAULTS, seed: 11 }

test('c(n) is twice the harmonic number of n - 1 less 2 (n - 1) / n', () => {
  expect(expectedPathLength(1)).toBe(0)
  expect(expectedPathLength(2)).toBe(1)
  const harmonic = Array.from({ length: 255 }, (_, index) => 1 / (index + 1)).reduce((sum, term) => sum + term, 0)
  expect(expectedPathLength(256)).toBeCloseTo(2 * harmonic - 2 * 255 / 256, 2)
})

test('roundDown gives the greatest float32 that is not above its argument', () => {
  fc.assert(fc.property(fc.double({ noNaN: true, min: -1e30, max: 1e30 }), (value) => {
    const rounded = roundDown(value)
    expect(Math.fround(rounded)).toBe(rounded)
    expect(rounded).toBeLessThanOrEqual(value)
    // For every float32 x: x <= value exactly when x <= rounded; the next one up shows it.
    expect(nextUp(rounded)).toBeGreaterThan(value)
  }))
})

test('rows far from all others score above rows among them', () => {
  const matrix = cloud(2_000, 3)
  const forest = IsolationForest.fit(matrix, range(2_000), OPTIONS)
  const outlier = { values: new Float32Array(WIDTH).fill(9), width: WIDTH }
  const inlier = { values: new Float32Array(WIDTH).fill(0.1), width: WIDTH }
  expect(forest.score(outlier, 0)).toBeGreaterThan(0.6)
  expect(forest.score(inlier, 0)).toBeLessThan(0.5)
})

test('the same rows and seed give the same file, another seed another', () => {
  const matrix = cloud(600, 4)
  const bytes = (seed: number): Uint8Array => forestGraph(IsolationForest.fit(matrix, range(600), { ...OPTIONS, seed }))
  expect(bytes(1)).toEqual(bytes(1))
  expect(bytes(1)).not.toEqual(bytes(2))
})

test('a constant feature is never split on, and rows that are all alike make leaves at the root', () => {
  const matrix = cloud(500, 5)
  for (let row = 0; row < 500; row += 1) matrix.values[row * WIDTH + 2] = 7
  const forest = IsolationForest.fit(matrix, range(500), OPTIONS)
  expect(forest.trees.flatMap((tree) => [...tree.feature]).filter((feature) => feature === 2)).toEqual([])
  const alike = IsolationForest.fit({ values: new Float32Array(50 * WIDTH), width: WIDTH }, range(50), OPTIONS)
  expect(alike.trees.every((tree) => tree.feature.length === 1)).toBe(true)
  expect(alike.score({ values: new Float32Array(WIDTH), width: WIDTH }, 0)).toBeCloseTo(0.5, 6)
})

test('both sides of every split get rows, even between neighbouring floats', () => {
  const values = Float32Array.of(1, nextUp(1), 1, nextUp(1))
  const forest = IsolationForest.fit({ values, width: 1 }, range(4), { ...OPTIONS, trees: 20 })
  for (const tree of forest.trees) expect(tree.feature.length).toBe(3)
})

test('a row that is not finite is named and nothing is fitted', () => {
  const matrix = cloud(300, 6)
  matrix.values[41 * WIDTH + 3] = Number.NaN
  expect(() => IsolationForest.fit(matrix, range(300), OPTIONS)).toThrow('row 41, column 3: NaN is not a finite number')
})

test('the ONNX file scores as the trees in memory, to 1e-6, thresholds included', async () => {
  const matrix = cloud(3_000, 8)
  const forest = IsolationForest.fit(matrix, range(1_500), OPTIONS)
  // Rows that stand exactly on thresholds are where rounding would show.
  for (const [index, tree] of forest.trees.entries()) matrix.values[(2_000 + index) * WIDTH + tree.feature[0]!] = tree.threshold[0]!
  const scores = await onnxScores(forestGraph(forest), matrix)
  const differences = range(3_000).map((row) => Math.abs(scores[row]! - forest.score(matrix, row)))
  expect(Math.max(...differences)).toBeLessThan(1e-6)
})

test('AUC counts ties half and is null without both classes', () => {
  expect(areaUnderRoc([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1])).toBe(0.75)
  expect(areaUnderRoc([0.5, 0.5, 0.5], [0, 1, 1])).toBe(0.5)
  expect(areaUnderRoc([1, 2], [1, 1])).toBeNull()
  expect(areaUnderRoc([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1], [1, 3, 1, 1])).toBe((1 + 4) / 8)
})

/** Uniform rows in a cube around the origin, the first column skewed. */
function cloud(rows: number, seed: number): FeatureMatrix & { values: Float32Array } {
  const random = seededRandom(seed)
  const values = Float32Array.from({ length: rows * WIDTH }, (_, index) => {
    const value = random.uniform() * 2 - 1
    return index % WIDTH === 0 ? value ** 3 : value
  })
  return { values, width: WIDTH }
}

async function onnxScores(model: Uint8Array, { values, width }: FeatureMatrix): Promise<Float32Array> {
  const session = await InferenceSession.create(model, { intraOpNumThreads: 1 })
  const { score } = await session.run({ rows: new Tensor('float32', values, [values.length / width, width]) })
  await session.release()
  return Float32Array.from(score!.data, Number)
}

function nextUp(value: number): number {
  const step = (candidate: number): number => Math.fround(value + candidate)
  let size = Math.max(Math.abs(value) * 2 ** -24, 2 ** -149)
  while (step(size) <= value) size *= 2
  while (step(size / 2) > value && size / 2 > 0) size /= 2
  return step(size)
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index)
}
