// Goal: the ONNX writer is right about forests that are not ours.
// Method: scikit-learn's own trees (tests/fixtures/scikit-learn-forest.py), with their float64 thresholds, through the same writer.
import { readFileSync } from 'node:fs'
import { InferenceSession, Tensor } from 'onnxruntime-node'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { forestGraph } from '../../agent/learning/forest-graph.ts'
import { expectedPathLength, IsolationForest, roundDown } from '../../agent/learning/isolation-forest.ts'
import type { IsolationTree } from '../../agent/learning/isolation-forest.ts'

const numbers = z.array(z.number())
const treeSchema = z.object({ feature: numbers, threshold: numbers, left: numbers, right: numbers, rows: numbers })
const fixtureSchema = z.object({ subsample: z.int(), width: z.int(), rows: numbers, scores: numbers, trees: z.array(treeSchema) })

const fixture = fixtureSchema.parse(JSON.parse(readFileSync(new URL('../fixtures/scikit-learn-forest.json', import.meta.url), 'utf8')))
const values = Float32Array.from(fixture.rows)

test("scikit-learn's trees score through our ONNX file as in scikit-learn, to 1e-6", async () => {
  const forest = new IsolationForest(fixture.trees.map(toTree), fixture)
  const session = await InferenceSession.create(forestGraph(forest), { intraOpNumThreads: 1 })
  const { score } = await session.run({ rows: new Tensor('float32', values, [fixture.scores.length, fixture.width]) })
  await session.release()
  for (const [row, expected] of fixture.scores.entries()) {
    expect(Math.abs(Number(score!.data[row]) - expected)).toBeLessThan(1e-6)
    expect(Math.abs(forest.score({ values, width: fixture.width }, row) - expected)).toBeLessThan(1e-6)
  }
})

function toTree(tree: z.infer<typeof treeSchema>): IsolationTree {
  const depth = new Map([[0, 0]])
  const pathLength = new Float32Array(tree.feature.length)
  for (const [node, feature] of tree.feature.entries()) { // parents stand before their children
    const here = depth.get(node)!
    if (feature < 0) pathLength[node] = here + expectedPathLength(tree.rows[node]!)
    else for (const child of [tree.left[node]!, tree.right[node]!]) depth.set(child, here + 1)
  }
  return {
    feature: Int32Array.from(tree.feature), threshold: Float32Array.from(tree.threshold, roundDown),
    left: Int32Array.from(tree.left), right: Int32Array.from(tree.right), pathLength,
  }
}
