// Goal: every operation's gradient is the slope of what it computes, broadcasting included.
// Method: the sum of the operation's output against central differences in float32, where 1e-2 steps leave errors below 1e-3.
import { expect, test } from 'vitest'
import { GraphBuilder } from '../../agent/learning/graph-builder.ts'
import type { Value } from '../../agent/learning/graph-builder.ts'
import { Tape } from '../../agent/learning/tape.ts'
import { openGraphSession } from '../../agent/learning/training-session.ts'
import type { FloatTensor } from '../../agent/learning/training-session.ts'
import { seededRandom } from '../../agent/kit/index.ts'

const random = seededRandom(61)
const STEP = 1e-2

interface Operation {
  readonly name: string
  readonly shapes: readonly (readonly number[])[]
  readonly apply: (tape: Tape, inputs: readonly Value[]) => Value
}

const OPERATIONS: readonly Operation[] = [
  { name: 'add', shapes: [[3, 4], [4]], apply: (tape, [a, b]) => tape.add(a!, b!) },
  { name: 'subtract', shapes: [[3, 4], [3, 1]], apply: (tape, [a, b]) => tape.subtract(a!, b!) },
  { name: 'multiply', shapes: [[1, 4], [3, 4]], apply: (tape, [a, b]) => tape.multiply(a!, b!) },
  { name: 'multiply by a scalar', shapes: [[3, 4], []], apply: (tape, [a, b]) => tape.multiply(a!, b!) },
  { name: 'affine', shapes: [[3, 2], [2, 4], [4]], apply: (tape, [a, b, c]) => tape.affine(a!, b!, c!) },
  { name: 'sigmoid', shapes: [[3, 4]], apply: (tape, [a]) => tape.sigmoid(a!) },
  { name: 'tanh', shapes: [[3, 4]], apply: (tape, [a]) => tape.tanh(a!) },
  { name: 'softplus', shapes: [[3, 4]], apply: (tape, [a]) => tape.softplus(a!) },
  { name: 'a value used twice', shapes: [[3, 4]], apply: (tape, [a]) => tape.multiply(tape.sigmoid(a!), a!) },
]

test.each(OPERATIONS)('$name: gradient is slope', async ({ shapes, apply }) => {
  const tape = new Tape(new GraphBuilder())
  const inputs = shapes.map((shape, index) => tape.graph.input(`x${index}`, shape))
  const output = apply(tape, inputs)
  // Squared, so that no gradient is a constant.
  const loss = tape.sum(tape.multiply(output, output))
  tape.graph.output('loss', loss)
  for (const [index, gradient] of tape.gradients(loss, inputs).entries()) tape.graph.output(`g${index}`, gradient)
  const session = await openGraphSession(tape.graph.encode('test'))
  const feeds = Object.fromEntries(shapes.map((shape, index): [string, FloatTensor] => [`x${index}`, tensor(shape)]))
  const results = await session.run(feeds)
  for (const [index, shape] of shapes.entries()) {
    const gradient = results[`g${index}`]!
    expect(gradient.shape).toEqual(shape)
    for (const [element, slope] of gradient.data.entries()) {
      const at = async (offset: number): Promise<number> => {
        const data = feeds[`x${index}`]!.data.slice()
        data[element]! += offset
        return (await session.run({ ...feeds, [`x${index}`]: { data, shape } }))['loss']!.data[0]!
      }
      expect(Math.abs((await at(STEP) - await at(-STEP)) / (2 * STEP) - slope)).toBeLessThan(5e-3)
    }
  }
  await session.close()
})

test('what takes no part in the loss, or does not broadcast, is a bug that is named', () => {
  const tape = new Tape(new GraphBuilder())
  const [a, b, c] = [tape.graph.input('a', [3, 4]), tape.graph.input('b', [3]), tape.graph.input('c', ['rows', 4])]
  const loss = tape.sum(a)
  expect(() => tape.gradients(loss, [b])).toThrow('b takes no part in the loss')
  expect(() => tape.add(a, b)).toThrow('shapes [3, 4] and [3] do not broadcast')
  expect(() => tape.add(a, c)).toThrow('dimension rows must be a number')
})

function tensor(shape: readonly number[]): FloatTensor {
  const length = shape.reduce((product, size) => product * size, 1)
  return { data: Float32Array.from({ length }, () => random.uniform() * 2 - 1), shape }
}
