import { ATTRIBUTE, ELEMENT, encodeModel } from './onnx-messages.ts'
import type { AttributeMessage, DimensionMessage, NodeMessage, TensorMessage, ValueInfoMessage } from './onnx-messages.ts'

/** A tensor of the graph by name. A dimension is a number, or a name where it may vary from run to run. */
export interface Value {
  readonly name: string
  readonly shape: readonly (number | string)[]
}

/** The value of an attribute, tagged with its ONNX type. */
export type Attribute =
  | { readonly int: number }
  | { readonly float: number }
  | { readonly string: string }
  | { readonly ints: readonly number[] }
  | { readonly floats: readonly number[] }
  | { readonly strings: readonly string[] }

/** An operator, with its attributes where it needs any. */
export interface Operator {
  readonly type: string
  readonly attributes?: Readonly<Record<string, Attribute>>
  readonly domain?: string
}

/** Opset 17 and IR 8 are the newest that need nothing ONNX Runtime has not had since 1.12; ai.onnx.ml 3 has TreeEnsembleRegressor. */
const OPSETS = [{ domain: '', version: 17 }, { domain: 'ai.onnx.ml', version: 3 }]
const IR_VERSION = 8

const utf8 = new TextEncoder()

/**
 * Collects the nodes, constants, inputs and outputs of one ONNX graph. Nodes stand in the order they were added, which is a
 * topological order because a node can only name values that exist.
 */
export class GraphBuilder {
  readonly #nodes: NodeMessage[] = []
  readonly #constants: TensorMessage[] = []
  readonly #inputs: ValueInfoMessage[] = []
  readonly #outputs: ValueInfoMessage[] = []
  #names = 0

  /** Declares an input of the graph. */
  input(name: string, shape: Value['shape'], element: keyof typeof ELEMENT = 'float'): Value {
    this.#inputs.push(valueInfo(name, shape, ELEMENT[element]))
    return { name, shape }
  }

  /** Adds float32 numbers as a constant. */
  constant(data: ArrayLike<number>, shape: readonly number[]): Value {
    const numbers = Float32Array.from(data)
    assertSize(numbers.length, shape)
    return this.#addConstant({ dims: shape, dataType: ELEMENT.float, rawData: new Uint8Array(numbers.buffer) })
  }

  /** Adds int64 numbers as a constant of one dimension: axes, sizes and shapes of other nodes. */
  integers(data: readonly number[]): Value {
    const numbers = BigInt64Array.from(data, BigInt)
    return this.#addConstant({ dims: [data.length], dataType: ELEMENT.int64, rawData: new Uint8Array(numbers.buffer) })
  }

  /** Adds a node with one output. `undefined` among the inputs is an optional input left out. */
  node(operator: string | Operator, inputs: readonly (Value | undefined)[], shape: Value['shape']): Value {
    return this.nodeWithOutputs(operator, inputs, [shape])[0]!
  }

  /** Adds a node with one output for each shape. */
  nodeWithOutputs(
    operator: string | Operator, inputs: readonly (Value | undefined)[], shapes: readonly Value['shape'][],
  ): Value[] {
    const { type, domain = '', attributes = {} }: Operator = typeof operator === 'string' ? { type: operator } : operator
    const outputs = shapes.map((shape) => ({ name: this.#nextName(), shape }))
    this.#nodes.push({
      input: inputs.map((value) => value?.name ?? ''),
      output: outputs.map(({ name }) => name),
      opType: type,
      domain,
      attribute: Object.entries(attributes).map(([name, attribute]) => attributeMessage(name, attribute)),
    })
    return outputs
  }

  /** Cuts a value into parts of the given sizes along one axis. */
  split(value: Value, sizes: readonly number[], axis: number): Value[] {
    const shapes = sizes.map((size) => value.shape.with(axis, size))
    return this.nodeWithOutputs({ type: 'Split', attributes: { axis: { int: axis } } }, [value, this.integers(sizes)], shapes)
  }

  /** Joins values along one axis, on which they are of fixed size. */
  concatenate(values: readonly Value[], axis: number): Value {
    const size = values.reduce((sum, { shape }) => sum + Number(shape[axis]), 0)
    return this.node({ type: 'Concat', attributes: { axis: { int: axis } } }, values, values[0]!.shape.with(axis, size))
  }

  /** Gives a value out under `name`. */
  output(name: string, value: Value): void {
    this.#nodes.push({ input: [value.name], output: [name], opType: 'Identity', domain: '', attribute: [] })
    this.#outputs.push(valueInfo(name, value.shape, ELEMENT.float))
  }

  /** The bytes of the ONNX file. */
  encode(graphName: string): Uint8Array {
    return encodeModel({
      irVersion: IR_VERSION,
      producerName: 'phantommesh',
      graph: { name: graphName, node: this.#nodes, initializer: this.#constants, input: this.#inputs, output: this.#outputs },
      opsetImport: OPSETS,
    })
  }

  #addConstant(tensor: Omit<TensorMessage, 'name'>): Value {
    const name = this.#nextName()
    this.#constants.push({ ...tensor, name })
    return { name, shape: tensor.dims }
  }

  #nextName(): string {
    this.#names += 1
    return `v${this.#names}`
  }
}

function attributeMessage(name: string, attribute: Attribute): AttributeMessage {
  if ('int' in attribute) return { name, type: ATTRIBUTE.int, i: attribute.int }
  if ('float' in attribute) return { name, type: ATTRIBUTE.float, f: attribute.float }
  if ('string' in attribute) return { name, type: ATTRIBUTE.string, s: utf8.encode(attribute.string) }
  if ('ints' in attribute) return { name, type: ATTRIBUTE.ints, ints: attribute.ints }
  if ('floats' in attribute) return { name, type: ATTRIBUTE.floats, floats: attribute.floats }
  return { name, type: ATTRIBUTE.strings, strings: attribute.strings.map((text) => utf8.encode(text)) }
}

function valueInfo(name: string, shape: Value['shape'], elemType: number): ValueInfoMessage {
  const dim = shape.map((size): DimensionMessage => (typeof size === 'number' ? { dimValue: size } : { dimParam: size }))
  return { name, type: { tensorType: { elemType, shape: { dim } } } }
}

function assertSize(length: number, shape: readonly number[]): void {
  const size = shape.reduce((product, each) => product * each, 1)
  if (length !== size) throw new Error(`${length} numbers do not fill a tensor of shape [${shape.join(', ')}]`)
}
