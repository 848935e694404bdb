// Goal: nothing but the models that the manifest pins, for the inputs that this agent has, is ever handed on.
import { mkdtemp, rm, truncate, unlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { readModels, UNTRAINED_FUSION } from '../../agent/ensemble/index.ts'
import type { ExpectedInputs, LoadedModels, ModelManifest } from '../../agent/ensemble/index.ts'
import { writeModels } from '../../agent/learning/index.ts'
import { smallFiles, smallInputs, smallManifest } from './small-models.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'pm-models-'))
  await writeModels(folder, { files: smallFiles, manifest: smallManifest() }, undefined)
})
afterEach(() => rm(folder, { recursive: true }))

test('models that are as the manifest says are read', async () => {
  const models = await read()
  expect(models.forest?.content).toEqual(smallFiles['forest.onnx'])
  expect(models.sequence?.content).toEqual(smallFiles['sequence.onnx'])
  expect(models.manifest.version).toBe('small-1')
})

test('a manifest may name the forest alone', async () => {
  await writeManifest({ models: smallManifest().models.slice(0, 1) })
  const models = await read()
  expect(models.forest).toBeDefined()
  expect(models.sequence).toBeUndefined()
})

test('one changed byte is found, with both hashes in the message', async () => {
  const changed = Uint8Array.from(smallFiles['forest.onnx'])
  changed[100]! ^= 1
  await writeFile(path.join(folder, 'forest.onnx'), changed)
  await expect(read()).rejects.toMatchObject({
    code: 'ENSEMBLE_MODEL_HASH', message: expect.stringMatching(/forest\.onnx: sha256 is [0-9a-f]{64}, the manifest expects [0-9a-f]{64}/),
  })
})

test('a file cut short is found by its size', async () => {
  await truncate(path.join(folder, 'sequence.onnx'), 10)
  await expect(read()).rejects.toMatchObject({
    code: 'ENSEMBLE_MODEL_SIZE', message: expect.stringMatching(/sequence\.onnx: 10 bytes, expected \d+/),
  })
})

test('a missing model and a missing manifest are named', async () => {
  await unlink(path.join(folder, 'forest.onnx'))
  await expect(read()).rejects.toMatchObject({
    code: 'ENSEMBLE_MODEL_MISSING', message: expect.stringContaining('forest.onnx: the manifest names this model'),
  })
  await unlink(path.join(folder, 'manifest.json'))
  await expect(read()).rejects.toMatchObject({
    code: 'ENSEMBLE_MANIFEST_MISSING', message: expect.stringContaining('manifest.json: no model manifest there'),
  })
})

test('models of another feature schema are refused with both versions', async () => {
  const inputs = { ...smallInputs, forest: { ...smallInputs.forest, schemaVersion: 'flow-2' } }
  await expect(read(inputs)).rejects.toMatchObject({
    code: 'ENSEMBLE_MODEL_SCHEMA',
    message: expect.stringContaining('forest.onnx: trained on feature schema flow-1, this agent extracts flow-2'),
  })
})

test('models for rows or sequences of another shape are refused with both shapes', async () => {
  const wider = { ...smallInputs, forest: { ...smallInputs.forest, inputWidth: 6 } }
  await expect(read(wider)).rejects.toMatchObject({
    code: 'ENSEMBLE_MODEL_SHAPE', message: expect.stringContaining('forest.onnx: reads rows of 5, this agent writes rows of 6'),
  })
  const longer = { ...smallInputs, sequence: { ...smallInputs.sequence, steps: 8 } }
  await expect(read(longer)).rejects.toMatchObject({
    code: 'ENSEMBLE_MODEL_SHAPE',
    message: expect.stringContaining('sequence.onnx: reads sequences of 6 × 3, this agent writes sequences of 8 × 3'),
  })
})

test.each<[string, object, string]>([
  ['a file outside the folder', { models: [{ ...smallManifest().models[0], file: '../forest.onnx' }] }, 'models.0.file: '],
  ['a hash that is none', { models: [{ ...smallManifest().models[0], sha256: 'abc' }] }, 'models.0.sha256: '],
  ['an unknown key', { colour: 'blue' }, 'Unrecognized key: "colour"'],
  ['two forests', { models: [smallManifest().models[0], smallManifest().models[0]] }, 'each kind of model may stand once'],
  ['a sequence model without steps', { models: [{ ...smallManifest().models[1], steps: undefined }] }, 'steps belongs to the sequence'],
  ['a weight above 1', { fusion: { ...UNTRAINED_FUSION, sources: { forest: { weight: 2, cap: 3 } } } }, 'fusion.sources.forest.weight: '],
])('%s in the manifest is named by its place', async (_, change, message) => {
  await writeManifest(change)
  await expect(read()).rejects.toMatchObject({
    code: 'ENSEMBLE_MANIFEST_INVALID', message: expect.stringContaining(message),
  })
})

test('a manifest that is no JSON says where', async () => {
  await writeFile(path.join(folder, 'manifest.json'), '{"format": 1,')
  await expect(read()).rejects.toMatchObject({
    code: 'ENSEMBLE_MANIFEST_INVALID', message: expect.stringMatching(/manifest\.json: .*JSON/),
  })
})

/** The folder counts as the shipped one: signatures have tests of their own (model-origin.test.ts). */
function read(inputs: ExpectedInputs = smallInputs): Promise<LoadedModels> {
  return readModels(folder, inputs, {
    shippedManifest: path.join(folder, 'manifest.json'), trustedKeys: [], ownKey: () => Promise.resolve(undefined),
  })
}

async function writeManifest(change: object): Promise<void> {
  const manifest: ModelManifest = smallManifest()
  await writeFile(path.join(folder, 'manifest.json'), JSON.stringify({ ...manifest, ...change }))
}
