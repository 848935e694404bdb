// The yardstick: every source of attacks left out once, all detectors on the same replays, figures with bounds.
//
//   npm run evaluate:all                                     tables on stdout, progress on stderr; changes nothing
//   npm run evaluate:all -- --write                          also docs/yardstick.md and docs/pictures/*.svg
//   npm run evaluate:all -- --json FILE                      also the figures as JSON, with every miss and every false accusation
//   npm run evaluate:all -- --only SOURCE [--only SOURCE]    some folds only, for development
//   npm run evaluate:all -- --quick                          small models, for development
//
// PHANTOMMESH_DATA (default ../shared/data) and PHANTOMMESH_RANGE (default .phantommesh/range) say where the captures are. A set that
// is not there is named in the report.
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { describeFailure } from '../agent/commands/exit-code.ts'
import { defaultConfig } from '../agent/config/index.ts'
import { collectSamples } from '../agent/daemon/collect-samples.ts'
import type { LabelledCapture } from '../agent/evaluation/index.ts'
import { CodedError } from '../agent/kit/index.ts'
import { SAMPLE_LIMITS } from '../agent/learning/index.ts'
import { manifestHash, NEVER_TRAINS, readCorpora } from './yardstick/corpora.ts'
import type { Corpus } from './yardstick/corpora.ts'
import { figuresOf } from './yardstick/figures.ts'
import { freezeFold } from './yardstick/fold-models.ts'
import type { FoldTraining, FrozenFold } from './yardstick/fold-models.ts'
import { leaveOneSourceOut } from './yardstick/folds.ts'
import type { Fold } from './yardstick/folds.ts'
import { judgeFold } from './yardstick/judge-fold.ts'
import type { JudgedFold } from './yardstick/judge-fold.ts'
import { pictureData } from './yardstick/picture-data.ts'
import { drawPictures } from './yardstick/pictures.ts'
import { reportOf } from './yardstick/report.ts'
import type { YardstickRun } from './yardstick/report.ts'
import { separateBenign } from './yardstick/separate-benign.ts'

const ROOT = path.resolve(import.meta.dirname, '..')
const SEED = 1
const QUICK = { hidden: 8, epochsMax: 3 }

let options: ReturnType<typeof readOptions>
try {
  options = readOptions()
} catch (error) {
  console.error(`error: ${error instanceof Error ? error.message : String(error)}`)
  process.exit(2)
}
if (options.write && (options.quick || options.only !== undefined)) {
  console.error('error: --write is for whole runs; leave --only and --quick out')
  process.exit(2)
}
const folder = mkdtempSync(path.join(os.tmpdir(), 'phantommesh-yardstick-'))
try {
  await run()
} catch (error) {
  const failure = describeFailure(error)
  console.error(failure.text)
  process.exitCode = failure.exitCode
} finally {
  rmSync(folder, { recursive: true, force: true })
}

function readOptions() {
  return parseArgs({ options: {
    write: { type: 'boolean', default: false }, json: { type: 'string' }, only: { type: 'string', multiple: true },
    quick: { type: 'boolean', default: false },
  } }).values
}

async function run(): Promise<void> {
  const config = defaultConfig(ROOT)
  const corpora = readCorpora({
    data: process.env['PHANTOMMESH_DATA'] ?? path.resolve(ROOT, '../shared/data'),
    range: process.env['PHANTOMMESH_RANGE'] ?? path.join(ROOT, '.phantommesh/range'),
  })
  const notes = missingSets(corpora)
  for (const note of notes) say(`missing: ${note}`)
  const captures = corpora.flatMap((corpus) => corpus.captures ?? [])
  const folds = leaveOneSourceOut(captures)
  const wanted = folds.filter(({ source }) => options.only?.includes(source) ?? true)
  if (wanted.length === 0) {
    const known = folds.map(({ source }) => source).join(', ')
    const reason = known === '' ? 'no captures with attacks are there' : `sources of attacks are: ${known}`
    throw new CodedError({ code: 'YARDSTICK_NOTHING_TO_JUDGE' }, reason)
  }

  const trainable = captures.filter(({ source }) => source !== NEVER_TRAINS)
  const { samples, broken } = await collectSamples(trainable, { ...SAMPLE_LIMITS, seed: SEED }, announce('reading', trainable.length))
  for (const error of broken) notes.push(`Training could read only part of a capture: ${error.message}.`)
  const training = { config, samples, options: { seed: SEED, ...(options.quick ? QUICK : {}) }, folder }
  const frozen = await freezeAll(wanted, training, notes)
  const hash = hashOf(frozen.map(([, models]) => models), corpora)
  console.log(`hash over all folds' models and thresholds and the manifests: ${hash}\n`)

  const judged: JudgedFold[] = []
  for (const [fold, models] of frozen) {
    const onCapture = announce(`without ${fold.source}`, fold.judged.length + fold.heldOutBenign.length)
    let done = 0
    judged.push(await judgeFold(fold, models, { config, onCapture: (capture) => onCapture(done++, capture) }))
  }
  notes.push(...judged.flatMap(remarks))
  await publish({
    date: new Date().toISOString().slice(0, 10), command: commandLine(), hash, folds: frozen.map(([, models]) => models), notes,
    figures: figuresOf(judged), payload: figuresOf(judged, ({ payload }) => payload),
    drawn: pictureData(judged), separation: separateBenign(samples, SEED),
  }, judged.flatMap(errorsOf))
}

