// Goal: `phantomd train` writes models only when there is enough to learn from, and says what they are worth.
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { describeModels, trainCommand } from '../../agent/commands/train.ts'
import { UNTRAINED_FUSION } from '../../agent/ensemble/index.ts'

const DEMO = path.resolve(import.meta.dirname, '../fixtures/demo/demo.yaml')

test('one capture is too little: the error says what is missing, and no model is written', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'pm-train-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const config = path.join(folder, 'agent.yaml')
  await writeFile(config, `paths: {nodeKey: ${path.join(folder, 'node-key.pem')}}`)
  await expect(trainCommand({ manifest: [DEMO], out: path.join(folder, 'models'), seed: 1, config })).rejects.toThrow(
    '1 captures with sequences of attacks and 1 with benign rows; cross-fitting needs 3 of each',
  )
  expect((await readdir(folder)).sort()).toEqual(['agent.yaml', 'node-key.pem'])
})

test('the closing words give held-out figures, and say so where there is none', () => {
  const model = { file: 'x.onnx', sha256: '0'.repeat(64), schemaVersion: '1', inputWidth: 2, parameters: {} }
  const text = describeModels({
    files: {},
    manifest: {
      format: 1, version: 'base-1', description: '', limits: [], seed: 1, fusion: UNTRAINED_FUSION, training: [], fusedHeldOutAuc: 0.9,
      models: [
        { ...model, kind: 'forest', rows: 100, bytes: 2_000, heldOutAuc: 0.8768 },
        { ...model, kind: 'sequence', steps: 4, rows: 50, bytes: 1_000, heldOutAuc: null },
      ],
    },
  }, 'models')
  expect(text).toBe([
    'base-1 in models, AUC over captures that each fold had not seen:',
    '  forest    100 rows, 2000 bytes            AUC 0.877',
    '  sequence  50 rows, 1000 bytes             AUC not known',
    '  fused                                     AUC 0.900',
    '',
  ].join('\n'))
})
