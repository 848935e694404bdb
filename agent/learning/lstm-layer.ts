import type { Value } from './graph-builder.ts'
import type { Tape } from './tape.ts'

/** Sizes of the layer and of one batch. */
export interface LstmShape {
  readonly steps: number
  readonly batch: number
  readonly width: number
  readonly hidden: number
}

/** What the layer reads. Gates stand in ONNX order: input, output, forget, cell. */
export interface LstmInputs {
  /** [steps · batch, width], step-major. */
  readonly sequences: Value
  /** [steps · batch, 1]: 1 where the step is there, 0 where it is padding. */
  readonly mask: Value
  /** [width, 4 · hidden] */
  readonly inputWeights: Value
  /** [hidden, 4 · hidden] */
  readonly recurrentWeights: Value
  /** [4 · hidden] */
  readonly bias: Value
}

/** What the backward pass needs of one step. */
interface StepRecord {
  readonly mask: Value
  readonly hold: Value
  /** Sigmoids of input, output and forget gate side by side, and each alone. */
  readonly gates: Value
  readonly input: Value
  readonly output: Value
  readonly forget: Value
  readonly candidate: Value
  readonly cellTanh: Value
  readonly hiddenBefore: Value
  readonly cellBefore: Value
}

/**
 * A long short-term memory layer, unrolled: the last hidden state of each sequence, [batch, hidden].
 *
 * Hochreiter, Schmidhuber (1997) with the forget gate of Gers et al. (2000), as ONNX's LSTM computes it. The product of all steps'
 * inputs with their weights is one Gemm; so is each weight gradient (dW, dU), over the gate gradients of all steps together, which
 * is what makes the graph fast. A padded step holds hidden and cell state as they were and passes their gradient through.
 */
export function lstmLayer(tape: Tape, inputs: LstmInputs, shape: LstmShape): Value {
  const { graph } = tape
  const { steps, batch, hidden } = shape
  const projected = graph.node('Gemm', [inputs.sequences, inputs.inputWeights, inputs.bias], [steps * batch, 4 * hidden])
  const perStep = Array.from({ length: steps }, () => batch)
  const masks = graph.split(inputs.mask, perStep, 0)
  const records: StepRecord[] = []
  let state = graph.constant(new Float32Array(batch * hidden), [batch, hidden])
  let cell = state
  for (const [step, preactivation] of graph.split(projected, perStep, 0).entries()) {
    const after = forwardStep(tape, { preactivation, mask: masks[step]!, hidden: state, cell, inputs, shape })
    records.push(after.kept)
    state = after.hidden
    cell = after.cell
  }
  return tape.record(
    [inputs.inputWeights, inputs.recurrentWeights, inputs.bias], state,
    (gradient) => backward(tape, { gradient, records, inputs, shape }),
  )
}

interface ForwardStep {
  readonly preactivation: Value
  readonly mask: Value
  readonly hidden: Value
  readonly cell: Value
  readonly inputs: LstmInputs
  readonly shape: LstmShape
}

function forwardStep(tape: Tape, step: ForwardStep): { kept: StepRecord; hidden: Value; cell: Value } {
  const { graph } = tape
  const { batch, hidden: size } = step.shape
  const one = graph.constant([1], [])
  const elementwise = (op: string, ...values: Value[]): Value => graph.node(op, values, [batch, size])
  const hold = graph.node('Sub', [one, step.mask], [batch, 1])
  const keep = (value: Value, before: Value): Value =>
    elementwise('Add', elementwise('Mul', value, step.mask), elementwise('Mul', before, hold))

  const total = graph.node('Gemm', [step.hidden, step.inputs.recurrentWeights, step.preactivation], [batch, 4 * size])
  const [three, last] = graph.split(total, [3 * size, size], 1)
  const gates = graph.node('Sigmoid', [three!], [batch, 3 * size])
  const [input, output, forget] = graph.split(gates, [size, size, size], 1)
  const candidate = elementwise('Tanh', last!)
  const cell = elementwise('Add', elementwise('Mul', forget!, step.cell), elementwise('Mul', input!, candidate))
  const cellTanh = elementwise('Tanh', cell)
  return {
    kept: {
      mask: step.mask, hold, gates, input: input!, output: output!, forget: forget!, candidate, cellTanh,
      hiddenBefore: step.hidden, cellBefore: step.cell,
    },
    hidden: keep(elementwise('Mul', output!, cellTanh), step.hidden),
    cell: keep(cell, step.cell),
  }
}

