import { expect, test } from 'vitest'
import { ActivityRecorder, classifyFlow } from '../../agent/evaluation/index.ts'
import type { DefaultLabel, Label, ReplayedFlow } from '../../agent/evaluation/index.ts'
import { flow, label } from './fixtures.ts'

const REVERSED = flow({ source: '192.0.2.7', destination: '10.0.0.5' })
const STRANGER = flow({ source: '10.0.0.6' })

test('a flow is an attack when the entity is either of its ends', () => {
  for (const each of [flow(), REVERSED]) expect(classify([label()], each)).toBe('attack')
  expect(classify([label()], STRANGER)).toBe('benign')
})

test('with a peer, only between the two', () => {
  for (const each of [flow(), REVERSED]) expect(classify([label({ peer: '192.0.2.7' })], each)).toBe('attack')
  expect(classify([label({ peer: '192.0.2.8' })], flow())).toBe('benign')
})

test('a victim label matches what goes to the victim, not what it sends', () => {
  const victim = label({ role: 'victim', address: '192.0.2.7' })
  expect(classify([victim], flow())).toBe('attack')
  expect(classify([victim], REVERSED)).toBe('benign')
  expect(classify([{ ...victim, peer: '10.0.0.9' }], flow())).toBe('benign')
})

test('a flow is inside a window when some part of it is', () => {
  const seen = flow({ startMs: 1_000, endMs: 2_000 })
  const during = (fromMs: number, toMs: number): string => classify([label({ fromMs, toMs })], seen)
  expect([during(2_000, 3_000), during(0, 1_000)]).toEqual(['attack', 'attack'])
  expect([during(2_001, 3_000), during(0, 999)]).toEqual(['benign', 'benign'])
})

test('what no label matches is what the default says', () => {
  expect(classify([], flow(), 'benign')).toBe('benign')
  expect(classify([], flow(), 'unknown')).toBe('unknown')
  expect(classify([], flow(), 'malicious')).toBe('attack')
  expect(classify([label()], flow(), 'unknown')).toBe('attack')
})

test('activity counts the packets that came since the flow was seen last, within the window', () => {
  const recorder = new ActivityRecorder([label(), label({ fromMs: 200, toMs: 300 }), label({ address: '10.0.0.99' })])
  const ends = { source: '10.0.0.5', destination: '192.0.2.7' }
  recorder.add({ ...ends, flowId: 1, atMs: 100, packets: 1 })
  recorder.add({ ...ends, flowId: 1, atMs: 250, packets: 4 })
  recorder.add({ ...ends, flowId: 2, atMs: 250, packets: 2 })
  recorder.add({ ...ends, flowId: 1, atMs: 400, packets: 4 })
  recorder.add({ source: '10.0.0.6', destination: '192.0.2.7', flowId: 3, atMs: 260, packets: 9 })
  expect(recorder.steps()).toEqual([[{ atMs: 100, packets: 1 }, { atMs: 250, packets: 5 }], [{ atMs: 250, packets: 5 }], []])
})

test('a flow number that was forgotten may be used again', () => {
  const recorder = new ActivityRecorder([label()])
  const ends = { source: '10.0.0.5', destination: '192.0.2.7', flowId: 1 }
  recorder.add({ ...ends, atMs: 0, packets: 8 })
  recorder.forget(1)
  recorder.add({ ...ends, atMs: 10, packets: 1 })
  expect(recorder.steps()).toEqual([[{ atMs: 0, packets: 8 }, { atMs: 10, packets: 1 }]])
})

function classify(labels: readonly Label[], seen: ReplayedFlow, fallback: DefaultLabel = 'benign'): string {
  return classifyFlow(seen, { labels, default: fallback })
}
