// Goal: models are loaded only where the shipped manifest, the node's own key or a key of models.trustedKeys vouches for their every byte.
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { readModels } from '../../agent/ensemble/index.ts'
import type { LoadedModels, ModelTrust } from '../../agent/ensemble/index.ts'
import { writeModels } from '../../agent/learning/index.ts'
import { openNodeKey } from '../../agent/storage/index.ts'
import type { NodeKey } from '../../agent/storage/index.ts'
import { smallFiles, smallInputs, smallManifest } from './small-models.ts'

const TRAINED = { files: smallFiles, manifest: smallManifest() }

let root: string
let folder: string
let own: NodeKey
beforeEach(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'pm-origin-'))
  folder = path.join(root, 'models')
  own = await openNodeKey(path.join(root, 'node-key.pem'))
  await writeModels(folder, TRAINED, own)
})
afterEach(() => rm(root, { recursive: true }))

test('models that the node signed are read', async () => {
  expect((await read()).manifest).toEqual(TRAINED.manifest)
})

test('models of another node are refused with the key to add, and read once it is trusted', async () => {
  const other = await openNodeKey(path.join(root, 'other.pem'))
  await writeModels(folder, TRAINED, other)
  await expect(read()).rejects.toMatchObject({
    problem: { code: 'ENSEMBLE_KEY_UNTRUSTED', file: path.join(folder, 'manifest.sig'), publicKey: other.publicKey },
    message: expect.stringContaining(`signed by key ${other.publicKey}; expected this node's own, ${own.publicKey}, or one of`),
  })
  await expect(read({ ownKey: () => Promise.resolve(undefined) })).rejects.toThrow('expected one of models.trustedKeys')
  await expect(read({ trustedKeys: [other.publicKey] })).resolves.toMatchObject({ manifest: TRAINED.manifest })
})

test('where a trusted key signed, the key of the node is not asked for', async () => {
  const ownKey = () => Promise.reject(new Error('not readable by this user'))
  await expect(read({ trustedKeys: [own.publicKey], ownKey })).resolves.toMatchObject({ manifest: TRAINED.manifest })
})

test('unsigned models are refused, unless they are the shipped ones wherever they stand', async () => {
  await writeModels(folder, TRAINED, undefined)
  await expect(read()).rejects.toMatchObject({
    problem: { code: 'ENSEMBLE_MODEL_UNSIGNED', file: path.join(folder, 'manifest.sig') },
    message: expect.stringContaining('"phantomd train" signs what it makes'),
  })
  const shipped = path.join(root, 'shipped')
  await cp(folder, shipped, { recursive: true })
  const shippedManifest = path.join(shipped, 'manifest.json')
  await expect(read({ shippedManifest })).resolves.toMatchObject({ folder, manifest: TRAINED.manifest })
  await writeFile(path.join(folder, 'manifest.json'), `${JSON.stringify(smallManifest('small-2'))}\n`)
  await expect(read({ shippedManifest })).rejects.toMatchObject({ code: 'ENSEMBLE_MODEL_UNSIGNED' })
})

test('a model that was changed is refused although its manifest is signed', async () => {
  const content = await readFile(path.join(folder, 'forest.onnx'))
  content[50]! ^= 1
  await writeFile(path.join(folder, 'forest.onnx'), content)
  await expect(read()).rejects.toMatchObject({ code: 'ENSEMBLE_MODEL_HASH' })
})

test('the signature of one manifest does not serve another', async () => {
  const signature = await readFile(path.join(folder, 'manifest.sig'))
  await writeModels(folder, { ...TRAINED, manifest: smallManifest('small-2') }, own)
  await writeFile(path.join(folder, 'manifest.sig'), signature)
  await expect(read()).rejects.toMatchObject({
    code: 'ENSEMBLE_SIGNATURE_INVALID', message: expect.stringContaining('one of the two was changed'),
  })
})

test('a manifest is not even parsed before its signature holds', async () => {
  await writeFile(path.join(folder, 'manifest.json'), '{"format": 1,')
  await expect(read()).rejects.toMatchObject({ code: 'ENSEMBLE_SIGNATURE_INVALID' })
})

test.each([
  ['no JSON', 'signed, honestly', /JSON/],
  ['an unknown key', '{"format":1,"algorithm":"Ed25519","publicKey":"","signature":"","note":""}', /Unrecognized key: "note"/],
  ['another algorithm', `{"format":1,"algorithm":"none","publicKey":"${'0'.repeat(64)}","signature":"${'0'.repeat(128)}"}`, /algorithm: /],
  ['endless', ' '.repeat(1_025), /1025 bytes, at most 1024 expected/],
])('a signature file that is %s is refused with its place', async (_, text, message) => {
  await writeFile(path.join(folder, 'manifest.sig'), text)
  await expect(read()).rejects.toMatchObject({
    problem: { code: 'ENSEMBLE_SIGNATURE_INVALID', file: path.join(folder, 'manifest.sig') }, message: expect.stringMatching(message),
  })
})

test('a key of small order, for which anybody can sign, vouches for nothing', async () => {
  // The neutral element: R = identity and s = 0 satisfy the equation of RFC 8032 for every message.
  const publicKey = `01${'00'.repeat(31)}`
  const signature = `01${'00'.repeat(63)}`
  await writeFile(path.join(folder, 'manifest.sig'), JSON.stringify({ format: 1, algorithm: 'Ed25519', publicKey, signature }))
  await expect(read()).rejects.toThrow('The models are not loaded')
})

test.each(['manifest.json', 'manifest.sig'])('any byte of %s that is another refuses the models', async (name) => {
  const file = path.join(folder, name)
  const content = await readFile(file)
  const place = fc.nat({ max: content.length - 1 })
  await fc.assert(fc.asyncProperty(place, fc.integer({ min: 1, max: 255 }), async (index, difference) => {
    const changed = Uint8Array.from(content)
    changed[index]! ^= difference
    await writeFile(file, changed)
    await expect(read({ trustedKeys: [own.publicKey] })).rejects.toMatchObject({ code: 'ENSEMBLE_SIGNATURE_INVALID' })
  }), { numRuns: 300 })
})

function read(trust: Partial<ModelTrust> = {}): Promise<LoadedModels> {
  return readModels(folder, smallInputs, {
    shippedManifest: path.join(root, 'none.json'), trustedKeys: [], ownKey: () => Promise.resolve(own.publicKey), ...trust,
  })
}
