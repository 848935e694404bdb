import { seededRandom } from '../kit/index.ts'
import type { Random } from '../kit/index.ts'
import { correctedRate } from './adam.ts'
import { LearningError } from './errors.ts'
import type { LstmShape } from './lstm-layer.ts'
import {
  evaluationGraph, parameterShapes, SEQUENCE_PARAMETERS, STANDARDISED_MAX, trainingGraph,
} from './sequence-graphs.ts'
import type { PerParameter, SequenceModel } from './sequence-graphs.ts'
import { shuffle } from './shuffle.ts'
import { openGraphSession } from './training-session.ts'
import type { FloatTensor, GraphSession } from './training-session.ts'

/** Labelled sequences in typed arrays. */
export interface SequenceSamples {
  readonly steps: number
  readonly width: number
  /** [row][step][column], oldest event first; behind a row's length anything may stand. */
  readonly sequences: Float32Array
  /** Events of each row, 1..steps. */
  readonly lengths: Int32Array
  /** 1 attack, 0 benign. */
  readonly labels: Uint8Array
  /** How much each row counts; only the ratios matter. */
  readonly weights: Float32Array
}

/** Rows to train on, and rows that say when to stop. */
export interface SplitRows {
  readonly train: readonly number[]
  readonly heldOut: readonly number[]
}

/** How to train. */
export interface SequenceOptions {
  readonly seed: number
  readonly hidden: number
  readonly batch: number
  readonly learningRate: number
  readonly epochsMax: number
  /** Training stops after this many epochs without a better held-out loss. */
  readonly patience: number
  readonly signal?: AbortSignal
}

/** A model with the road to it. */
export interface SequenceTraining {
  readonly model: SequenceModel
  /** Epochs behind the model that was kept. */
  readonly epochs: number
  readonly trainingLoss: readonly number[]
  readonly heldOutLoss: readonly number[]
}

/** Rows of one pass of the graph outside training. */
const SCORING_BATCH = 256

/**
 * Trains the sequence model on the rows `train` and keeps the parameters of the epoch with the least loss on the rows `heldOut`; without
 * held-out rows it trains for `epochsMax`. Same samples, rows and seed: same parameters.
 */
export async function trainSequenceModel(
  samples: SequenceSamples, rows: SplitRows, options: SequenceOptions,
): Promise<SequenceTraining> {
  if (rows.train.length === 0) {
    throw new LearningError({ code: 'LEARNING_ROWS_MISSING', what: 'sequences to train on' }, 'no sequences to train on')
  }
  const random = seededRandom(options.seed)
  const shape: LstmShape = { steps: samples.steps, width: samples.width, batch: options.batch, hidden: options.hidden }
  const standardisation = standardise(samples, rows.train)
  const batches = new BatchReader(samples, standardisation, shape)
  const training = await openGraphSession(trainingGraph(shape))
  const evaluation = await openGraphSession(evaluationGraph(shape))
  try {
    const trainer = new Trainer(training, initialParameters(shape, random), options.learningRate)
    const outcome = await runEpochs({ trainer, evaluation, batches, random, rows, options })
    return {
      model: { steps: shape.steps, width: shape.width, hidden: shape.hidden, ...standardisation, parameters: outcome.parameters },
      epochs: outcome.epochs, trainingLoss: outcome.trainingLoss, heldOutLoss: outcome.heldOutLoss,
    }
  } finally {
    await training.close()
    await evaluation.close()
  }
}

/** Scores in (0, 1) of the given rows by the graph of the training; the graph that ships gives the same to 1e-5. */
export async function scoreSequences(model: SequenceModel, samples: SequenceSamples, rows: readonly number[]): Promise<Float64Array> {
  const shape: LstmShape = { steps: model.steps, width: model.width, hidden: model.hidden, batch: SCORING_BATCH }
  const shapes = parameterShapes(shape)
  const parameters = Object.fromEntries(SEQUENCE_PARAMETERS.map((name) => [name, { data: model.parameters[name], shape: shapes[name] }]))
  const batches = new BatchReader(samples, model, shape)
  const evaluation = await openGraphSession(evaluationGraph(shape))
  const scores: number[] = []
  try {
    for (const { sequences, mask, rows: batch } of batches.read(rows)) {
      const { logit } = await evaluation.run({ sequences, mask, ...parameters })
      for (const index of batch.keys()) scores.push(1 / (1 + Math.exp(-logit!.data[index]!)))
    }
  } finally {
    await evaluation.close()
  }
  return Float64Array.from(scores)
}

