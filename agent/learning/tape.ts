import type { GraphBuilder, Value } from './graph-builder.ts'

/** Gradients of the loss with respect to an operation's inputs, given that of its output; undefined where none is needed. */
export type VectorJacobianProduct = (outputGradient: Value) => readonly (Value | undefined)[]

interface Entry {
  readonly inputs: readonly Value[]
  readonly output: Value
  readonly backward: VectorJacobianProduct
}

type Shape = readonly number[]

/**
 * Reverse-mode differentiation written into the graph itself: every operation adds its forward node and remembers how to add its
 * backward nodes. Shapes are fixed numbers here, so that broadcasting can be undone.
 */
export class Tape {
  readonly graph: GraphBuilder
  readonly #entries: Entry[] = []

  constructor(graph: GraphBuilder) {
    this.graph = graph
  }

  /** Remembers an operation whose nodes are in the graph already. */
  record(inputs: readonly Value[], output: Value, backward: VectorJacobianProduct): Value {
    this.#entries.push({ inputs, output, backward })
    return output
  }

  /** left × right + bias, with left [m, k], right [k, n], bias [n]. */
  affine(left: Value, right: Value, bias: Value): Value {
    const output = this.graph.node('Gemm', [left, right, bias], [left.shape[0]!, right.shape[1]!])
    return this.record([left, right, bias], output, (gradient) => [
      this.graph.node({ type: 'Gemm', attributes: { transB: { int: 1 } } }, [gradient, right], left.shape),
      this.graph.node({ type: 'Gemm', attributes: { transA: { int: 1 } } }, [left, gradient], right.shape),
      this.#reduceTo(gradient, bias.shape),
    ])
  }

  /** left + right, broadcast. */
  add(left: Value, right: Value): Value {
    const output = this.graph.node('Add', [left, right], broadcastShape(left, right))
    return this.record([left, right], output, (gradient) => [
      this.#reduceTo(gradient, left.shape), this.#reduceTo(gradient, right.shape),
    ])
  }

  /** left - right, broadcast. */
  subtract(left: Value, right: Value): Value {
    const output = this.graph.node('Sub', [left, right], broadcastShape(left, right))
    return this.record([left, right], output, (gradient) => [
      this.#reduceTo(gradient, left.shape),
      this.graph.node('Neg', [this.#reduceTo(gradient, right.shape)], right.shape),
    ])
  }

  /** left · right element by element, broadcast. */
  multiply(left: Value, right: Value): Value {
    const output = this.graph.node('Mul', [left, right], broadcastShape(left, right))
    return this.record([left, right], output, (gradient) => [
      this.#reduceTo(this.#product(gradient, right), left.shape),
      this.#reduceTo(this.#product(gradient, left), right.shape),
    ])
  }

  /** 1 / (1 + e^-x); its derivative is s (1 - s). */
  sigmoid(input: Value): Value {
    const output = this.graph.node('Sigmoid', [input], input.shape)
    return this.record([input], output, (gradient) => [
      this.#product(gradient, this.#product(output, this.graph.node('Sub', [this.#one(), output], input.shape))),
    ])
  }

  /** tanh x; its derivative is 1 - tanh². */
  tanh(input: Value): Value {
    const output = this.graph.node('Tanh', [input], input.shape)
    return this.record([input], output, (gradient) => [
      this.#product(gradient, this.graph.node('Sub', [this.#one(), this.#product(output, output)], input.shape)),
    ])
  }

  /** ln(1 + e^x); its derivative is the sigmoid. */
  softplus(input: Value): Value {
    const output = this.graph.node('Softplus', [input], input.shape)
    return this.record([input], output, (gradient) => [
      this.#product(gradient, this.graph.node('Sigmoid', [input], input.shape)),
    ])
  }

  /** The sum of all elements, as a tensor of shape []. */
  sum(input: Value): Value {
    const output = this.graph.node({ type: 'ReduceSum', attributes: { keepdims: { int: 0 } } }, [input], [])
    return this.record([input], output, (gradient) => [
      this.graph.node('Expand', [gradient, this.graph.integers(fixed(input.shape))], input.shape),
    ])
  }

  /** Adds the backward nodes. One gradient for each of `parameters`, in order; each must take part in `loss`, of shape []. */
  gradients(loss: Value, parameters: readonly Value[]): Value[] {
    const gradients = new Map<string, Value>([[loss.name, this.graph.constant([1], [])]])
    for (const { inputs, output, backward } of this.#entries.toReversed()) {
      const gradient = gradients.get(output.name)
      if (gradient === undefined) continue
      const parts = backward(gradient)
      for (const [index, input] of inputs.entries()) this.#accumulate(gradients, input, parts[index])
    }
    return parameters.map((parameter) => {
      const gradient = gradients.get(parameter.name)
      if (gradient === undefined) throw new Error(`${parameter.name} takes no part in the loss`)
      return gradient
    })
  }

  #accumulate(gradients: Map<string, Value>, input: Value, part: Value | undefined): void {
    if (part === undefined) return
    const before = gradients.get(input.name)
    gradients.set(input.name, before === undefined ? part : this.graph.node('Add', [before, part], input.shape))
  }

  #product(left: Value, right: Value): Value {
    return this.graph.node('Mul', [left, right], broadcastShape(left, right))
  }

  #one(): Value {
    return this.graph.constant([1], [])
  }

  /** Undoes broadcasting: sums over the dimensions that `shape` does not have or has as 1. */
  #reduceTo(gradient: Value, shape: Value['shape']): Value {
    const from = fixed(gradient.shape)
    const target = fixed(shape)
    const missing = from.length - target.length
    const axes = from.map((_, axis) => axis).filter((axis) => axis < missing || (target[axis - missing] === 1 && from[axis] !== 1))
    if (axes.length === 0) return gradient
    const kept = from.map((size, axis) => (axes.includes(axis) ? 1 : size))
    const summed = this.graph.node({ type: 'ReduceSum', attributes: { keepdims: { int: 1 } } }, [gradient, this.graph.integers(axes)], kept)
    return missing === 0 ? summed : this.graph.node('Reshape', [summed, this.graph.integers(target)], target)
  }
}

/** A shape without named dimensions. */
export function fixed(shape: Value['shape']): Shape {
  return shape.map((size) => {
    if (typeof size !== 'number') throw new Error(`dimension ${size} must be a number to be differentiated`)
    return size
  })
}

/** The shape of an element-wise operation (ONNX multidirectional broadcasting). */
function broadcastShape(left: Value, right: Value): Shape {
  const [a, b] = [fixed(left.shape), fixed(right.shape)]
  const rank = Math.max(a.length, b.length)
  return Array.from({ length: rank }, (_, axis) => {
    const sizes = [a[axis - rank + a.length] ?? 1, b[axis - rank + b.length] ?? 1]
    if (sizes[0] !== sizes[1] && !sizes.includes(1)) throw new Error(`shapes [${a.join(', ')}] and [${b.join(', ')}] do not broadcast`)
    return Math.max(...sizes)
  })
}
