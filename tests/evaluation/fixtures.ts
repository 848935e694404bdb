import type { EvaluationSubject, ReplayedCapture, ReplayedFlow, ReplayedVerdict } from '../../agent/evaluation/index.ts'
import type { Label, LabelledCapture } from '../../agent/evaluation/index.ts'
import { parsePrefix } from '../../agent/kit/index.ts'

/** A label of a scan by 10.0.0.5, changed as told. */
export function label(change: Partial<Label> = {}): Label {
  return {
    role: 'entity', address: '10.0.0.5', peer: undefined, category: 'scan',
    fromMs: Number.NEGATIVE_INFINITY, toMs: Number.POSITIVE_INFINITY, place: 'test.yaml:7', ...change,
  }
}

/** A capture with benign default and 10.0.0.0/24 as home. */
export function capture(change: Partial<LabelledCapture> = {}): LabelledCapture {
  return {
    id: 'one', file: '/captures/one.pcap', source: 'tests', strength: 'behaviour', home: [parsePrefix('10.0.0.0/24')!],
    default: 'benign', labels: [], place: 'test.yaml:2', ...change,
  }
}

/** A flow from 10.0.0.5 to 192.0.2.7 over the first second. */
export function flow(change: Partial<ReplayedFlow> = {}): ReplayedFlow {
  return {
    source: '10.0.0.5', destination: '192.0.2.7', startMs: 0, endMs: 1_000, score: 0, forestScore: 0, sequenceScore: 0, isAnswered: true,
    hasSyn: true, destinationPort: 443, ...change,
  }
}

/** What a test changes in a verdict; `name` and `kind` are those of its entity. */
export type VerdictChange = Partial<Omit<ReplayedVerdict, 'entity'>> & { name?: string; kind?: ReplayedVerdict['entity']['kind'] }

/** A verdict that blocks 10.0.0.5 for scanning, half a second in. */
export function verdict(change: VerdictChange = {}): ReplayedVerdict {
  const { name = '10.0.0.5', kind = 'outer-address', ...rest } = change
  return { entity: { kind, value: name }, category: 'scan', action: 'block', probability: 0.99, atMs: 500, ...rest }
}

/** What the pipeline made of a capture: nothing, unless told. */
export function replayed(change: Partial<ReplayedCapture> = {}): ReplayedCapture {
  return { packets: 10, activeMs: 3_600_000, hosts: [], flows: [], verdicts: [], activity: [], ...change }
}

/** A subject whose replay gives the same for every file. */
export function subject(result: ReplayedCapture = replayed()): EvaluationSubject {
  return { modelHash: 'hash', thresholds: { flow: 0.5 }, flowThreshold: 0.5, trainedOn: [], replay: async () => result }
}