interface Run {
  readonly trainer: Trainer
  readonly evaluation: GraphSession
  readonly batches: BatchReader
  readonly random: Random
  readonly rows: SplitRows
  readonly options: SequenceOptions
}

async function runEpochs({ trainer, evaluation, batches, random, rows, options }: Run) {
  const trainingLoss: number[] = []
  const heldOutLoss: number[] = []
  let best = { loss: Infinity, epochs: 0, parameters: trainer.parameters() }
  const order = [...rows.train]
  for (let epoch = 1; epoch <= options.epochsMax && epoch - best.epochs <= options.patience; epoch += 1) {
    options.signal?.throwIfAborted()
    shuffle(order, random)
    trainingLoss.push(await trainer.epoch(batches, order))
    const loss = rows.heldOut.length === 0 ? -epoch : await heldOut(evaluation, trainer, { batches, rows: rows.heldOut })
    heldOutLoss.push(loss)
    if (loss < best.loss) best = { loss, epochs: epoch, parameters: trainer.parameters() }
  }
  return { ...best, trainingLoss, heldOutLoss: rows.heldOut.length === 0 ? [] : heldOutLoss }
}

async function heldOut(
  evaluation: GraphSession, trainer: Trainer, { batches, rows }: { readonly batches: BatchReader; readonly rows: readonly number[] },
): Promise<number> {
  let [loss, weight] = [0, 0]
  const parameters = trainer.tensors()
  for (const batch of batches.read(rows)) {
    const { logit } = await evaluation.run({ sequences: batch.sequences, mask: batch.mask, ...parameters })
    for (const [index, row] of batch.rows.entries()) {
      loss += batches.weight(row) * crossEntropy(logit!.data[index]!, batches.label(row))
      weight += batches.weight(row)
    }
  }
  return loss / weight
}

/** softplus(logit) - label · logit, without overflow. */
function crossEntropy(logit: number, label: number): number {
  return Math.max(logit, 0) + Math.log1p(Math.exp(-Math.abs(logit))) - label * logit
}

/** Parameters and moments of one training run; each step puts them through the graph and takes them back. */
class Trainer {
  readonly #session: GraphSession
  readonly #rate: number
  #state: Record<string, FloatTensor>
  #steps = 0

