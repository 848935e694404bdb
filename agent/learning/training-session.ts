// EDGE: ONNX Runtime. `run` holds its thread for the whole call, so training belongs into a process of its own.
import { InferenceSession, Tensor } from 'onnxruntime-node'

/** A float32 tensor by value. */
export interface FloatTensor {
  readonly data: Float32Array
  readonly shape: readonly number[]
}

/** A graph that can be run again and again. */
export interface GraphSession {
  run(inputs: Readonly<Record<string, FloatTensor>>): Promise<Record<string, FloatTensor>>
  close(): Promise<void>
}

/**
 * Opens an ONNX graph whose inputs and outputs are float32. One thread and sequential execution: sums are then taken in the same order
 * every time, so that the same seed gives the same bytes on the same kind of processor.
 */
export async function openGraphSession(model: Uint8Array): Promise<GraphSession> {
  const session = await InferenceSession.create(model, { intraOpNumThreads: 1, interOpNumThreads: 1, executionMode: 'sequential' })
  return {
    async run(inputs) {
      const feeds = Object.fromEntries(Object.entries(inputs).map(([name, { data, shape }]) => [name, new Tensor('float32', data, shape)]))
      const results = await session.run(feeds)
      return Object.fromEntries(Object.entries(results).map(([name, tensor]) => [name, toFloatTensor(name, tensor)]))
    },
    close: () => session.release(),
  }
}

function toFloatTensor(name: string, tensor: Tensor): FloatTensor {
  if (!(tensor.data instanceof Float32Array)) throw new TypeError(`output ${name} is ${tensor.type}, not float32`)
  return { data: tensor.data, shape: tensor.dims }
}
