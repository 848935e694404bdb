import { expect, test } from 'vitest'
import { formatEvaluation } from '../../agent/commands/evaluation-tables.ts'
import { evaluateCaptures } from '../../agent/evaluation/index.ts'
import type { EvaluationReport, LabelledCapture, ReplayedCapture } from '../../agent/evaluation/index.ts'
import { CodedError } from '../../agent/kit/index.ts'
import { capture, flow, label, replayed, subject, verdict } from './fixtures.ts'

const STEPS = [[{ atMs: 100, packets: 3 }, { atMs: 400, packets: 5 }, { atMs: 900, packets: 7 }]]

test('no captures and no traffic give zeros and nulls, not errors', async () => {
  const report = await evaluate([[capture(), replayed({ packets: 0, activeMs: 0 })]])
  expect(report.flows).toEqual({ tp: 0, fp: 0, tn: 0, fn: 0, auc: null, 'tpr_at_fpr_0.001': null })
  expect(report).toMatchObject({ hours: 0, falseEnforcementsPerMillionFlows: null, falseEnforcementsPerMillionFlowsUpper95: null })
  expect(report.timeToDetect).toEqual({ packets: { p50: null, p95: null }, ms: { p50: null, p95: null } })
  expect(report.bounds.alertRecall).toEqual({ value: null, lower95: null, upper95: null })
  expect(report.captures[0]?.error).toBeUndefined()
})

test('a file that cannot be read names its reason, counts nowhere and stops nothing', async () => {
  const broken = capture({ id: 'broken', labels: [label()] })
  const bad = { ...subject(), replay: async (file: string) => {
    if (file === '/broken.pcap') throw new CodedError({ code: 'CAPTURE_FILE_UNREADABLE' }, '/broken.pcap: truncated after 24 octets')
    return replayed({ flows: [flow()] })
  } }
  const report = await evaluateCaptures([{ ...broken, file: '/broken.pcap' }, capture()], bad)
  expect(report.captures.map((each) => each.error)).toEqual(['/broken.pcap: truncated after 24 octets', undefined])
  expect(report.entities.alert.fn).toBe(0)
  expect(report.flows.tn).toBe(1)
})

test('a broken invariant of the pipeline is no unreadable file', async () => {
  const buggy = { ...subject(), replay: async () => { throw new TypeError('undefined is not a function') } }
  await expect(evaluateCaptures([capture()], buggy)).rejects.toThrow('undefined is not a function')
  await expect(evaluate([[capture(), replayed({ flows: [flow({ score: Number.NaN })] })]])).rejects.toThrow('not finite')
})

test('a label that matches no packet is an error with its place', async () => {
  const labels = [label(), label({ address: '10.0.0.99', place: 'test.yaml:12' })]
  const report = await evaluate([[capture({ labels }), replayed({ activity: [STEPS[0]!, []] })]])
  expect(report.captures[0]).toMatchObject({ labelsMatched: 1, error: 'no packet matches the label at test.yaml:12' })
})

test('flows are called attacks at the threshold and above', async () => {
  const flows = [flow({ score: 0.5 }), flow({ score: 0.4 }), flow({ source: '10.0.0.6', score: 0.5 }), flow({ source: '10.0.0.6' })]
  const report = await evaluate([[capture({ labels: [label()] }), replayed({ flows, activity: STEPS })]])
  expect(report.flows).toMatchObject({ tp: 1, fn: 1, fp: 1, tn: 1, auc: 0.625, 'tpr_at_fpr_0.001': 0 })
})

test('unknown flows are in no count', async () => {
  const flows = [flow({ score: 0.9 }), flow({ source: '10.0.0.6', score: 0.9 })]
  const report = await evaluate([[capture({ default: 'unknown', labels: [label()] }), replayed({ flows, activity: STEPS })]])
  expect(report.flows).toEqual({ tp: 1, fp: 0, tn: 0, fn: 0, auc: null, 'tpr_at_fpr_0.001': null })
})

test('an alert that is not enforced is in the one view only', async () => {
  const report = await evaluate([[capture({ labels: [label()] }), replayed({ verdicts: [verdict({ action: 'alert' })], activity: STEPS })]])
  expect(report.entities.alert).toMatchObject({ tp: 1, fn: 0 })
  expect(report.entities.enforce).toMatchObject({ tp: 0, fn: 1 })
})

test('what is only logged is in neither view', async () => {
  const report = await evaluate([[capture(), replayed({ verdicts: [verdict({ action: 'log' }), verdict({ action: 'none' })] })]])
  expect(report.entities.alert.fp).toBe(0)
  expect(report.captures[0]?.verdicts).toEqual([])
})

