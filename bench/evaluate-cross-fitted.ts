// Detection quality on labelled captures that the models have not seen: each capture is judged by models trained on the others.
//
//   npm run evaluate:cross-fitted [-- FOLDS]        (default 8; needs PHANTOMMESH_DATA, by default ../shared/data)
//
// Captures are dealt to folds in the order of the manifests, whole files only. Beside it stand the shipped models (in-sample where the
// manifest says so), the evidence tests alone (the same models with weights of 0) and the trivial rule: a flow nobody answered is an
// attack, a host with ten of them is a scanner.
// Explicit evidence tests were written by people who knew these captures: no figure here is a promise for other traffic.
import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { defaultConfig } from '../agent/config/index.ts'
import { openSubject } from '../agent/daemon/capture-replay.ts'
import type { OpenSubject } from '../agent/daemon/capture-replay.ts'
import { collectSamples } from '../agent/daemon/collect-samples.ts'
import { openModels } from '../agent/daemon/create-detection.ts'
import { evaluateCaptures, readManifests } from '../agent/evaluation/index.ts'
import type { EvaluationReport, EvaluationSubject, LabelledCapture, ReplayedCapture } from '../agent/evaluation/index.ts'
import { SAMPLE_LIMITS, trainBaseModels, writeModels } from '../agent/learning/index.ts'
import { openNodeKey } from '../agent/storage/index.ts'

const ROOT = path.resolve(import.meta.dirname, '..')
const DATA = process.env['PHANTOMMESH_DATA'] ?? path.resolve(ROOT, '../shared/data')
const FOLDS = Number(process.argv[2] ?? 8)
const SEED = 1
const MANIFESTS = ['train', 'validation', 'benign']
const UNANSWERED_MIN = 10

const config = defaultConfig(ROOT)
const sets = MANIFESTS.map((name) => ({ name, captures: readManifests([path.join(DATA, `${name}.yaml`)]) }))
const all = sets.flatMap(({ captures }) => captures)
const foldOf = new Map(all.map(({ file }, index) => [file, index % FOLDS]))
const folder = mkdtempSync(path.join(os.tmpdir(), 'phantommesh-folds-'))
try {
  const shipped = await openSubject(config)
  const crossFitted = await trainFolds()
  const testsAlone = await silenceModels()
  console.log('| captures | detector | flows: attack / benign | flow AUC | flow TPR at FPR 0.1 % | entities found: alert, enforce | '
    + 'false: alert, enforce | hours | false enforcements a day (95 % upper) |\n|---|---|---|---|---|---|---|---|---|')
  for (const { name, captures } of sets) {
    await printRow(name, captures, { label: 'cross-fitted', subject: crossFitted })
    await printRow(name, captures, { label: 'shipped models', subject: shipped })
    await printRow(name, captures, { label: 'tests alone', subject: testsAlone })
    await printRow(name, captures, { label: 'trivial rule', subject: trivial(shipped) })
  }
  await Promise.all([shipped.close(), crossFitted.close(), testsAlone.close()])
} finally {
  rmSync(folder, { recursive: true, force: true })
}

/** One subject whose models depend on the capture. */
async function trainFolds(): Promise<OpenSubject> {
  const signer = await openNodeKey(config.paths.nodeKey)
  const subjects: OpenSubject[] = []
  for (let fold = 0; fold < FOLDS; fold++) {
    const others = all.filter(({ file }) => foldOf.get(file) !== fold)
    const { samples } = await collectSamples(others, { ...SAMPLE_LIMITS, seed: SEED }, () => undefined)
    const models = path.join(folder, String(fold))
    await writeModels(models, await trainBaseModels(samples, { seed: SEED, description: `without fold ${fold}` }), signer)
    subjects.push(await openSubject(config, models))
    process.stderr.write(`fold ${fold + 1} of ${FOLDS} trained\n`)
  }
  const first = subjects[0]!
  return {
    ...first,
    trainedOn: [],
    modelHash: `${FOLDS} folds`,
    replay: (file, options) => subjects[foldOf.get(file) ?? 0]!.replay(file, options),
    close: async () => { await Promise.all(subjects.map((subject) => subject.close())) },
  }
}

/** The shipped models, there but without a say. */
async function silenceModels(): Promise<OpenSubject> {
  const { loaded: { manifest, forest, sequence }, inference } = await openModels(config)
  await inference.close()
  const files = Object.fromEntries([forest, sequence].flatMap((model) => (model === undefined ? [] : [[model.file, model.content]])))
  const sources = Object.fromEntries(Object.entries(manifest.fusion.sources).map(([name, source]) => [name, { ...source, weight: 0 }]))
  const silent = { ...manifest, fusion: { ...manifest.fusion, sources } }
  const models = path.join(folder, 'silent')
  await writeModels(models, { files, manifest: silent }, await openNodeKey(config.paths.nodeKey))
  return openSubject(config, models)
}

function trivial(subject: EvaluationSubject): EvaluationSubject {
  return { ...subject, flowThreshold: 1, replay: async (file, options) => judgeTrivially(await subject.replay(file, options)) }
}

function judgeTrivially(replayed: ReplayedCapture): ReplayedCapture {
  const unanswered = new Map<string, number>()
  const verdicts: ReplayedCapture['verdicts'][number][] = []
  for (const { source, startMs, isAnswered } of replayed.flows.toSorted((a, b) => a.startMs - b.startMs)) {
    if (isAnswered) continue
    const count = (unanswered.get(source) ?? 0) + 1
    unanswered.set(source, count)
    if (count !== UNANSWERED_MIN) continue
    verdicts.push({ entity: { kind: 'outer-address', value: source }, category: 'scan', action: 'block', atMs: startMs })
  }
  return { ...replayed, verdicts, flows: replayed.flows.map((flow) => ({ ...flow, score: flow.isAnswered ? 0 : 1 })) }
}

async function printRow(
  name: string, captures: readonly LabelledCapture[], { label, subject }: { label: string; subject: EvaluationSubject },
): Promise<void> {
  const report = await evaluateCaptures(captures, subject)
  const inSample = report.captures.filter((capture) => capture.inSample).length
  console.log(`| ${name}${inSample > 0 ? ` (${inSample} of ${captures.length} in-sample)` : ''} | ${label} | ${describe(report)} |`)
}

function describe({ flows, entities, hours, bounds }: EvaluationReport): string {
  const figure = (value: number | null, digits: number): string => (value === null ? '–' : value.toFixed(digits))
  const { alert, enforce } = entities
  const perDay = bounds.falseEnforcementsPerDay
  return [
    `${flows.tp + flows.fn} / ${flows.fp + flows.tn}`, figure(flows.auc, 3), figure(flows['tpr_at_fpr_0.001'], 3),
    `${alert.tp}, ${enforce.tp} of ${alert.tp + alert.fn}`, `${alert.fp}, ${enforce.fp} of ${alert.fp + alert.tn}`, hours.toFixed(2),
    `${figure(perDay.value, 1)} (${figure(perDay.upper95, 1)})`,
  ].join(' | ')
}
