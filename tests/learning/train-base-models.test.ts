// Goal: labelled samples become a set of models that the agent takes, with nothing judged by what it was fitted on.
// Method: small synthetic captures whose attacks stand out in their features and repeat one event, where benign events rise.
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { modelManifestSchema, readModels } from '../../agent/ensemble/index.ts'
import { LABEL, trainBaseModels, writeModels } from '../../agent/learning/index.ts'
import type { BaseTrainingOptions, TrainingSamples } from '../../agent/learning/index.ts'
import { assignFolds, labelledRows, rowWeights } from '../../agent/learning/training-samples.ts'
import { seededRandom } from '../../agent/kit/index.ts'
import { openNodeKey } from '../../agent/storage/index.ts'

const OPTIONS: BaseTrainingOptions = { seed: 3, description: 'synthetic', hidden: 4, epochsMax: 4 }
const SAMPLES = syntheticSamples(24, 40)

test('the same samples and seed give the same bytes, another seed others', async () => {
  const [first, second, other] = [await trainBaseModels(SAMPLES, OPTIONS), await trainBaseModels(SAMPLES, OPTIONS),
    await trainBaseModels(SAMPLES, { ...OPTIONS, seed: 4 })]
  expect(second.files).toEqual(first.files)
  expect(JSON.stringify(second.manifest)).toBe(JSON.stringify(first.manifest))
  expect(other.manifest.version).not.toBe(first.manifest.version)
})

test('the manifest is one that the agent reads, and names every capture that took part', async () => {
  const { manifest } = await trainBaseModels(SAMPLES, OPTIONS)
  expect(modelManifestSchema.parse(manifest)).toEqual(manifest)
  expect(manifest.training.map(({ capture }) => capture)).toEqual(SAMPLES.captureList.map(({ id }) => id))
  expect(manifest.training[0]).toEqual({ capture: 'capture-0', source: 'even', benignRows: 20, attackRows: 16 })
})

test('attacks that are plain to see are seen in captures that were left out', async () => {
  const { manifest } = await trainBaseModels(SAMPLES, { ...OPTIONS, epochsMax: 12 })
  const [forest, sequence] = manifest.models
  expect(forest!.heldOutAuc).toBeGreaterThan(0.9)
  expect(sequence!.heldOutAuc).toBeGreaterThan(0.9)
  expect(manifest.fusedHeldOutAuc).toBeGreaterThan(0.95)
  expect(manifest.fusion.sources['forest']!.weight).toBeGreaterThanOrEqual(0.25)
  expect(manifest.fusion.sources['scan.random-walk']!.calibration).toBeUndefined()
  expect(manifest.fusion.thresholds.map(({ falsePositiveRateMax }) => falsePositiveRateMax)).toEqual([0.01])
})

test('both models together, summed to twice their cap, stay below the prior', async () => {
  for (const priorLogOdds of [-6.9, -3]) {
    const { fusion } = (await trainBaseModels(SAMPLES, { ...OPTIONS, priorLogOdds })).manifest
    const most = ['forest', 'sequence'].reduce((sum, name) => sum + 2 * fusion.sources[name]!.weight * fusion.sources[name]!.cap, 0)
    expect(most).toBeLessThan(-priorLogOdds)
  }
})

test('labels that mean nothing are not learned: held-out AUC stays at chance', async () => {
  const random = seededRandom(51)
  const labels = SAMPLES.labels.map(() => Math.round(random.uniform()))
  const { manifest } = await trainBaseModels({ ...SAMPLES, labels }, OPTIONS)
  for (const { heldOutAuc } of manifest.models) expect(Math.abs(heldOutAuc! - 0.5)).toBeLessThan(0.08)
})

test('what training writes, the agent reads', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'pm-models-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const trained = await trainBaseModels(SAMPLES, OPTIONS)
  const key = await openNodeKey(path.join(folder, 'key', 'node-key.pem'))
  const out = path.join(folder, 'models')
  await writeModels(out, trained, key)
  expect((await readdir(out)).sort()).toEqual(['forest.onnx', 'manifest.json', 'manifest.sig', 'sequence.onnx'])
  const inputs = { forest: { schemaVersion: 'flow-1', inputWidth: 3 }, sequence: { schemaVersion: 'event-1', inputWidth: 2, steps: 4 } }
  const ownKey = () => Promise.resolve(key.publicKey)
  const models = await readModels(out, inputs, { shippedManifest: path.join(folder, 'none'), trustedKeys: [], ownKey })
  expect(models.manifest).toEqual(trained.manifest)
  expect(models.forest!.content).toEqual(trained.files['forest.onnx'])
})

