// Goal: the yardstick never trains on what it judges, holds every benign file out once, fixes models before it judges, and draws and
// tells the same figures; so that its code cannot rot where the captures outside the project are not there.
// Method: folds of made-up manifests by property; the demo capture under several names as several sources, with tiny models.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import fc from 'fast-check'
import { expect, onTestFinished, test } from 'vitest'
import { defaultConfig } from '../../agent/config/index.ts'
import { collectSamples } from '../../agent/daemon/collect-samples.ts'
import { DETECTORS, readManifests, separateSources } from '../../agent/evaluation/index.ts'
import type { LabelledCapture } from '../../agent/evaluation/index.ts'
import { NEVER_TRAINS, readCorpora } from '../../bench/yardstick/corpora.ts'
import { figuresOf } from '../../bench/yardstick/figures.ts'
import { freezeFold } from '../../bench/yardstick/fold-models.ts'
import { leaveOneSourceOut } from '../../bench/yardstick/folds.ts'
import { judgeFold } from '../../bench/yardstick/judge-fold.ts'
import { pictureData } from '../../bench/yardstick/picture-data.ts'
import { drawPictures } from '../../bench/yardstick/pictures.ts'
import { reportOf } from '../../bench/yardstick/report.ts'
import { capture, label } from '../evaluation/fixtures.ts'

const ROOT = path.resolve(import.meta.dirname, '../..')
const DEMO = path.join(ROOT, 'tests/fixtures/demo/demo.yaml')
const [demo] = readManifests([DEMO])

const SEPARATION = separateSources({
  values: Float32Array.of(0, 1, 5, 6), width: 1, files: Int32Array.of(0, 1, 2, 3), sources: ['one', 'one', 'other', 'other'],
})

const captures = fc.uniqueArray(fc.record({
  id: fc.integer({ min: 0, max: 10_000 }).map(String),
  source: fc.constantFrom('a', 'b', 'c', 'range-train', NEVER_TRAINS),
  labels: fc.constantFrom([], [label()]),
  default: fc.constantFrom('benign' as const, 'unknown' as const, 'malicious' as const),
}).map(capture), { selector: ({ id }) => id, maxLength: 40 })

test('no fold trains on its source, on files that it holds out, or on the final exam', () => {
  fc.assert(fc.property(captures, (all) => {
    for (const { source, judged, heldOutBenign, training } of leaveOneSourceOut(all)) {
      expect(training.filter((each) => each.source === source || each.source === NEVER_TRAINS)).toEqual([])
      expect(training.filter((each) => judged.includes(each) || heldOutBenign.includes(each))).toEqual([])
    }
  }))
})

test('where there are attacks, every capture is judged exactly once', () => {
  fc.assert(fc.property(captures, (all) => {
    const folds = leaveOneSourceOut(all)
    const judged = folds.flatMap((fold) => [...fold.judged, ...fold.heldOutBenign])
    expect(judged.map(({ id }) => id).sort()).toEqual(folds.length === 0 ? [] : all.map(({ id }) => id).sort())
  }))
})

test('a set that is not there is known to be missing', () => {
  const corpora = readCorpora({ data: '/nowhere', range: '/nowhere' })
  expect(corpora.map(({ name }) => name)).toEqual(['train', 'validation', 'benign', 'range-train', 'range-test'])
  expect(corpora.every((corpus) => corpus.captures === undefined)).toBe(true)
})

test('the demo capture as five sources is trained, frozen, judged, told and drawn', async () => {
  const config = defaultConfig(ROOT)
  const folder = await mkdtemp(path.join(tmpdir(), 'pm-yardstick-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const sources = ['a', 'b', 'c', 'd', 'e'].map((source): LabelledCapture => ({ ...demo!, id: source, source }))
  const office: LabelledCapture = { ...demo!, id: 'office', source: 'office', labels: [] }
  const fold = leaveOneSourceOut([...sources, office])[0]!
  expect(fold.heldOutBenign).toEqual([office])
  const { samples } = await collectSamples(sources, { rowsPerGroupMax: 60, seed: 1 }, () => {})
  const frozen = await freezeFold(fold, { config, samples, folder, options: { seed: 1, hidden: 4, epochsMax: 2 } })
  expect(frozen).toMatchObject({ source: 'a', trainingCaptures: 4, modelHash: expect.stringMatching(/^base-/) })

  const judged = await judgeFold(fold, frozen, { config, onCapture: () => {} })
  expect(judged.unread).toEqual([])
  expect(judged.captures.map((each) => each.capture.id)).toEqual(['a', 'office'])
  const figures = figuresOf([judged])
  expect(figures.entityGroups.map(({ category, truths }) => [category, truths])).toEqual(
    [...new Set(demo!.labels.map(({ category }) => category))].sort().map((category) => [category, 1]))
  expect(figures.macro['tests alone'].alertRecall.value).toBeGreaterThan(0.5)
  // The same attackers, unlabelled in the other capture, are innocents there.
  expect(figures.pooled.fusion.alert.fp).toBeGreaterThan(0)

  const drawn = pictureData([judged])
  const pictures = await drawPictures(drawn)
  expect(pictures).toHaveLength(5)
  for (const { svg } of pictures) expect(svg).toMatch(/^<svg [^>]*role="img" aria-label="[^"]+"><title>/)
  expect(Math.max(...pictures.map(({ svg }) => svg.length))).toBeLessThan(60_000)
  const report = reportOf({
    date: '2026-01-01', command: 'npm run evaluate:all', hash: 'abc', folds: [frozen], notes: ['Something was missing.'], figures,
    payload: figuresOf([judged], ({ payload }) => payload), drawn, separation: SEPARATION,
  }, pictures)
  for (const detector of DETECTORS) expect(report).toContain(`| ${detector} |`)
  for (const phrase of ['Something was missing.', '## Target figure', 'Base rates', frozen.modelHash, 'chance is .500']) {
    expect(report).toContain(phrase)
  }
  expect(report).not.toMatch(/NaN|undefined|Infinity/)
  // A line that begins a table row ends it.
  expect(report.split('\n').filter((line) => line.startsWith('|') && !line.endsWith('|'))).toEqual([])
}, 60_000)