test('time to detect starts at the first packet of the window and counts up to the verdict', async () => {
  const report = await evaluate([[capture({ labels: [label()] }), replayed({ verdicts: [verdict({ atMs: 400 })], activity: STEPS })]])
  expect(report.timeToDetect).toEqual({ packets: { p50: 8, p95: 8 }, ms: { p50: 300, p95: 300 } })
  expect(report.captures[0]?.detectedAtMs).toBe(400)
})

test('a miss is infinite, and a percentile that falls there is null', async () => {
  const found = (id: string): [LabelledCapture, ReplayedCapture] =>
    [capture({ id, file: id, labels: [label()] }), replayed({ verdicts: [verdict({ atMs: 400 })], activity: STEPS })]
  const missed: [LabelledCapture, ReplayedCapture] = [capture({ id: 'x', file: 'x', labels: [label()] }), replayed({ activity: STEPS })]
  const report = await evaluate([found('a'), found('b'), missed])
  expect(report.timeToDetect).toEqual({ packets: { p50: 8, p95: null }, ms: { p50: 300, p95: null } })
  expect((await evaluate([found('a'), missed, missed])).timeToDetect.ms).toEqual({ p50: null, p95: null })
})

test('a later window of the same truth does not start the clock anew', async () => {
  const labels = [label({ fromMs: 0, toMs: 500 }), label({ fromMs: 10_000, toMs: 11_000 })]
  const activity = [[{ atMs: 100, packets: 3 }], [{ atMs: 10_000, packets: 2 }]]
  const report = await evaluate([[capture({ labels }), replayed({ verdicts: [verdict({ atMs: 10_100 })], activity })]])
  expect(report.timeToDetect).toMatchObject({ packets: { p50: 5 }, ms: { p50: 10_000 } })
})

test('captures that only content gives away stand apart', async () => {
  const hidden = capture({ id: 'content', file: 'content', strength: 'payload', labels: [label()] })
  const report = await evaluate([[hidden, replayed({ flows: [flow()], activity: STEPS })], [capture(), replayed({ hosts: ['10.0.0.6'] })]])
  expect(report.entities.alert).toEqual({ tp: 0, fp: 0, tn: 1, fn: 0, wrongCategory: 0 })
  expect(report.payload).toMatchObject({ flows: { fn: 1 }, entities: { alert: { fn: 1 } } })
  expect(report.hours).toBe(1)
  expect(report.timeToDetect.ms.p50).toBeNull()
})

test('rates have exact upper bounds over benign flows and days', async () => {
  const flows = Array.from({ length: 1_000 }, () => flow({ source: '10.0.0.6' }))
  const verdicts = [verdict({ name: '10.0.0.6' })]
  const report = await evaluate([[capture(), replayed({ activeMs: 86_400_000, hosts: ['10.0.0.6'], flows, verdicts })]])
  expect(report.falseEnforcementsPerMillionFlows).toBe(1_000)
  expect(report.falseEnforcementsPerMillionFlowsUpper95).toBeCloseTo(4_743.86, 1)
  expect(report.bounds.falseEnforcementsPerDay.value).toBe(1)
  expect(report.bounds.falseEnforcementsPerDay.upper95).toBeCloseTo(4.74386, 4)
})

test('a capture took part in training when id and source are in the manifest of the models', async () => {
  const trained = { ...subject(), trainedOn: [{ capture: 'one', source: 'tests' }] }
  const report = await evaluateCaptures([capture(), capture({ id: 'two' }), capture({ source: 'others' })], trained)
  expect(report.captures.map((each) => each.inSample)).toEqual([true, false, false])
})

test('the report is JSON without loss', async () => {
  const report = await evaluate([[capture({ labels: [label()] }), replayed({ flows: [flow()], activity: STEPS })]])
  expect(JSON.parse(JSON.stringify(report))).toEqual(report)
})

test('people see totals, misses and errors', async () => {
  const labels = [label(), label({ address: '10.0.0.99', place: 'test.yaml:12' })]
  const report = await evaluate([[capture({ labels }), replayed({ flows: [flow()], verdicts: [verdict()], activity: [STEPS[0]!, []] })]])
  const text = formatEvaluation(report, 160)
  expect(text).toContain('entities, alert')
  expect(text).toContain('50.0 %')
  expect(text).toContain('ERROR no packet matches the label at test.yaml:12')
})

async function evaluate(pairs: readonly [LabelledCapture, ReplayedCapture][]): Promise<EvaluationReport> {
  const results = pairs.map(([, result]) => result)
  const taken = results[Symbol.iterator]()
  const replay = async (): Promise<ReplayedCapture> => taken.next().value ?? replayed()
  return evaluateCaptures(pairs.map(([each]) => each), { ...subject(), replay })
}