  constructor(session: GraphSession, parameters: PerParameter<FloatTensor>, rate: number) {
    this.#session = session
    this.#rate = rate
    this.#state = Object.fromEntries(Object.entries(parameters).flatMap(([name, { data, shape }]) => [
      [name, { data, shape }],
      [`${name}.first`, { data: new Float32Array(data.length), shape }],
      [`${name}.second`, { data: new Float32Array(data.length), shape }],
    ]))
  }

  /** One pass over `order`; the mean loss of its batches. */
  async epoch(batches: BatchReader, order: readonly number[]): Promise<number> {
    let [loss, count] = [0, 0]
    for (const batch of batches.read(order)) {
      this.#steps += 1
      const rate = { data: Float32Array.of(correctedRate(this.#rate, this.#steps)), shape: [] }
      const { sequences, mask, labels, weights } = batch
      const results = await this.#session.run({ sequences, mask, labels, weights, rate, ...this.#state })
      this.#state = Object.fromEntries(Object.keys(this.#state).map((name) => [name, results[`next.${name}`]!]))
      loss += results['loss']!.data[0]!
      count += 1
    }
    return loss / count
  }

  tensors(): Record<string, FloatTensor> {
    return Object.fromEntries(SEQUENCE_PARAMETERS.map((name) => [name, this.#state[name]!]))
  }

  parameters(): PerParameter<Float32Array> {
    const copy = (name: string): Float32Array => Float32Array.from(this.#state[name]!.data)
    return {
      inputWeights: copy('inputWeights'), recurrentWeights: copy('recurrentWeights'), bias: copy('bias'),
      headWeights: copy('headWeights'), headBias: copy('headBias'),
    }
  }
}

interface Batch {
  readonly rows: readonly number[]
  readonly sequences: FloatTensor
  readonly mask: FloatTensor
  readonly labels: FloatTensor
  readonly weights: FloatTensor
}

/** Lays rows out as the graph wants them: standardised, step-major, padded to the batch. The buffers are used again for each batch. */
class BatchReader {
  readonly #samples: SequenceSamples
  readonly #standardisation: Pick<SequenceModel, 'mean' | 'scale'>
  readonly #shape: LstmShape
  readonly #buffers: Omit<Batch, 'rows'>

  constructor(samples: SequenceSamples, standardisation: Pick<SequenceModel, 'mean' | 'scale'>, shape: LstmShape) {
    const tensor = (...sizes: number[]): FloatTensor => ({ data: new Float32Array(sizes.reduce((a, b) => a * b, 1)), shape: sizes })
    this.#samples = samples
    this.#standardisation = standardisation
    this.#shape = shape
    this.#buffers = {
      sequences: tensor(shape.steps * shape.batch, shape.width), mask: tensor(shape.steps * shape.batch, 1),
      labels: tensor(shape.batch, 1), weights: tensor(shape.batch, 1),
    }
  }

  label(row: number): number {
    return this.#samples.labels[row]!
  }

  weight(row: number): number {
    return this.#samples.weights[row]!
  }

  * read(rows: readonly number[]): Generator<Batch> {
    const meanWeight = rows.reduce((sum, row) => sum + this.weight(row), 0) / rows.length
    for (let start = 0; start < rows.length; start += this.#shape.batch) {
      const batch = rows.slice(start, start + this.#shape.batch)
      for (const { data } of Object.values(this.#buffers)) data.fill(0)
      for (const [index, row] of batch.entries()) {
        this.#copySequence(index, row)
        this.#buffers.labels.data[index] = this.label(row)
        this.#buffers.weights.data[index] = this.weight(row) / (meanWeight * batch.length)
      }
      yield { rows: batch, ...this.#buffers }
    }
  }

  #copySequence(index: number, row: number): void {
    const { steps, width, batch } = this.#shape
    const { sequences, lengths } = this.#samples
    const { mean, scale } = this.#standardisation
    for (let step = 0; step < lengths[row]!; step += 1) {
      const from = (row * steps + step) * width
      const to = step * batch + index
      this.#buffers.mask.data[to] = 1
      for (let column = 0; column < width; column += 1) {
        const standardised = (sequences[from + column]! - mean[column]!) * scale[column]!
        this.#buffers.sequences.data[to * width + column] = Math.max(-STANDARDISED_MAX, Math.min(STANDARDISED_MAX, standardised))
      }
    }
  }
}

/** Mean and 1 / standard deviation of each column over the events of the training rows; a constant column is left unscaled. */
function standardise({ steps, width, sequences, lengths }: SequenceSamples, rows: readonly number[]) {
  const [sum, squares] = [new Float64Array(width), new Float64Array(width)]
  const events = rows.reduce((total, row) => total + lengths[row]!, 0)
  const eachCell = (visit: (column: number, value: number) => void): void => {
    for (const row of rows) {
      const start = row * steps * width
      for (let cell = 0; cell < lengths[row]! * width; cell += 1) visit(cell % width, sequences[start + cell]!)
    }
  }
  eachCell((column, value) => { sum[column]! += value })
  const mean = Float32Array.from(sum, (total) => total / events)
  eachCell((column, value) => { squares[column]! += (value - mean[column]!) ** 2 })
  const scale = Float32Array.from(squares, (total) => (total > 0 ? 1 / Math.sqrt(total / events) : 1))
  return { mean, scale }
}

/** Glorot, Bengio (2010) uniform; forget gates open at first (bias 1: Jozefowicz et al. 2015), so that early steps are not lost. */
function initialParameters(shape: LstmShape, random: Random): PerParameter<FloatTensor> {
  const { width, hidden } = shape
  const shapes = parameterShapes(shape)
  const uniform = (size: readonly number[], fanInAndOut: number): FloatTensor => {
    const limit = Math.sqrt(6 / fanInAndOut)
    const length = size.reduce((product, each) => product * each, 1)
    return { data: Float32Array.from({ length }, () => (random.uniform() * 2 - 1) * limit), shape: size }
  }
  const bias = new Float32Array(4 * hidden).fill(1, 2 * hidden, 3 * hidden)
  return {
    inputWeights: uniform(shapes.inputWeights, width + hidden),
    recurrentWeights: uniform(shapes.recurrentWeights, 2 * hidden),
    bias: { data: bias, shape: shapes.bias },
    headWeights: uniform(shapes.headWeights, hidden + 1),
    headBias: { data: new Float32Array(1), shape: shapes.headBias },
  }
}
