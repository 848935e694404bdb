// EDGE: reads the folder of models. Nothing is handed on before its origin, hash, schema version and shape are what they must be.
import { createHash } from 'node:crypto'
import { promises as fs } from 'node:fs'
import path from 'node:path'
import { EnsembleError } from './errors.ts'
import { MODEL_BYTES_MAX, parseManifest } from './model-manifest.ts'
import type { ModelFile, ModelManifest } from './model-manifest.ts'
import { checkOrigin } from './model-origin.ts'
import type { ModelTrust } from './model-origin.ts'

/** What the running agent can feed to a model. */
export interface ExpectedInputs {
  readonly forest: { readonly schemaVersion: string; readonly inputWidth: number }
  readonly sequence: { readonly schemaVersion: string; readonly inputWidth: number; readonly steps: number }
}

/** A model file that passed all checks. */
export interface LoadedModel extends ModelFile {
  readonly content: Uint8Array
}

/** Everything that was read from one folder. */
export interface LoadedModels {
  readonly folder: string
  readonly manifest: ModelManifest
  readonly forest?: LoadedModel
  readonly sequence?: LoadedModel
}

/** A manifest is some kilobytes; this leaves room for 10 000 captures. */
const MANIFEST_BYTES_MAX = 4 * 1024 * 1024

/** Reads `folder`/manifest.json and the models it names. Throws EnsembleError naming the file, what was expected and what was found. */
export async function readModels(folder: string, expected: ExpectedInputs, trust: ModelTrust): Promise<LoadedModels> {
  const manifest = await readManifest(folder, trust)
  const models = await Promise.all(manifest.models.map((model) => readModel(folder, model, expected)))
  const byKind = (kind: ModelFile['kind']): { [key in typeof kind]?: LoadedModel } => {
    const model = models.find((each) => each.kind === kind)
    return model === undefined ? {} : { [kind]: model }
  }
  return { folder, manifest, ...byKind('forest'), ...byKind('sequence') }
}

async function readManifest(folder: string, trust: ModelTrust): Promise<ModelManifest> {
  const file = path.join(folder, 'manifest.json')
  const missing = (): EnsembleError => new EnsembleError(
    { code: 'ENSEMBLE_MANIFEST_MISSING', file },
    `${file}: no model manifest there. "phantomd train" writes one; models.directory says where to look.`,
  )
  const content = await readBounded(file, MANIFEST_BYTES_MAX, missing)
  await checkOrigin(folder, content, trust)
  const result = parseManifest(parseJson(file, content.toString('utf8')))
  if ('manifest' in result) return result.manifest
  throw invalidManifest(file, result.problems)
}

function parseJson(file: string, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw invalidManifest(file, [error instanceof Error ? error.message : String(error)])
  }
}

function invalidManifest(file: string, problems: readonly string[]): EnsembleError {
  return new EnsembleError({ code: 'ENSEMBLE_MANIFEST_INVALID', file, problems }, `${file}: ${problems.join('; ')}`)
}

async function readModel(folder: string, model: ModelFile, expected: ExpectedInputs): Promise<LoadedModel> {
  const file = path.join(folder, model.file)
  checkInputs(file, model, expected)
  const missing = (): EnsembleError => new EnsembleError(
    { code: 'ENSEMBLE_MODEL_MISSING', file }, `${file}: the manifest names this model, but it is not there`,
  )
  const content = await readBounded(file, MODEL_BYTES_MAX, missing)
  if (content.length !== model.bytes) throw wrongSize(file, model.bytes, content.length)
  const found = createHash('sha256').update(content).digest('hex')
  if (found !== model.sha256) {
    throw new EnsembleError(
      { code: 'ENSEMBLE_MODEL_HASH', file, expected: model.sha256, found },
      `${file}: sha256 is ${found}, the manifest expects ${model.sha256}. The file is not loaded.`,
    )
  }
  return { ...model, content: Uint8Array.from(content) }
}

function checkInputs(file: string, model: ModelFile, expected: ExpectedInputs): void {
  const wanted = expected[model.kind]
  if (model.schemaVersion !== wanted.schemaVersion) {
    throw new EnsembleError(
      { code: 'ENSEMBLE_MODEL_SCHEMA', file, expected: wanted.schemaVersion, found: model.schemaVersion },
      `${file}: trained on feature schema ${model.schemaVersion}, this agent extracts ${wanted.schemaVersion}: run "phantomd train"`,
    )
  }
  const shapes = [shapeText(expected[model.kind]), shapeText(model)] as const
  if (shapes[0] !== shapes[1]) {
    throw new EnsembleError(
      { code: 'ENSEMBLE_MODEL_SHAPE', file, expected: shapes[0], found: shapes[1] },
      `${file}: reads ${shapes[1]}, this agent writes ${shapes[0]}`,
    )
  }
}

function shapeText(input: { readonly inputWidth: number; readonly steps?: number | undefined }): string {
  return input.steps === undefined ? `rows of ${input.inputWidth}` : `sequences of ${input.steps} × ${input.inputWidth}`
}

async function readBounded(file: string, bytesMax: number, missing: () => EnsembleError): Promise<Buffer> {
  let size: number
  try {
    size = (await fs.stat(file)).size
  } catch {
    throw missing()
  }
  if (size > bytesMax) throw wrongSize(file, bytesMax, size)
  return fs.readFile(file)
}

function wrongSize(file: string, expected: number, found: number): EnsembleError {
  return new EnsembleError({ code: 'ENSEMBLE_MODEL_SIZE', file, expected, found }, `${file}: ${found} bytes, expected ${expected}`)
}
