// The sequence model in float64 and plain loops, written from the equations: what the graphs are compared with.
import { SEQUENCE_PARAMETERS, STANDARDISED_MAX } from '../../agent/learning/sequence-graphs.ts'
import type { PerParameter, SequenceModel } from '../../agent/learning/sequence-graphs.ts'

/** One labelled sequence: events as rows, oldest first. */
export interface ReferenceSequence {
  readonly events: readonly (readonly number[])[]
  readonly label: number
  readonly weight: number
}

type Parameters = PerParameter<Float64Array>

interface Step {
  readonly x: readonly number[]
  readonly i: number[]
  readonly o: number[]
  readonly f: number[]
  readonly g: number[]
  readonly tanhCell: number[]
  readonly hiddenBefore: readonly number[]
  readonly cellBefore: readonly number[]
}

/** Score of one raw sequence by a trained model. */
export function referenceScore(model: SequenceModel, events: readonly (readonly number[])[]): number {
  const standardised = events.map((event) => event.map((value, column) => {
    const scaled = (value - model.mean[column]!) * model.scale[column]!
    return Math.max(-STANDARDISED_MAX, Math.min(STANDARDISED_MAX, scaled))
  }))
  return sigmoid(run(widened(model.parameters), model.hidden, standardised).logit)
}

/** Weighted cross-entropy and its gradient by backpropagation through time (Werbos 1990), one sequence after the other. */
export function referenceLoss(parameters: PerParameter<ArrayLike<number>>, hidden: number, sequences: readonly ReferenceSequence[]) {
  const wide = widened(parameters)
  const gradient = widened(parameters)
  for (const name of SEQUENCE_PARAMETERS) gradient[name].fill(0)
  let loss = 0
  for (const sequence of sequences) {
    const { logit, state, steps } = run(wide, hidden, sequence.events)
    loss += sequence.weight * (Math.log1p(Math.exp(-Math.abs(logit))) + Math.max(logit, 0) - sequence.label * logit)
    backpropagate({ wide, gradient, hidden, steps, state, delta: sequence.weight * (sigmoid(logit) - sequence.label) })
  }
  return { loss, gradient }
}

function run(parameters: Parameters, hidden: number, events: readonly (readonly number[])[]) {
  let state: readonly number[] = Array.from({ length: hidden }, () => 0)
  let cell = state
  const steps: Step[] = []
  for (const x of events) {
    const gate = (block: number): number[] => Array.from({ length: hidden }, (_, unit) => {
      const column = block * hidden + unit
      let sum = parameters.bias[column]!
      for (const [index, value] of x.entries()) sum += value * parameters.inputWeights[index * 4 * hidden + column]!
      for (const [index, value] of state.entries()) sum += value * parameters.recurrentWeights[index * 4 * hidden + column]!
      return sum
    })
    const [i, o, f, g] = [gate(0).map(sigmoid), gate(1).map(sigmoid), gate(2).map(sigmoid), gate(3).map(Math.tanh)]
    const next = cell.map((value, unit) => f[unit]! * value + i[unit]! * g[unit]!)
    const tanhCell = next.map(Math.tanh)
    steps.push({ x, i, o, f, g, tanhCell, hiddenBefore: state, cellBefore: cell })
    state = tanhCell.map((value, unit) => o[unit]! * value)
    cell = next
  }
  const logit = state.reduce((sum, value, unit) => sum + value * parameters.headWeights[unit]!, parameters.headBias[0]!)
  return { logit, state, steps }
}

interface Backpropagation {
  readonly wide: Parameters
  readonly gradient: Parameters
  readonly hidden: number
  readonly steps: readonly Step[]
  readonly state: readonly number[]
  readonly delta: number
}

function backpropagate({ wide, gradient, hidden, steps, state, delta }: Backpropagation): void {
  const columns = 4 * hidden
  gradient.headBias[0]! += delta
  state.forEach((value, unit) => { gradient.headWeights[unit]! += delta * value })
  let dHidden = state.map((_, unit) => delta * wide.headWeights[unit]!)
  let dCell = state.map(() => 0)
  for (const step of steps.toReversed()) {
    const dGates = new Float64Array(columns)
    const dCellBefore = dCell.map((incoming, unit) => {
      const [i, o, f, g, t] = [step.i[unit]!, step.o[unit]!, step.f[unit]!, step.g[unit]!, step.tanhCell[unit]!]
      const d = incoming + dHidden[unit]! * o * (1 - t * t)
      dGates[unit] = d * g * i * (1 - i)
      dGates[hidden + unit] = dHidden[unit]! * t * o * (1 - o)
      dGates[2 * hidden + unit] = d * step.cellBefore[unit]! * f * (1 - f)
      dGates[3 * hidden + unit] = d * i * (1 - g * g)
      return d * f
    })
    dGates.forEach((value, column) => {
      gradient.bias[column]! += value
      step.x.forEach((x, row) => { gradient.inputWeights[row * columns + column]! += x * value })
      step.hiddenBefore.forEach((h, row) => { gradient.recurrentWeights[row * columns + column]! += h * value })
    })
    const recurrent = wide.recurrentWeights
    dHidden = dHidden.map((_, row) => dGates.reduce((sum, value, column) => sum + value * recurrent[row * columns + column]!, 0))
    dCell = dCellBefore
  }
}

function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x))
}

function widened(parameters: PerParameter<ArrayLike<number>>): Parameters {
  return {
    inputWeights: Float64Array.from(parameters.inputWeights), recurrentWeights: Float64Array.from(parameters.recurrentWeights),
    bias: Float64Array.from(parameters.bias), headWeights: Float64Array.from(parameters.headWeights),
    headBias: Float64Array.from(parameters.headBias),
  }
}
