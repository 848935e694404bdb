import { adamStep } from './adam.ts'
import { GraphBuilder } from './graph-builder.ts'
import type { Value } from './graph-builder.ts'
import { lstmLayer } from './lstm-layer.ts'
import type { LstmShape } from './lstm-layer.ts'
import { Tape } from './tape.ts'

/** Names of the sequence model's parameters, in the order of their shapes. */
export const SEQUENCE_PARAMETERS = ['inputWeights', 'recurrentWeights', 'bias', 'headWeights', 'headBias'] as const

/** One number or tensor for each parameter. */
export type PerParameter<T> = Record<(typeof SEQUENCE_PARAMETERS)[number], T>

/** A trained sequence model: what the inference graph needs, and nothing of the training. */
export interface SequenceModel {
  readonly steps: number
  readonly width: number
  readonly hidden: number
  /** Per input column: standardised = clamp((x - mean) · scale, ±clip). */
  readonly mean: Float32Array
  readonly scale: Float32Array
  readonly parameters: PerParameter<Float32Array>
}

/** Standardised inputs are kept within this: a single wild value must not saturate every gate. */
export const STANDARDISED_MAX = 8

/** Shapes of the parameters. */
export function parameterShapes({ width, hidden }: Pick<LstmShape, 'width' | 'hidden'>): PerParameter<readonly number[]> {
  return {
    inputWeights: [width, 4 * hidden],
    recurrentWeights: [hidden, 4 * hidden],
    bias: [4 * hidden],
    headWeights: [hidden, 1],
    headBias: [1],
  }
}

/**
 * One training step as a graph. In: `sequences` [steps · batch, width] step-major and standardised, `mask` [steps · batch, 1], `labels` and
 * `weights` [batch, 1], `rate` [], each parameter and its moments `<name>`, `<name>.first`, `<name>.second`.
 * Out: `loss`, and under `next.` what goes in again. The loss is the weighted sum of cross-entropies; a row of weight 0 is padding.
 */
export function trainingGraph(shape: LstmShape, options: { readonly withGradients?: boolean } = {}): Uint8Array {
  const tape = new Tape(new GraphBuilder())
  const { graph } = tape
  const inputs = declareInputs(graph, shape)
  const labels = graph.input('labels', [shape.batch, 1])
  const weights = graph.input('weights', [shape.batch, 1])
  const rate = graph.input('rate', [])
  const logit = forward(tape, inputs, shape)
  const loss = tape.sum(tape.multiply(weights, tape.subtract(tape.softplus(logit), tape.multiply(labels, logit))))
  const values = SEQUENCE_PARAMETERS.map((name) => inputs.parameters[name])
  const gradients = tape.gradients(loss, values)

  const updates = adamStep(graph, values.map((value, index) => ({
    value,
    gradient: gradients[index]!,
    firstMoment: graph.input(`${value.name}.first`, value.shape),
    secondMoment: graph.input(`${value.name}.second`, value.shape),
  })), rate)
  graph.output('loss', loss)
  for (const [index, name] of SEQUENCE_PARAMETERS.entries()) {
    const update = updates[index]!
    graph.output(`next.${name}`, update.value)
    graph.output(`next.${name}.first`, update.firstMoment)
    graph.output(`next.${name}.second`, update.secondMoment)
    if (options.withGradients === true) graph.output(`gradient.${name}`, gradients[index]!)
  }
  return graph.encode('sequence-training')
}

/** The forward pass alone, parameters as inputs: `logit` [batch, 1], for scoring held-out sequences between epochs. */
export function evaluationGraph(shape: LstmShape): Uint8Array {
  const tape = new Tape(new GraphBuilder())
  tape.graph.output('logit', forward(tape, declareInputs(tape.graph, shape), shape))
  return tape.graph.encode('sequence-evaluation')
}

/**
 * The graph that ships: raw `sequences` [rows, steps, width] oldest event first, `lengths` [rows] of at least 1, `score` [rows, 1] in
 * (0, 1). ONNX's own LSTM operator; what stands behind a sequence's length takes no part.
 */
export function inferenceGraph(model: SequenceModel): Uint8Array {
  const { steps, width, hidden, parameters } = model
  const graph = new GraphBuilder()
  const sequences = graph.input('sequences', ['rows', steps, width])
  const lengths = graph.input('lengths', ['rows'], 'int32')
  const gates = 4 * hidden
  const weights = graph.constant(transpose(parameters.inputWeights, width, gates), [1, gates, width])
  const recurrent = graph.constant(transpose(parameters.recurrentWeights, hidden, gates), [1, gates, hidden])
  const bias = new Float32Array(2 * gates) // ONNX adds a second bias on the recurrent side: zero
  bias.set(parameters.bias)

  const shape = ['rows', steps, width]
  const centred = graph.node('Sub', [sequences, graph.constant(model.mean, [width])], shape)
  const scaled = graph.node('Mul', [centred, graph.constant(model.scale, [width])], shape)
  const limits = [-STANDARDISED_MAX, STANDARDISED_MAX].map((limit) => graph.constant([limit], []))
  const standardised = graph.node('Clip', [scaled, ...limits], shape)
  const stepMajor = graph.node({ type: 'Transpose', attributes: { perm: { ints: [1, 0, 2] } } }, [standardised], [steps, 'rows', width])
  const [, last] = graph.nodeWithOutputs(
    { type: 'LSTM', attributes: { hidden_size: { int: hidden } } },
    [stepMajor, weights, recurrent, graph.constant(bias, [1, 2 * gates]), lengths],
    [[steps, 1, 'rows', hidden], [1, 'rows', hidden]],
  )
  const state = graph.node('Squeeze', [last, graph.integers([0])], ['rows', hidden])
  const head = graph.constant(parameters.headWeights, [hidden, 1])
  const logit = graph.node('Gemm', [state, head, graph.constant(parameters.headBias, [1])], ['rows', 1])
  graph.output('score', graph.node('Sigmoid', [logit], ['rows', 1]))
  return graph.encode('sequence')
}

interface SequenceInputs {
  readonly sequences: Value
  readonly mask: Value
  readonly parameters: PerParameter<Value>
}

function declareInputs(graph: GraphBuilder, shape: LstmShape): SequenceInputs {
  const rows = shape.steps * shape.batch
  const shapes = parameterShapes(shape)
  return {
    sequences: graph.input('sequences', [rows, shape.width]),
    mask: graph.input('mask', [rows, 1]),
    parameters: {
      inputWeights: graph.input('inputWeights', shapes.inputWeights),
      recurrentWeights: graph.input('recurrentWeights', shapes.recurrentWeights),
      bias: graph.input('bias', shapes.bias),
      headWeights: graph.input('headWeights', shapes.headWeights),
      headBias: graph.input('headBias', shapes.headBias),
    },
  }
}

function forward(tape: Tape, { sequences, mask, parameters }: SequenceInputs, shape: LstmShape): Value {
  const state = lstmLayer(tape, { sequences, mask, ...parameters }, shape)
  return tape.affine(state, parameters.headWeights, parameters.headBias)
}

function transpose(matrix: Float32Array, rows: number, columns: number): Float32Array {
  const result = new Float32Array(matrix.length)
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1) result[column * rows + row] = matrix[row * columns + column]!
  }
  return result
}
