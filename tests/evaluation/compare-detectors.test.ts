// Goal: all detectors are judged on the same replay, each by what it can know, and nothing else.
// Method: one small capture, its outcome counted by hand.
import { expect, test } from 'vitest'
import { compareDetectors, confusionByCategory, DETECTORS, FLOW_CATEGORIES, INNOCENT, NOBODY } from '../../agent/evaluation/index.ts'
import type { ReplayedCapture } from '../../agent/evaluation/index.ts'
import { capture, flow, label, replayed, verdict } from './fixtures.ts'

const SCANNER = '10.0.0.5'
const PERSON = '10.0.0.6'
const STEPS = [[{ atMs: 0, packets: 3 }, { atMs: 900, packets: 4 }]]
const HOSTS = [SCANNER, PERSON, '10.0.0.7']

test('flows carry the score of each detector, unknown ones are left out and benign ones stay', () => {
  const flows = [
    flow({ score: 0.9, forestScore: 0.7, isAnswered: false }), flow({ source: PERSON, destination: '192.0.2.1', sequenceScore: 0.25 }),
  ]
  const { classes, scores } = compare({ flows })
  expect([...classes]).toEqual([1 + FLOW_CATEGORIES.indexOf('scan'), 0])
  expect(Object.keys(scores).sort()).toEqual([...DETECTORS].sort())
  expect([...scores.fusion]).toEqual([Math.fround(0.9), 0])
  expect([...scores['forest alone']]).toEqual([Math.fround(0.7), 0])
  expect([...scores['LSTM alone']]).toEqual([0, 0.25])
  expect([...scores['SYN without answer']]).toEqual([1, 0])
  const unknown = compareDetectors(capture({ default: 'unknown', labels: [label()] }), withComparison({ flows }), 0.001)
  expect(unknown.classes).toHaveLength(1)
})

test('a capture that is malicious as a whole does not say of what', () => {
  const { classes } = compareDetectors(capture({ default: 'malicious' }), withComparison({ flows: [flow()] }), 0.001)
  expect(FLOW_CATEGORIES[classes[0]! - 1]).toBe('unnamed')
})

test('the ensemble must name the right category, a model alone only the right host', () => {
  const { entities } = compare({
    verdicts: [verdict({ category: 'flood' })],
    comparison: { testsAlone: [verdict({ action: 'alert' })], alarms: [[{ address: SCANNER, atMs: 400 }], [], [], []] },
  })
  expect(entities.fusion.truths[0]).toMatchObject({ alerted: false, enforced: false, wrongCategory: 'flood', ms: Number.POSITIVE_INFINITY })
  expect(entities['tests alone'].truths[0]).toMatchObject({ alerted: true, enforced: false, ms: 500, packets: 3 })
  expect(entities['forest alone'].truths[0]).toMatchObject({ category: 'scan', alerted: true, enforced: false, ms: 400 })
  expect(entities['LSTM alone'].truths[0]).toMatchObject({ alerted: false })
})

test('a model that names an innocent accuses it, whatever it thinks of others', () => {
  const { entities } = compare({ comparison: { testsAlone: [], alarms: [[{ address: PERSON, atMs: 1 }], [], [], []] } })
  expect(entities['forest alone'].alert.counts).toMatchObject({ tp: 0, fp: 1, fn: 1, tn: 1 })
  expect(entities['forest alone'].enforce.counts).toMatchObject({ fp: 0 })
})

test('confusion counts the right name, the wrong one, nobody, and innocents', () => {
  const right = compare({ verdicts: [verdict()] }).entities.fusion
  const wrong = compare({ verdicts: [verdict({ category: 'c2' })] }).entities.fusion
  const missed = compare({ verdicts: [verdict({ name: PERSON })] }).entities.fusion
  expect(confusionByCategory([right, wrong, missed, missed])).toEqual([
    { actual: 'scan', named: 'scan', count: 1 }, { actual: 'scan', named: 'c2', count: 1 }, { actual: 'scan', named: NOBODY, count: 2 },
    { actual: INNOCENT, named: 'scan', count: 2 },
  ])
})

test('predictions are the highest posterior of each, the silent one where nothing was said', () => {
  const { predictions } = compare({ verdicts: [
    verdict({ action: 'log', probability: 0.3 }), verdict({ probability: 0.9 }), verdict({ name: PERSON, action: 'log', probability: 0.2 }),
  ] })
  expect(predictions.positive).toEqual([0.9])
  expect(predictions.negative.toSorted((left, right) => left - right)).toEqual([0.001, 0.2])
})

test('a replay that was not asked for a comparison is a mistake of the caller', () => {
  expect(() => compareDetectors(capture(), replayed(), 0.001)).toThrow('not asked')
})

function compare(change: Partial<ReplayedCapture>) {
  return compareDetectors(capture({ labels: [label()] }), withComparison({ hosts: HOSTS, activity: STEPS, ...change }), 0.001)
}

function withComparison(change: Partial<ReplayedCapture>): ReplayedCapture {
  return replayed({ comparison: { testsAlone: [], alarms: [[], [], [], []] }, ...change })
}
