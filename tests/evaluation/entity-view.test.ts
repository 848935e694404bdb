import { expect, test } from 'vitest'
import { entityGround, judgeView } from '../../agent/evaluation/entity-view.ts'
import type { LabelledCapture, ReplayedCapture, ReplayedVerdict } from '../../agent/evaluation/index.ts'
import type { EntityCounts } from '../../agent/evaluation/index.ts'
import { capture, flow, label, replayed, verdict } from './fixtures.ts'

const HOSTS = ['10.0.0.5', '10.0.0.6', '10.0.0.7', '192.0.2.7']

test('a labelled entity that is named for what it did is found', () => {
  expect(counts({ labels: [label()] }, [verdict()])).toEqual({ tp: 1, fp: 0, tn: 2, fn: 0, wrongCategory: 0 })
})

test('one that is not named is missed', () => {
  expect(counts({ labels: [label()] }, [])).toEqual({ tp: 0, fp: 0, tn: 2, fn: 1, wrongCategory: 0 })
})

test('one that is named for something else is missed, and told apart', () => {
  expect(counts({ labels: [label()] }, [verdict({ category: 'flood' })])).toEqual({ tp: 0, fp: 0, tn: 2, fn: 1, wrongCategory: 1 })
})

test('the wrong category beside the right one does no harm', () => {
  expect(counts({ labels: [label()] }, [verdict({ category: 'flood' }), verdict()])).toMatchObject({ tp: 1, fn: 0, wrongCategory: 0 })
})

test('what is right for one of two truths is not the wrong category of the other', () => {
  const labels = [label(), label({ category: 'c2' })]
  expect(counts({ labels }, [verdict()])).toMatchObject({ tp: 1, fn: 1, wrongCategory: 0 })
})

test('several labels of the same entity and category are one truth', () => {
  const labels = [label({ peer: '192.0.2.7' }), label({ peer: '192.0.2.8' })]
  expect(counts({ labels }, [verdict()])).toMatchObject({ tp: 1, fn: 0 })
})

test('a verdict counts within the window, both ends included', () => {
  const labels = [label({ fromMs: 1_000, toMs: 2_000 })]
  for (const atMs of [1_000, 2_000]) expect(counts({ labels }, [verdict({ atMs })])).toMatchObject({ tp: 1, fp: 0 })
})

test('before its window an entity of a benign capture is innocent', () => {
  const labels = [label({ fromMs: 1_000, toMs: 2_000 })]
  expect(counts({ labels }, [verdict({ atMs: 999 })])).toMatchObject({ tp: 0, fp: 1, fn: 1 })
})

test('after its window it is still to blame for what it did, too late to be found, and innocent of the rest', () => {
  const labels = [label({ fromMs: 1_000, toMs: 2_000 })]
  expect(counts({ labels }, [verdict({ atMs: 2_001 })])).toMatchObject({ tp: 0, fp: 0, fn: 1, wrongCategory: 0 })
  expect(counts({ labels }, [verdict({ atMs: 2_001, category: 'flood' })])).toMatchObject({ tp: 0, fp: 1, fn: 1, wrongCategory: 0 })
  expect(counts({ labels }, [verdict({ atMs: 1_500 }), verdict({ atMs: 9_000 })])).toMatchObject({ tp: 1, fp: 0, fn: 0 })
})

test('accusing an innocent is one false positive, however often', () => {
  const accused = [verdict({ name: '10.0.0.6' }), verdict({ name: '10.0.0.6', category: 'flood' })]
  expect(counts({ labels: [label()] }, [...accused, verdict()])).toEqual({ tp: 1, fp: 1, tn: 1, fn: 0, wrongCategory: 0 })
})

test('acting on the other end of an attack is a false positive, home or not', () => {
  expect(counts({ labels: [label()] }, [verdict({ name: '192.0.2.7' })])).toMatchObject({ tp: 0, fp: 1, tn: 2, fn: 1 })
})

test('true negatives are the unlabelled home hosts, or all hosts where no home is given', () => {
  expect(counts({}, [])).toMatchObject({ tn: 3 })
  expect(counts({ home: [] }, [])).toMatchObject({ tn: 4 })
})

test('captures whose default is not benign give no true negatives', () => {
  expect(counts({ default: 'unknown' }, [])).toMatchObject({ tn: 0 })
  expect(counts({ default: 'malicious' }, [])).toMatchObject({ tn: 0 })
})

test('where other traffic is unknown, accusing somebody unknown counts nowhere', () => {
  expect(counts({ default: 'unknown', labels: [label()] }, [verdict({ name: '10.0.0.7' })])).toMatchObject({ fp: 0, fn: 1 })
})

test('where other traffic is unknown, the other end of the labelled traffic is still innocent', () => {
  expect(counts({ default: 'unknown', labels: [label()] }, [verdict({ name: '192.0.2.7' })])).toMatchObject({ fp: 1, fn: 1 })
})

test('where other traffic is unknown, the labelled entity outside its window counts nowhere', () => {
  const labels = [label({ fromMs: 0, toMs: 1_000 })]
  expect(counts({ default: 'unknown', labels }, [verdict({ atMs: 5_000 })])).toMatchObject({ tp: 0, fp: 0, fn: 1 })
})

test('a malicious default names no entity', () => {
  expect(counts({ default: 'malicious' }, [verdict()])).toEqual({ tp: 0, fp: 0, tn: 0, fn: 0, wrongCategory: 0 })
})

const victim = label({ role: 'victim', address: '192.0.2.7', category: 'flood' })

test('a victim is found when it is named as the victim', () => {
  const right = verdict({ name: '192.0.2.7', kind: 'victim', category: 'flood' })
  expect(counts({ labels: [victim] }, [right])).toMatchObject({ tp: 1, fp: 0, fn: 0 })
})

test('naming the victim as the attacker is a miss and a false positive', () => {
  for (const fallback of ['benign', 'unknown'] as const) {
    const wrong = verdict({ name: '192.0.2.7', category: 'flood' })
    expect(counts({ default: fallback, labels: [victim] }, [wrong])).toMatchObject({ tp: 0, fp: 1, fn: 1 })
  }
})

test('naming a source that a spoofer pretends to be is a false positive', () => {
  for (const fallback of ['benign', 'unknown'] as const) {
    expect(counts({ default: fallback, labels: [victim] }, [verdict({ category: 'flood' })])).toMatchObject({ tp: 0, fp: 1, fn: 1 })
  }
})

test('naming an attacker as a victim does not find it', () => {
  expect(counts({ labels: [label()] }, [verdict({ kind: 'victim' })])).toMatchObject({ tp: 0, fp: 1, fn: 1 })
})

function counts(change: Partial<LabelledCapture>, verdicts: readonly ReplayedVerdict[]): EntityCounts {
  const seen: ReplayedCapture = replayed({ hosts: HOSTS, flows: [flow()] })
  return judgeView(entityGround(capture(change), seen), verdicts).counts
}
