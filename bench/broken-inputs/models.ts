// Models: changed, unsigned, of another schema or shape, cut or missing. None of them is ever loaded.
import { copyFileSync, mkdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { parseManifest } from '../../agent/ensemble/index.ts'
import type { ModelFile, ModelManifest } from '../../agent/ensemble/index.ts'
import { sha256, writeModels } from '../../agent/learning/model-files.ts'
import { openNodeKey } from '../../agent/storage/index.ts'
import { nothingToClose } from './input.ts'
import type { BrokenInput, InputGroup, Workplace } from './input.ts'

const SHIPPED = path.resolve(import.meta.dirname, '../../models')
const CAPTURE = path.resolve(import.meta.dirname, '../../tests/fixtures/demo/gateway.pcap.gz')
const FILES = ['manifest.json', 'forest.onnx', 'sequence.onnx']

/** Through `phantomd replay`, with models.directory pointing at each folder. */
export async function modelInputs(place: Workplace): Promise<InputGroup> {
  const keyFile = path.join(place.folder, 'node-key.pem')
  const key = await openNodeKey(keyFile)
  const replayWith = (name: string, folder: string, says: readonly string[]): BrokenInput => {
    const config = place.file(`${folder}.yaml`, `models: {directory: ${place.folder}/${folder}}\npaths: {nodeKey: ${keyFile}}\n`)
    return {
      name: `model: ${name}`, command: ['bin/phantomd', 'replay', CAPTURE, '--config', config], exitCode: 1, says: [`${folder}/`, ...says],
    }
  }
  const copied = (folder: string, change?: readonly [file: string, content: Uint8Array | string]): string => {
    mkdirSync(path.join(place.folder, folder), { recursive: true })
    for (const file of FILES) copyFileSync(path.join(SHIPPED, file), path.join(place.folder, folder, file))
    if (change !== undefined) place.file(path.join(folder, change[0]), change[1])
    return folder
  }
  const forest = readFileSync(path.join(SHIPPED, 'forest.onnx'))
  const changed = Buffer.from(forest)
  changed[forest.length >> 1]! ^= 1
  const signed = async (folder: string, change: (model: ModelFile) => ModelFile, content: Uint8Array = forest): Promise<string> => {
    const manifest = shippedManifest()
    const files = { 'forest.onnx': content, 'sequence.onnx': readFileSync(path.join(SHIPPED, 'sequence.onnx')) }
    await writeModels(path.join(place.folder, folder), { files, manifest: { ...manifest, models: manifest.models.map(change) } }, key)
    return folder
  }
  const ofForest = (changes: Partial<ModelFile>) => (model: ModelFile): ModelFile => (
    model.kind === 'forest' ? { ...model, ...changes } : model
  )
  mkdirSync(path.join(place.folder, 'm-empty'), { recursive: true })
  const renamed = JSON.stringify({ ...shippedManifest(), version: 'x' })
  const garbage = new Uint8Array(forest.length).fill(0x41)
  const inputs = [
    replayWith('folder missing', 'm-absent', ['manifest.json: no model manifest there', 'phantomd train']),
    replayWith('manifest missing', 'm-empty', ['manifest.json: no model manifest there']),
    replayWith('manifest is no JSON', copied('m-garbage', ['manifest.json', '{ "format": ']), ['m-garbage/manifest']),
    replayWith('manifest changed, nobody signed it', copied('m-unsigned', ['manifest.json', renamed]), ['manifest.sig']),
    replayWith('file of another hash', copied('m-hash', ['forest.onnx', changed]), ['forest.onnx: sha256 is', 'expects']),
    replayWith('file cut', copied('m-cut', ['forest.onnx', forest.subarray(0, 1_000)]), ['forest.onnx: 1000 bytes, expected']),
    replayWith('another feature schema', await signed('m-schema', ofForest({ schemaVersion: 'flow-0' })), [
      'forest.onnx: trained on feature schema flow-0', 'phantomd train',
    ]),
    replayWith('another shape', await signed('m-shape', ofForest({ inputWidth: 3 })), ['forest.onnx: reads rows of 3']),
    replayWith('signed, but no ONNX', await signed('m-onnx', ofForest({ sha256: sha256(garbage) }), garbage), ['forest.onnx']),
    {
      name: 'model: evaluate with a folder that is not there', exitCode: 1, says: ['none/manifest.json: no model manifest there'],
      command: ['bin/phantomd', 'evaluate', '--manifest', path.join(path.dirname(CAPTURE), 'demo.yaml'), '--models', 'none'],
    },
  ]
  return { inputs, close: nothingToClose }
}

function shippedManifest(): ModelManifest {
  const parsed = parseManifest(JSON.parse(readFileSync(path.join(SHIPPED, 'manifest.json'), 'utf8')))
  if ('manifest' in parsed) return parsed.manifest
  throw new Error(parsed.problems.join('; '))
}
