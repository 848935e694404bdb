// Cost of a row through the inference worker, and of an epoch of training: node bench/inference.ts
// Models of the shipped size with random content: time depends on shape, not on what was learned.
import { openInferenceClient, UNTRAINED_FUSION } from '../agent/ensemble/index.ts'
import type { InferenceClient, LoadedModel } from '../agent/ensemble/index.ts'
import { forestGraph } from '../agent/learning/forest-graph.ts'
import { FOREST_DEFAULTS, IsolationForest } from '../agent/learning/isolation-forest.ts'
import { inferenceGraph } from '../agent/learning/sequence-graphs.ts'
import { trainSequenceModel } from '../agent/learning/train-sequence.ts'
import type { SequenceSamples } from '../agent/learning/train-sequence.ts'
import { EVENT_VECTOR_SCHEMA, FEATURE_SCHEMA, SEQUENCE_STEPS } from '../agent/features/index.ts'
import { seededRandom } from '../agent/kit/index.ts'

const [FOREST_WIDTH, STEPS, WIDTH] = [FEATURE_SCHEMA.features.length, SEQUENCE_STEPS, EVENT_VECTOR_SCHEMA.features.length]
const HIDDEN = 32
const TRAINING_ROWS = 10_000
const ROUNDS = 1_000

const random = seededRandom(1)
const uniform = (length: number): Float32Array => Float32Array.from({ length }, () => random.uniform())

const samples: SequenceSamples = {
  steps: STEPS, width: WIDTH, sequences: uniform(TRAINING_ROWS * STEPS * WIDTH),
  lengths: new Int32Array(TRAINING_ROWS).fill(STEPS),
  labels: Uint8Array.from({ length: TRAINING_ROWS }, () => Math.round(random.uniform())),
  weights: new Float32Array(TRAINING_ROWS).fill(1),
}
const options = { seed: 1, hidden: HIDDEN, batch: 128, learningRate: 3e-3, patience: 99 }
const rows = { train: Array.from(samples.labels.keys()), heldOut: [] }

const model = await report(`LSTM ${STEPS} × ${WIDTH}, hidden ${HIDDEN}, ${TRAINING_ROWS} sequences: seconds an epoch`, async () => {
  const one = await seconds(() => trainSequenceModel(samples, rows, { ...options, epochsMax: 1 }))
  const five = await seconds(() => trainSequenceModel(samples, rows, { ...options, epochsMax: 5 }))
  return { value: (five.elapsed - one.elapsed) / 4, result: five.result.model }
})
const matrix = { values: uniform(5_000 * FOREST_WIDTH), width: FOREST_WIDTH }
const { trees, subsample } = FOREST_DEFAULTS
const forest = await report(`forest ${trees} × ${subsample}, ${FOREST_WIDTH} columns: milliseconds to fit`, async () => {
  const pool = Array.from({ length: 5_000 }, (_, row) => row)
  const fit = await seconds(() => IsolationForest.fit(matrix, pool, { trees, subsample, seed: 1 }))
  return { value: fit.elapsed * 1e3, result: fit.result }
})

const client = await openInferenceClient({
  folder: '', forest: loaded('forest', forestGraph(forest), FOREST_WIDTH), sequence: loaded('sequence', inferenceGraph(model), WIDTH),
  manifest: {
    format: 1, version: 'bench', description: '', limits: [], seed: 1, models: [], fusion: UNTRAINED_FUSION, fusedHeldOutAuc: null,
    training: [],
  },
})
for (const count of [1, 64, 1_024]) await measureClient(client, count)
await client.close()

async function measureClient(client: InferenceClient, count: number): Promise<void> {
  const forestRows = uniform(count * FOREST_WIDTH)
  const sequences = uniform(count * STEPS * WIDTH)
  const lengths = new Int32Array(count).fill(STEPS)
  const rounds = Math.ceil(ROUNDS / Math.ceil(count / 64))
  const cases = [
    ['forest', () => client.scoreForest(forestRows, count, FOREST_WIDTH)],
    ['LSTM', () => client.scoreSequences(sequences, lengths, count)],
  ] as const
  for (const [name, score] of cases) {
    for (let round = 0; round < rounds / 10; round += 1) await score()
    await report(`${name}, request of ${count}, one at a time: µs a row, there and back`, async () => {
      const { elapsed } = await seconds(async () => { for (let round = 0; round < rounds; round += 1) await score() })
      return { value: elapsed * 1e6 / rounds / count, result: undefined }
    })
    await report(`${name}, request of ${count}, four in flight: µs a row`, async () => {
      const { elapsed } = await seconds(async () => {
        for (let round = 0; round < rounds; round += 4) await Promise.all([score(), score(), score(), score()])
      })
      return { value: elapsed * 1e6 / rounds / count, result: undefined }
    })
  }
}

function loaded(kind: LoadedModel['kind'], content: Uint8Array, inputWidth: number): LoadedModel {
  const steps = kind === 'sequence' ? { steps: STEPS } : {}
  return {
    kind, file: `${kind}.onnx`, content, inputWidth, ...steps, sha256: '', bytes: content.length, schemaVersion: '', rows: 1,
    parameters: {}, heldOutAuc: null,
  }
}

async function report<T>(what: string, measure: () => Promise<{ value: number; result: T }>): Promise<T> {
  const { value, result } = await measure()
  console.log(`${value.toFixed(value < 10 ? 2 : 0).padStart(8)}  ${what}`)
  return result
}

async function seconds<T>(work: () => T | Promise<T>): Promise<{ elapsed: number; result: T }> {
  const start = performance.now()
  const result = await work()
  return { elapsed: (performance.now() - start) / 1e3, result }
}
