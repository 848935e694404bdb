// Goal: the training graph computes the loss and the gradient that the equations say.
// Method: a small layer with random weights and sequences of unequal length, beside a float64 reference, which in turn is checked against
// central differences.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { correctedRate } from '../../agent/learning/adam.ts'
import { parameterShapes, SEQUENCE_PARAMETERS, trainingGraph } from '../../agent/learning/sequence-graphs.ts'
import type { PerParameter } from '../../agent/learning/sequence-graphs.ts'
import { openGraphSession } from '../../agent/learning/training-session.ts'
import type { FloatTensor, GraphSession } from '../../agent/learning/training-session.ts'
import { seededRandom } from '../../agent/kit/index.ts'
import { referenceLoss } from './reference-lstm.ts'
import type { ReferenceSequence } from './reference-lstm.ts'

const SHAPE = { steps: 5, batch: 4, width: 3, hidden: 6 }
const random = seededRandom(7)
const normalish = (): number => random.uniform() + random.uniform() + random.uniform() - 1.5

const SHAPES = parameterShapes(SHAPE)
const drawParameter = (name: keyof typeof SHAPES): Float32Array =>
  Float32Array.from({ length: SHAPES[name].reduce((product, size) => product * size, 1) }, normalish)
const PARAMETERS: PerParameter<Float32Array> = {
  inputWeights: drawParameter('inputWeights'), recurrentWeights: drawParameter('recurrentWeights'), bias: drawParameter('bias'),
  headWeights: drawParameter('headWeights'), headBias: drawParameter('headBias'),
}

/** Three real rows of length 5, 2 and 1; the fourth row of the batch is padding. */
const SEQUENCES: readonly ReferenceSequence[] = [5, 2, 1].map((length, index) => ({
  events: Array.from({ length }, () => Array.from({ length: SHAPE.width }, () => Math.fround(normalish()))),
  label: index % 2,
  weight: Math.fround(0.2 + 0.3 * index),
}))

let session: GraphSession
beforeAll(async () => { session = await openGraphSession(trainingGraph(SHAPE, { withGradients: true })) })
afterAll(() => session.close())

test('the reference gradient is the slope of the reference loss (central differences)', () => {
  const { gradient } = referenceLoss(PARAMETERS, SHAPE.hidden, SEQUENCES)
  const step = 1e-5
  for (const name of SEQUENCE_PARAMETERS) {
    for (const [index, analytic] of gradient[name].entries()) {
      const at = (offset: number): number => {
        const moved = Float64Array.from(PARAMETERS[name])
        moved[index]! += offset
        return referenceLoss({ ...PARAMETERS, [name]: moved }, SHAPE.hidden, SEQUENCES).loss
      }
      expect(Math.abs((at(step) - at(-step)) / (2 * step) - analytic), `${name}[${index}]`).toBeLessThan(1e-8)
    }
  }
})

test('loss and gradients of the graph are those of the reference', async () => {
  const results = await session.run(feeds(0))
  const { loss, gradient } = referenceLoss(PARAMETERS, SHAPE.hidden, SEQUENCES)
  expect(results['loss']!.data[0]).toBeCloseTo(loss, 5)
  for (const name of SEQUENCE_PARAMETERS) {
    expect(largestDifference(results[`gradient.${name}`]!.data, gradient[name])).toBeLessThan(1e-6)
  }
})

test('what stands in padded steps and padded rows changes nothing', async () => {
  const clean = await session.run(feeds(0))
  const dirty = await session.run(feeds(1e3))
  for (const name of Object.keys(clean)) expect(dirty[name]!.data).toEqual(clean[name]!.data)
})

test('the first Adam step moves each weight by the learning rate against the sign of its gradient', async () => {
  const rate = 0.01
  const results = await session.run({ ...feeds(0), rate: { data: Float32Array.of(correctedRate(rate, 1)), shape: [] } })
  for (const name of SEQUENCE_PARAMETERS) {
    const gradient = results[`gradient.${name}`]!.data
    for (const [index, value] of results[`next.${name}`]!.data.entries()) {
      if (Math.abs(gradient[index]!) < 1e-3) continue
      expect(value - PARAMETERS[name][index]!, `${name}[${index}]`).toBeCloseTo(-Math.sign(gradient[index]!) * rate, 4)
    }
  }
})

test('gradients longer than the limit are scaled back to it', async () => {
  const results = await session.run({ ...feeds(0), weights: { data: Float32Array.of(1e3, 1e3, 1e3, 0), shape: [SHAPE.batch, 1] } })
  const squares = SEQUENCE_PARAMETERS.map((name) => results[`next.${name}.first`]!.data.reduce((sum, value) => sum + (value / 0.1) ** 2, 0))
  expect(Math.sqrt(squares.reduce((sum, value) => sum + value, 0))).toBeCloseTo(5, 3)
})

/** The batch as the graph reads it, with `padding` written wherever nothing should be read. */
function feeds(padding: number): Record<string, FloatTensor> {
  const rows = SHAPE.steps * SHAPE.batch
  const sequences = new Float32Array(rows * SHAPE.width).fill(padding)
  const mask = new Float32Array(rows)
  for (const [row, { events }] of SEQUENCES.entries()) {
    for (const [step, event] of events.entries()) {
      mask[step * SHAPE.batch + row] = 1
      sequences.set(event, (step * SHAPE.batch + row) * SHAPE.width)
    }
  }
  const perRow = (read: (sequence: ReferenceSequence) => number): FloatTensor => ({
    data: Float32Array.from({ length: SHAPE.batch }, (_, row) => (SEQUENCES[row] === undefined ? 0 : read(SEQUENCES[row]))),
    shape: [SHAPE.batch, 1],
  })
  const parameters = SEQUENCE_PARAMETERS.flatMap((name): [string, FloatTensor][] => {
    const [data, shape] = [PARAMETERS[name], SHAPES[name]]
    const zeros = new Float32Array(data.length)
    return [[name, { data, shape }], [`${name}.first`, { data: zeros, shape }], [`${name}.second`, { data: zeros, shape }]]
  })
  return {
    sequences: { data: sequences, shape: [rows, SHAPE.width] },
    mask: { data: mask, shape: [rows, 1] },
    labels: perRow(({ label }) => label),
    weights: perRow(({ weight }) => weight),
    rate: { data: Float32Array.of(0), shape: [] },
    ...Object.fromEntries(parameters),
  }
}

function largestDifference(left: Float32Array, right: Float64Array): number {
  return left.reduce((largest, value, index) => Math.max(largest, Math.abs(value - right[index]!)), 0)
}
