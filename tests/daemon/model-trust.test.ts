// Goal: whatever folder an operator names, the agent opens the shipped models, its own and those of keys it was told to trust; no others.
// Method: copies of the shipped models, with a manifest that differs by one line, through the command line and its configuration.
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ROOT } from '../../agent/commands/installation.ts'
import { runPhantomd } from '../../agent/commands/run-phantomd.ts'
import { readConfig } from '../../agent/config/index.ts'
import { openModels } from '../../agent/daemon/create-detection.ts'
import { isShippedFolder } from '../../agent/daemon/model-trust.ts'
import { parseManifest } from '../../agent/ensemble/index.ts'
import { writeModels } from '../../agent/learning/index.ts'
import { openNodeKey } from '../../agent/storage/index.ts'
import type { NodeKey } from '../../agent/storage/index.ts'

const SHIPPED = path.join(ROOT, 'models')
const DEMO = path.join(ROOT, 'tests/fixtures/demo/demo.yaml')
/** The name of the models in the changed manifest. */
const CHANGED = 'changed-1'

let folder: string
let directory: string
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'pm-trust-'))
  directory = path.join(folder, 'models')
})
afterEach(() => rm(folder, { recursive: true }))

test('a copy of the shipped models is opened wherever it stands, a changed one only when signed', async () => {
  await cp(SHIPPED, directory, { recursive: true })
  expect(await openedVersion('')).toMatch(/^base-/)
  await writeChanged(undefined)
  await expect(openedVersion('')).rejects.toMatchObject({ code: 'ENSEMBLE_MODEL_UNSIGNED' })
})

test('paths.nodeKey and models.trustedKeys decide whose models are opened', async () => {
  const nodeKey = path.join(folder, 'node-key.pem')
  await writeChanged(await openNodeKey(nodeKey))
  expect(await openedVersion(`paths: {nodeKey: ${nodeKey}}`)).toBe(CHANGED)
  const other = await openNodeKey(path.join(folder, 'other.pem'))
  await writeChanged(other)
  await expect(openedVersion(`paths: {nodeKey: ${nodeKey}}`)).rejects.toMatchObject({ code: 'ENSEMBLE_KEY_UNTRUSTED' })
  expect(await openedVersion(`models: {trustedKeys: ["${other.publicKey}"]}\npaths: {nodeKey: ${nodeKey}}`)).toBe(CHANGED)
})

test('evaluate refuses models that nobody vouches for, and says so', async () => {
  await writeChanged(undefined)
  const config = await writeConfig('')
  let stderr = ''
  const terminal = { out: () => Promise.resolve(), err: (text: string) => { stderr += text } }
  const args = ['evaluate', '--manifest', DEMO, '--models', directory, '--config', config]
  expect(await runPhantomd(args, terminal)).toBe(1)
  expect(stderr).toContain(`error: ${path.join(directory, 'manifest.sig')}: not there, so nobody vouches for these models`)
})

test('the shipped folder is known by any of its names', async () => {
  const link = path.join(folder, 'link')
  await symlink(SHIPPED, link)
  expect([SHIPPED, `${SHIPPED}/`, path.join(ROOT, 'agent/../models'), link].map(isShippedFolder)).toEqual([true, true, true, true])
  expect([folder, directory, `${SHIPPED}-2`].map(isShippedFolder)).toEqual([false, false, false])
})

async function openedVersion(text: string): Promise<string> {
  const { config } = readConfig(ROOT, await writeConfig(text))
  const { loaded, inference } = await openModels(config, directory)
  await inference.close()
  return loaded.manifest.version
}

async function writeConfig(text: string): Promise<string> {
  const file = path.join(folder, 'agent.yaml')
  await writeFile(file, `mode: observe\n${text}\n`)
  return file
}

async function writeChanged(signer: NodeKey | undefined): Promise<void> {
  const parsed = parseManifest(JSON.parse(await readFile(path.join(SHIPPED, 'manifest.json'), 'utf8')))
  if (!('manifest' in parsed)) throw new Error(parsed.problems.join('; '))
  const names = parsed.manifest.models.map(({ file }) => file)
  const files = Object.fromEntries(await Promise.all(names.map(async (name) => [name, await readFile(path.join(SHIPPED, name))] as const)))
  await writeModels(directory, { files, manifest: { ...parsed.manifest, version: CHANGED } }, signer)
}
