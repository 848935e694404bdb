// A forest and a sequence model small enough to make in a test, with the manifest that goes with them.
import type { LoadedModels, ModelManifest } from '../../agent/ensemble/index.ts'
import { UNTRAINED_FUSION } from '../../agent/ensemble/index.ts'
import { forestGraph } from '../../agent/learning/forest-graph.ts'
import { IsolationForest } from '../../agent/learning/isolation-forest.ts'
import { sha256 } from '../../agent/learning/model-files.ts'
import { inferenceGraph } from '../../agent/learning/sequence-graphs.ts'
import type { SequenceModel } from '../../agent/learning/sequence-graphs.ts'
import { seededRandom } from '../../agent/kit/index.ts'

const random = seededRandom(13)
const uniform = (length: number): Float32Array => Float32Array.from({ length }, () => random.uniform() * 2 - 1)

/** Feature columns of the small forest. */
export const FOREST_WIDTH = 5

/** Fitted on 300 uniform rows. */
export const smallForest = IsolationForest.fit(
  { values: uniform(300 * FOREST_WIDTH), width: FOREST_WIDTH }, Array.from({ length: 300 }, (_, row) => row),
  { seed: 1, trees: 20, subsample: 64 },
)

/** Random weights: scores mean nothing, but every input moves them. */
export const smallSequenceModel: SequenceModel = {
  steps: 6, width: 3, hidden: 4, mean: uniform(3), scale: Float32Array.of(1, 2, 0.5),
  parameters: {
    inputWeights: uniform(3 * 16), recurrentWeights: uniform(4 * 16), bias: uniform(16), headWeights: uniform(4), headBias: uniform(1),
  },
}

/** The two as files. */
export const smallFiles = { 'forest.onnx': forestGraph(smallForest), 'sequence.onnx': inferenceGraph(smallSequenceModel) }

/** What an agent with these schemas expects. */
export const smallInputs = {
  forest: { schemaVersion: 'flow-1', inputWidth: FOREST_WIDTH },
  sequence: { schemaVersion: 'event-1', inputWidth: 3, steps: 6 },
}

/** The manifest of the two. */
export function smallManifest(version = 'small-1'): ModelManifest {
  const pin = (file: keyof typeof smallFiles) => ({ file, sha256: sha256(smallFiles[file]), bytes: smallFiles[file].length })
  const facts = { rows: 300, parameters: {}, heldOutAuc: null }
  return {
    format: 1, version, description: 'for tests', limits: [], seed: 1, fusedHeldOutAuc: null, training: [], fusion: UNTRAINED_FUSION,
    models: [
      { kind: 'forest', ...pin('forest.onnx'), ...smallInputs.forest, ...facts },
      { kind: 'sequence', ...pin('sequence.onnx'), ...smallInputs.sequence, ...facts },
    ],
  }
}

/** The two as if read from a folder. */
export function smallModels(files: Partial<typeof smallFiles> = {}): LoadedModels {
  const manifest = smallManifest()
  const [forest, sequence] = manifest.models
  return {
    folder: 'memory', manifest,
    forest: { ...forest!, content: files['forest.onnx'] ?? smallFiles['forest.onnx'] },
    sequence: { ...sequence!, content: files['sequence.onnx'] ?? smallFiles['sequence.onnx'] },
  }
}
