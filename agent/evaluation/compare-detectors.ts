import type { Category } from '../ensemble/index.ts'
import type { Alarm, ReplayedCapture, ReplayedVerdict } from './capture-replay.ts'
import { entityGround, entityPredictions } from './entity-view.ts'
import type { EntityGround, EntityPredictions } from './entity-view.ts'
import { knownFlows, pickScores } from './flow-sheet.ts'
import { judgeEntities } from './judge-capture.ts'
import type { EntityOutcome } from './judge-capture.ts'
import type { LabelledCapture } from './labelled-capture.ts'
import { applyRule, TRIVIAL_RULES } from './trivial-rules.ts'

/** Everything that is judged on the same replay: the whole ensemble, its parts, and rules that anybody could write. */
export const DETECTORS = [
  'fusion', 'tests alone', 'forest alone', 'LSTM alone', ...TRIVIAL_RULES.map(({ name }) => name),
] as const

/** One of DETECTORS. */
export type Detector = (typeof DETECTORS)[number]

/** Something for each detector. */
export type ByDetector<T> = Readonly<Record<Detector, T>>

/** A record with something for each detector. */
export function forEachDetector<T>(of: (detector: Detector) => T): ByDetector<T> {
  return {
    'fusion': of('fusion'), 'tests alone': of('tests alone'), 'forest alone': of('forest alone'), 'LSTM alone': of('LSTM alone'),
    ...forEachRule(of),
  }
}

/** The four alarms that a replay has to bring, in this order, as the replay's options name them. */
export const MODEL_ALARMS = ['forest alert', 'forest enforce', 'sequence alert', 'sequence enforce'] as const

/** One capture as all detectors saw it. */
export interface ComparedCapture {
  readonly capture: LabelledCapture
  readonly packets: number
  readonly activeMs: number
  /** Labels that no packet matches. */
  readonly unmatched: readonly string[]
  /** Class of each known flow (see KnownFlows). */
  readonly classes: Uint8Array
  /** Score of each known flow. */
  readonly scores: ByDetector<Float32Array>
  readonly entities: ByDetector<EntityOutcome>
  /** The ensemble's posteriors beside what was true. */
  readonly predictions: EntityPredictions
}

/**
 * Judges all detectors on one replay. The ensemble and its tests are asked for the right category; models and rules know none, so it is
 * not asked of them: a name at the right time is a hit. That is kinder to them than to the ensemble.
 */
export function compareDetectors(capture: LabelledCapture, replayed: ReplayedCapture, silentPosterior: number): ComparedCapture {
  const { comparison, flows, activity } = replayed
  if (comparison === undefined) throw new Error('the replay was not asked for a comparison')
  const ground = entityGround(capture, replayed)
  const known = knownFlows(capture, flows)
  const fused = pickScores(flows.map(({ score }) => score), known)
  const [forestAlert = [], forestEnforce = [], sequenceAlert = [], sequenceEnforce = []] = comparison.alarms
  const alone = (alert: readonly Alarm[], enforce: readonly Alarm[]): EntityOutcome => judgeAlarms(ground, { alert, enforce }, activity)
  const rules = new Map(TRIVIAL_RULES.map((rule) => [rule.name, applyRule(rule, flows, capture.home)]))
  return {
    capture, packets: replayed.packets, activeMs: replayed.activeMs, classes: known.classes,
    unmatched: capture.labels.filter((_, index) => (activity[index] ?? []).length === 0).map(({ place }) => place),
    scores: {
      'fusion': fused,
      // A flow's score is the evidence of its tests; no model has a say in it.
      'tests alone': fused,
      'forest alone': pickScores(flows.map(({ forestScore }) => forestScore), known),
      'LSTM alone': pickScores(flows.map(({ sequenceScore }) => sequenceScore), known),
      ...forEachRule((name) => pickScores(rules.get(name)!.scores, known)),
    },
    entities: {
      'fusion': judgeEntities(ground, replayed.verdicts, activity),
      'tests alone': judgeEntities(ground, comparison.testsAlone, activity),
      'forest alone': alone(forestAlert, forestEnforce),
      'LSTM alone': alone(sequenceAlert, sequenceEnforce),
      ...forEachRule((name) => {
        const { alarms } = rules.get(name)!
        return alone(alarms, alarms)
      }),
    },
    predictions: entityPredictions(ground, replayed.verdicts, silentPosterior),
  }
}

type RuleName = (typeof TRIVIAL_RULES)[number]['name']

function forEachRule<T>(of: (rule: RuleName) => T): Readonly<Record<RuleName, T>> {
  return {
    'direction': of('direction'), 'SYN without answer': of('SYN without answer'), 'no answer': of('no answer'),
    'port list': of('port list'),
  }
}

/** Names without a category, as verdicts of one and the same category about truths of it. */
function judgeAlarms(
  ground: EntityGround, alarms: { readonly alert: readonly Alarm[]; readonly enforce: readonly Alarm[] },
  activity: ReplayedCapture['activity'],
): EntityOutcome {
  const asVerdict = (action: 'alert' | 'block') => ({ address, atMs }: Alarm): ReplayedVerdict =>
    ({ entity: { kind: 'outer-address', value: address }, category: ANY, action, probability: 1, atMs })
  const verdicts = [...alarms.alert.map(asVerdict('alert')), ...alarms.enforce.map(asVerdict('block'))]
  const truths = ground.truths.map((truth) => ({ ...truth, category: ANY }))
  const outcome = judgeEntities({ ...ground, truths }, verdicts, activity)
  return { ...outcome, truths: outcome.truths.map((truth, index) => ({ ...truth, category: ground.truths[index]!.category })) }
}

const ANY: Category = 'scan'