test('all rows of a capture stand in one fold, and each fold has attacks and benign captures', () => {
  const rows = labelledRows(SAMPLES)
  const { count, foldOf } = assignFolds(SAMPLES, rows, 1)
  expect(count).toBe(5)
  for (let each = 0; each < count; each += 1) {
    const members = [...foldOf.keys()].filter((capture) => foldOf[capture] === each)
    expect(members.some((capture) => capture % 2 === 0)).toBe(true)
    expect(members.some((capture) => capture % 2 === 1)).toBe(true)
  }
})

test('rows of unknown label take part in nothing, and a capture weighs the root of its rows', () => {
  const rows = labelledRows(SAMPLES)
  expect(rows.some((row) => SAMPLES.labels[row] === LABEL.unknown)).toBe(false)
  const ofFirst = rows.filter((row) => SAMPLES.captures[row] === 0)
  expect(ofFirst.length).toBe(36)
  expect(ofFirst.reduce((sum, row) => sum + rowWeights(SAMPLES, rows)[row]!, 0)).toBeCloseTo(Math.sqrt(20) + Math.sqrt(16), 4)
})

test('samples that do not fit together or do not suffice are refused with what is wrong', async () => {
  const short = { ...SAMPLES, features: { ...SAMPLES.features, values: SAMPLES.features.values.slice(1) } }
  await expect(trainBaseModels(short, OPTIONS)).rejects.toThrow('features.values: 2879 elements where 960 rows ask for 2880')
  await expect(trainBaseModels(syntheticSamples(4, 40), OPTIONS)).rejects.toThrow(
    '2 captures with sequences of attacks and 4 with benign rows; cross-fitting needs 3 of each',
  )
})

test('progress ends where it said it would', async () => {
  const seen: (readonly [number, number])[] = []
  await trainBaseModels(SAMPLES, { ...OPTIONS, onProgress: (done, total) => { seen.push([done, total]) } })
  expect(seen.at(0)).toEqual([0, 6])
  expect(seen.at(-1)).toEqual([6, 6])
})

/** Every second capture has attacks among its benign rows: features shifted, one event repeated. A tenth of its rows is unknown. */
function syntheticSamples(captures: number, rowsEach: number): TrainingSamples {
  const random = seededRandom(71)
  const rows = captures * rowsEach
  const [width, steps, sequenceWidth] = [3, 4, 2]
  const capture = Int32Array.from({ length: rows }, (_, row) => Math.floor(row / rowsEach))
  const labels = Uint8Array.from(capture, (each, row) => {
    if (each % 2 === 1) return LABEL.benign
    if (row % 10 === 9) return LABEL.unknown
    return row % 2 === 0 && row % 10 !== 8 ? LABEL.attack : LABEL.benign
  })
  const isAttack = (row: number): boolean => labels[row] === LABEL.attack
  const values = Float32Array.from({ length: rows * width }, (_, cell) => random.uniform() + (isAttack(Math.floor(cell / width)) ? 0.8 : 0))
  const sequences = Float32Array.from({ length: rows * steps * sequenceWidth }, (_, cell) => {
    const step = Math.floor(cell / sequenceWidth) % steps
    return random.uniform() * 0.2 + (isAttack(Math.floor(cell / sequenceWidth / steps)) ? 0.5 : step * 0.3)
  })
  return {
    labels, captures: capture,
    captureList: Array.from({ length: captures }, (_, index) => ({ id: `capture-${index}`, source: index % 2 === 0 ? 'even' : 'odd' })),
    features: { schemaVersion: 'flow-1', width, values },
    sequences: {
      schemaVersion: 'event-1', steps, width: sequenceWidth, values: sequences,
      lengths: Int32Array.from({ length: rows }, (_, row) => (row % 5 === 0 ? 0 : 2 + (row % (steps - 1)))),
    },
    evidence: {
      tests: ['scan.random-walk'],
      ratios: Float32Array.from(labels, (label) => (label === LABEL.attack && random.uniform() < 0.3 ? 4 : 0)),
    },
  }
}
