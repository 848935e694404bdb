import protobuf from 'protobufjs'

/** Element types of TensorProto.DataType that the agent writes. */
export const ELEMENT = { float: 1, int32: 6, int64: 7 } as const

/** Values of AttributeProto.AttributeType that the agent writes. */
export const ATTRIBUTE = { float: 1, int: 2, string: 3, floats: 6, ints: 7, strings: 8 } as const

/**
 * The messages of onnx.proto (onnx 1.17) that the agent writes, with their field numbers. Everything else of ONNX is optional there.
 * Repeated numbers are written packed; parsers must take both forms (protobuf encoding guide, "Packed repeated fields").
 */
const MESSAGES = {
  OperatorSetIdProto: { fields: { domain: field('string', 1), version: field('int64', 2) } },
  AttributeProto: {
    fields: {
      name: field('string', 1), f: field('float', 2), i: field('int64', 3), s: field('bytes', 4),
      floats: repeated('float', 7), ints: repeated('int64', 8), strings: repeated('bytes', 9), type: field('int32', 20),
    },
  },
  NodeProto: {
    fields: {
      input: repeated('string', 1), output: repeated('string', 2), name: field('string', 3), opType: field('string', 4),
      attribute: repeated('AttributeProto', 5), domain: field('string', 7),
    },
  },
  TensorProto: {
    fields: { dims: repeated('int64', 1), dataType: field('int32', 2), name: field('string', 8), rawData: field('bytes', 9) },
  },
  Dimension: { fields: { dimValue: field('int64', 1), dimParam: field('string', 2) } },
  TensorShapeProto: { fields: { dim: repeated('Dimension', 1) } },
  TensorTypeProto: { fields: { elemType: field('int32', 1), shape: field('TensorShapeProto', 2) } },
  TypeProto: { fields: { tensorType: field('TensorTypeProto', 1) } },
  ValueInfoProto: { fields: { name: field('string', 1), type: field('TypeProto', 2) } },
  GraphProto: {
    fields: {
      node: repeated('NodeProto', 1), name: field('string', 2), initializer: repeated('TensorProto', 5), docString: field('string', 10),
      input: repeated('ValueInfoProto', 11), output: repeated('ValueInfoProto', 12),
    },
  },
  ModelProto: {
    fields: {
      irVersion: field('int64', 1), producerName: field('string', 2), graph: field('GraphProto', 7),
      opsetImport: repeated('OperatorSetIdProto', 8),
    },
  },
}

const modelProto = protobuf.Root.fromJSON({ nested: MESSAGES }).lookupType('ModelProto')

/** One attribute of a node, with exactly one of the value fields set, as `type` says. */
export interface AttributeMessage {
  readonly name: string
  readonly type: number
  readonly f?: number
  readonly i?: number
  readonly s?: Uint8Array
  readonly floats?: readonly number[]
  readonly ints?: readonly number[]
  readonly strings?: readonly Uint8Array[]
}

/** A node of the graph. */
export interface NodeMessage {
  readonly input: readonly string[]
  readonly output: readonly string[]
  readonly opType: string
  readonly domain: string
  readonly attribute: readonly AttributeMessage[]
}

/** A constant of the graph; `rawData` is little-endian. */
export interface TensorMessage {
  readonly dims: readonly number[]
  readonly dataType: number
  readonly name: string
  readonly rawData: Uint8Array
}

/** An input or output of the graph. A dimension is a number, or a name where it may vary. */
export interface ValueInfoMessage {
  readonly name: string
  readonly type: { readonly tensorType: { readonly elemType: number; readonly shape: { readonly dim: readonly DimensionMessage[] } } }
}

/** One dimension of a shape: fixed or named. */
export type DimensionMessage = { readonly dimValue: number } | { readonly dimParam: string }

/** A whole ONNX file. */
export interface ModelMessage {
  readonly irVersion: number
  readonly producerName: string
  readonly graph: {
    readonly name: string
    readonly node: readonly NodeMessage[]
    readonly initializer: readonly TensorMessage[]
    readonly input: readonly ValueInfoMessage[]
    readonly output: readonly ValueInfoMessage[]
  }
  readonly opsetImport: readonly { readonly domain: string; readonly version: number }[]
}

/** The bytes of an ONNX file. Same message, same bytes: fields are written in the order of their numbers. */
export function encodeModel(model: ModelMessage): Uint8Array {
  return Uint8Array.from(modelProto.encode(modelProto.fromObject(model)).finish())
}

function field(type: string, id: number): protobuf.IField {
  return { type, id }
}

function repeated(type: string, id: number): protobuf.IField {
  return { rule: 'repeated', type, id }
}
