import { eventLayout } from '../../native/index.js'
import { AlarmLog } from '../evaluation/index.ts'
import type { ReplayedComparison, ReplayedVerdict, ScoreAlarm } from '../evaluation/index.ts'
import { createFlowNamer } from '../flows/index.ts'
import { createDetection } from './create-detection.ts'
import type { Detection, DetectionStart } from './create-detection.ts'
import { replayedVerdict } from './gathered-capture.ts'
import type { Step } from './pipeline.ts'

/**
 * What parts of the ensemble would have done alone, from the events and scores of the whole one's steps: the same fusion and decisions
 * that never hear a model, and models without the rest. So a capture is metered and scored once for all of them.
 */
export class Comparison {
  readonly #alarms: readonly ScoreAlarm[]
  readonly #logs: readonly AlarmLog[]
  readonly #detection: Detection
  readonly #namer = createFlowNamer(eventLayout, ['file'])
  readonly #verdicts: ReplayedVerdict[] = []

  constructor(start: DetectionStart, alarms: readonly ScoreAlarm[]) {
    this.#alarms = alarms
    this.#logs = alarms.map(() => new AlarmLog())
    this.#detection = createDetection(start)
  }

  add(step: Step): void {
    const { detector, decider } = this.#detection
    for (const posterior of detector.judge({ batch: step.batch, rows: step.rows })) {
      const verdict = decider.judge(posterior, posterior.observedAtMs)
      if (verdict !== undefined) this.#verdicts.push(replayedVerdict(verdict))
    }
    const { rows, sequences, forestScores, sequenceScores } = step
    for (let row = 0; row < rows.length; row++) this.#raise('forest', forestScores?.[row], { step, row })
    for (let index = 0; index < sequences.length; index++) {
      this.#raise('sequence', sequenceScores?.[index], { step, row: sequences.rows[index]! })
    }
  }

  finish(): ReplayedComparison {
    return { testsAlone: this.#verdicts, alarms: this.#logs.map((log) => log.alarms()) }
  }

  #raise(model: ScoreAlarm['model'], score: number | undefined, at: { readonly step: Step; readonly row: number }): void {
    if (score === undefined) return
    for (const [index, alarm] of this.#alarms.entries()) {
      if (alarm.model !== model || !(score > alarm.above)) continue
      const { sourceAddress, flowEndMilliseconds } = this.#namer.name(at.step.batch, at.step.rows.eventIndexes[at.row]!)
      this.#logs[index]!.add(sourceAddress, flowEndMilliseconds)
    }
  }
}