/** As somebody would type it for these figures. */
function commandLine(): string {
  const words = [...(options.only ?? []).flatMap((source) => ['--only', source]), ...(options.quick ? ['--quick'] : [])]
  if (options.write) words.push('--write')
  return ['npm run evaluate:all', ...(words.length === 0 ? [] : ['--', ...words])].join(' ')
}

/** Trains all folds and prints what is fixed, before anything is judged. */
async function freezeAll(
  folds: readonly Fold[], training: FoldTraining, notes: string[],
): Promise<readonly (readonly [Fold, FrozenFold])[]> {
  const frozen: (readonly [Fold, FrozenFold])[] = []
  for (const fold of folds) {
    try {
      const models = await freezeFold(fold, training)
      frozen.push([fold, models])
      const thresholds = Object.entries(models.thresholds).map(([name, value]) => `${name} ${value.toPrecision(6)}`).join(', ')
      console.log(`without ${fold.source}: models ${models.modelHash} from ${models.trainingCaptures} captures; ${thresholds}`)
    } catch (error) {
      if (!(error instanceof CodedError)) throw error
      notes.push(`Source ${fold.source} is not judged: what remains without it does not suffice for training (${error.message}).`)
      say(notes.at(-1)!)
    }
  }
  return frozen
}

function hashOf(folds: readonly FrozenFold[], corpora: readonly Corpus[]): string {
  const fixed = folds.map(({ source, modelHash, thresholds }) => ({ source, modelHash, thresholds }))
  const manifests = corpora.filter(({ captures }) => captures !== undefined).map((corpus) => [corpus.name, manifestHash(corpus)])
  return createHash('sha256').update(JSON.stringify({ fixed, manifests })).digest('hex')
}

function missingSets(corpora: readonly Corpus[]): string[] {
  return corpora.filter(({ captures }) => captures === undefined).map(({ name, manifest, origin }) => (
    `The captures \`${name}\` were not there (${path.relative(ROOT, manifest)}; ${origin}): no figure says anything about them.`
  ))
}

function remarks({ unread, captures, payload }: JudgedFold): string[] {
  return [
    ...unread.map((reason) => `Could not be read and counts nowhere: ${reason}.`),
    ...[...captures, ...payload].filter(({ unmatched }) => unmatched.length > 0).map(({ capture, unmatched }) => {
      const places = unmatched.map((place) => path.basename(place)).join(', ')
      return `Labels of ${capture.id} that match no packet (their attackers count as missed): ${places}.`
    }),
  ]
}

/** What the agent got wrong in a fold, by name: for whoever wants to know why. */
function errorsOf({ captures, payload }: JudgedFold): object[] {
  return [...captures, ...payload].flatMap(({ capture: { id, source }, entities: { fusion: { truths, alert } } }) => {
    const missed = truths.filter(({ alerted }) => !alerted)
      .map(({ role, address, category, wrongCategory }) => ({ role, address, category, wrongCategory }))
    const accused = [...alert.accused].map(([address, { category, action, atMs }]) => ({ address, category, action, atMs }))
    return missed.length + accused.length === 0 ? [] : [{ id, source, missed, accused }]
  })
}

async function publish(found: YardstickRun, errors: readonly object[]): Promise<void> {
  const pictures = await drawPictures(found.drawn)
  const report = reportOf(found, pictures)
  console.log(report)
  if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify({ ...found, errors }, null, 1)}\n`)
  if (!options.write) return
  mkdirSync(path.join(ROOT, 'docs/pictures'), { recursive: true })
  for (const { file, svg } of pictures) writeFileSync(path.join(ROOT, 'docs/pictures', file), svg)
  writeFileSync(path.join(ROOT, 'docs/yardstick.md'), report)
}

function announce(what: string, total: number): (done: number, capture: LabelledCapture) => void {
  return (done, { id }) => say(`${what}: ${done + 1} of ${total}, ${id}`)
}

/** One line that replaces itself on a terminal; elsewhere a line each. */
function say(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001B[K${text}`)
  else process.stderr.write(`${text}\n`)
}
