import type { GraphBuilder, Value } from './graph-builder.ts'

/** One parameter with what Adam remembers of it and the gradient of this step. */
export interface AdamParameter {
  readonly value: Value
  readonly firstMoment: Value
  readonly secondMoment: Value
  readonly gradient: Value
}

/** The parameter after the step. */
export interface AdamUpdate {
  readonly value: Value
  readonly firstMoment: Value
  readonly secondMoment: Value
}

/** Kingma, Ba, "Adam" (ICLR 2015), section 2: the authors' defaults. */
const FIRST_DECAY = 0.9
const SECOND_DECAY = 0.999
const EPSILON = 1e-7

/** Gradients longer than this over all parameters are scaled back to it: one odd batch must not throw the weights (Pascanu 2013). */
const GRADIENT_NORM_MAX = 5

/** Adds one step of Adam. `rate` carries the bias correction, see `correctedRate`. Longer gradients are clipped by their global norm. */
export function adamStep(graph: GraphBuilder, parameters: readonly AdamParameter[], rate: Value): AdamUpdate[] {
  const scale = clippingScale(graph, parameters.map(({ gradient }) => gradient))
  const scalar = (number: number): Value => graph.constant([number], [])
  const [firstDecay, firstShare] = [scalar(FIRST_DECAY), scalar(1 - FIRST_DECAY)]
  const [secondDecay, secondShare] = [scalar(SECOND_DECAY), scalar(1 - SECOND_DECAY)]
  const epsilon = scalar(EPSILON)
  return parameters.map((parameter) => {
    const { shape } = parameter.value
    const op = (name: string, ...inputs: Value[]): Value => graph.node(name, inputs, shape)
    const gradient = op('Mul', parameter.gradient, scale)
    const firstMoment = op('Add', op('Mul', parameter.firstMoment, firstDecay), op('Mul', gradient, firstShare))
    const squared = op('Mul', gradient, gradient)
    const secondMoment = op('Add', op('Mul', parameter.secondMoment, secondDecay), op('Mul', squared, secondShare))
    const step = op('Div', firstMoment, op('Add', op('Sqrt', secondMoment), epsilon))
    return { value: op('Sub', parameter.value, op('Mul', rate, step)), firstMoment, secondMoment }
  })
}

/** The learning rate of step `step` (from 1) with the correction of both moments' bias towards zero folded in. */
export function correctedRate(rate: number, step: number): number {
  return rate * Math.sqrt(1 - SECOND_DECAY ** step) / (1 - FIRST_DECAY ** step)
}

/** min(1, max / norm) over all gradients together. */
function clippingScale(graph: GraphBuilder, gradients: readonly Value[]): Value {
  const squares = gradients.map((gradient) => graph.node({ type: 'ReduceSumSquare', attributes: { keepdims: { int: 0 } } }, [gradient], []))
  const norm = graph.node('Sqrt', [graph.node('Sum', squares, [])], [])
  const limit = graph.constant([GRADIENT_NORM_MAX], [])
  return graph.node('Div', [limit, graph.node('Max', [norm, limit], [])], [])
}
