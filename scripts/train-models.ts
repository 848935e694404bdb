// `npm run train`: makes the shipped models again, from the labelled captures outside the project.
// PHANTOMMESH_DATA says where they are, by default ../shared/data. Training takes train.yaml and benign.yaml; validation.yaml is for
// choosing and takes no part. Same captures and seed, same bytes.
import { existsSync } from 'node:fs'
import path from 'node:path'
import { describeFailure } from '../agent/commands/exit-code.ts'
import { ROOT } from '../agent/commands/installation.ts'
import { trainCommand } from '../agent/commands/train.ts'

const SEED = 1

const data = process.env['PHANTOMMESH_DATA'] ?? path.join(ROOT, '../shared/data')
const manifest = ['train.yaml', 'benign.yaml'].map((name) => path.join(data, name))
const missing = manifest.filter((file) => !existsSync(file))
if (missing.length > 0) {
  process.stderr.write(`error: ${missing.join(' and ')} not found; PHANTOMMESH_DATA says where the labelled captures are\n`)
  process.exitCode = 1
} else {
  try {
    process.exitCode = await trainCommand({ manifest, out: path.join(ROOT, 'models'), seed: SEED })
  } catch (error) {
    const failure = describeFailure(error)
    process.stderr.write(`${failure.text}\n`)
    process.exitCode = failure.exitCode
  }
}
