// The corpora of the range: one to train on, one for the final examination, with other seeds and other tools.
//
//   npm run range:corpus [-- --minutes N] [--only train|test] [--dir DIR] [--count-only]
//
// Makes DIR/train and DIR/test one after the other (default .phantommesh/range, where `npm run evaluate:all` looks for them), then counts
// what is in them: DIR/statistics.json and a table. Needs root on Debian or Ubuntu, two cores and about 5 GB of free disk.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { readManifests } from '../../agent/evaluation/index.ts'
import { captureStatistics, statisticsTable } from './corpus-statistics.ts'
import type { CaptureStatistics } from './corpus-statistics.ts'

const ROOT = path.resolve(import.meta.dirname, '../..')
/** Fixed beforehand; nobody looks for a seed that flatters. */
const SEEDS = { train: 1, test: 2 } as const

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '25' }, only: { type: 'string' },
    dir: { type: 'string', default: process.env['PHANTOMMESH_RANGE'] ?? path.join(ROOT, '.phantommesh/range') },
    'count-only': { type: 'boolean', default: false },
  },
})
const wanted = (['train', 'test'] as const).filter((name) => values.only === undefined || values.only === name)
if (wanted.length === 0) {
  console.error(`range:corpus: --only ${values.only} is neither train nor test`)
  process.exit(2)
}
mkdirSync(values.dir, { recursive: true })
if (!values['count-only']) for (const name of wanted) make(name)
const statistics: CaptureStatistics[] = []
for (const name of ['train', 'test']) {
  const manifest = path.join(values.dir, name, 'manifest.yaml')
  if (!existsSync(manifest)) continue
  const seen = new Set<string>()
  for (const capture of readManifests([manifest])) statistics.push(await captureStatistics(capture, seen))
}
writeFileSync(path.join(values.dir, 'statistics.json'), `${JSON.stringify(statistics, null, 2)}\n`)
console.log(statisticsTable(statistics))

function make(name: 'train' | 'test'): void {
  const out = path.join(values.dir, name)
  mkdirSync(out, { recursive: true })
  const words = ['--scenario', name, '--seed', String(SEEDS[name]), '--minutes', values.minutes, '--out', out]
  const made = spawnSync(process.execPath, [path.join(import.meta.dirname, 'make.ts'), ...words], { stdio: 'inherit' })
  if (made.status !== 0) {
    console.error(`range:corpus: ${name} could not be made`)
    process.exit(1)
  }
}