interface BackwardPass {
  readonly gradient: Value
  readonly records: readonly StepRecord[]
  readonly inputs: LstmInputs
  readonly shape: LstmShape
}

/** Gradients of input weights, recurrent weights and bias. */
function backward(tape: Tape, { gradient, records, inputs, shape }: BackwardPass): readonly Value[] {
  const { graph } = tape
  const { batch, width, hidden } = shape
  const gateGradients: Value[] = []
  let hiddenGradient = gradient
  let cellGradient: Value | undefined
  for (const record of records.toReversed()) {
    const step = backwardStep(tape, { record, hiddenGradient, cellGradient, shape })
    gateGradients.unshift(step.gates)
    cellGradient = step.cellBefore
    hiddenGradient = graph.node(
      { type: 'Gemm', attributes: { transB: { int: 1 } } }, [step.gates, inputs.recurrentWeights, step.hiddenHeld], [batch, hidden],
    )
  }
  const gates = graph.concatenate(gateGradients, 0)
  const hiddenBefore = graph.concatenate(records.map((record) => record.hiddenBefore), 0)
  const leftTransposed = { type: 'Gemm', attributes: { transA: { int: 1 } } }
  return [
    graph.node(leftTransposed, [inputs.sequences, gates], [width, 4 * hidden]),
    graph.node(leftTransposed, [hiddenBefore, gates], [hidden, 4 * hidden]),
    graph.node({ type: 'ReduceSum', attributes: { keepdims: { int: 0 } } }, [gates, graph.integers([0])], [4 * hidden]),
  ]
}

interface BackwardStep {
  readonly record: StepRecord
  readonly hiddenGradient: Value
  readonly cellGradient: Value | undefined
  readonly shape: LstmShape
}

function backwardStep(tape: Tape, { record, hiddenGradient, cellGradient, shape }: BackwardStep) {
  const { graph } = tape
  const { batch, hidden } = shape
  const one = graph.constant([1], [])
  const elementwise = (op: string, ...values: Value[]): Value => graph.node(op, values, [batch, hidden])
  const times = (left: Value, right: Value): Value => elementwise('Mul', left, right)

  const ofHidden = times(hiddenGradient, record.mask)
  const throughTanh = times(times(ofHidden, record.output), elementwise('Sub', one, times(record.cellTanh, record.cellTanh)))
  const ofCell = cellGradient === undefined ? throughTanh : elementwise('Add', throughTanh, times(cellGradient, record.mask))
  const ofSigmoids = graph.concatenate(
    [times(ofCell, record.candidate), times(ofHidden, record.cellTanh), times(ofCell, record.cellBefore)], 1,
  )
  const sigmoidSlope = graph.node(
    'Mul', [record.gates, graph.node('Sub', [one, record.gates], [batch, 3 * hidden])], [batch, 3 * hidden],
  )
  const candidateSlope = elementwise('Sub', one, times(record.candidate, record.candidate))
  const gates = graph.concatenate(
    [graph.node('Mul', [ofSigmoids, sigmoidSlope], [batch, 3 * hidden]), times(times(ofCell, record.input), candidateSlope)], 1,
  )

  const throughForget = times(ofCell, record.forget)
  return {
    gates,
    hiddenHeld: times(hiddenGradient, record.hold),
    cellBefore: cellGradient === undefined ? throughForget : elementwise('Add', throughForget, times(cellGradient, record.hold)),
  }
}
