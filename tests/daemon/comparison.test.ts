// Goal: one replay says of the tests alone what a second replay with silenced models says, and of models alone whom they score highly.
// Method: the committed demo capture with the shipped models, beside the same models with weights of 0.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { defaultConfig } from '../../agent/config/index.ts'
import { openSubject } from '../../agent/daemon/capture-replay.ts'
import { openModels } from '../../agent/daemon/create-detection.ts'
import { readManifests } from '../../agent/evaluation/index.ts'
import { writeModels } from '../../agent/learning/index.ts'
import { openNodeKey } from '../../agent/storage/index.ts'

const ROOT = path.resolve(import.meta.dirname, '../..')
const [demo] = readManifests([path.join(ROOT, 'tests/fixtures/demo/demo.yaml')])
const config = defaultConfig(ROOT)
const ALARMS = [{ model: 'forest', above: 0.6 }, { model: 'sequence', above: 0.9 }, { model: 'forest', above: 1 }] as const

test('tests alone decide as with models that have no say', async () => {
  const [whole, silent] = [await replay(), await replay(await silenceModels())]
  expect(whole.comparison!.testsAlone).toEqual(silent.verdicts)
  expect(whole.comparison!.testsAlone).not.toEqual(whole.verdicts)
  expect(silent.flows.map(({ score }) => score)).toEqual(whole.flows.map(({ score }) => score))
})

test('a model alone names sources that it scores above the threshold, and nobody above certainty', async () => {
  const { comparison, flows } = await replay()
  const [forest, sequence, never] = comparison!.alarms
  const sourcesAbove = (score: 'forestScore' | 'sequenceScore', above: number) =>
    [...new Set(flows.filter((flow) => flow[score] > above).map(({ source }) => source))].sort()
  expect([...new Set(forest!.map(({ address }) => address))].sort()).toEqual(sourcesAbove('forestScore', 0.6))
  expect([...new Set(sequence!.map(({ address }) => address))].sort()).toEqual(sourcesAbove('sequenceScore', 0.9))
  expect(forest!.length).toBeGreaterThan(0)
  expect(never).toEqual([])
})

async function replay(models?: string) {
  const subject = await openSubject(config, models)
  try {
    return await subject.replay(demo!.file, { labels: demo!.labels, alarms: ALARMS })
  } finally {
    await subject.close()
  }
}

async function silenceModels(): Promise<string> {
  const { loaded: { manifest, forest, sequence }, inference } = await openModels(config)
  await inference.close()
  const folder = await mkdtemp(path.join(tmpdir(), 'pm-silent-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const files = Object.fromEntries([forest, sequence].flatMap((model) => (model === undefined ? [] : [[model.file, model.content]])))
  const sources = Object.fromEntries(Object.entries(manifest.fusion.sources).map(([name, source]) => [name, { ...source, weight: 0 }]))
  const silent = { ...manifest, fusion: { ...manifest.fusion, sources } }
  await writeModels(folder, { files, manifest: silent }, await openNodeKey(config.paths.nodeKey))
  return folder
}
