import type { Config } from '../../agent/config/index.ts'
import { compareDetectors } from '../../agent/evaluation/index.ts'
import type { ComparedCapture, EvaluationSubject, LabelledCapture } from '../../agent/evaluation/index.ts'
import { CodedError } from '../../agent/kit/index.ts'
import { openFold } from './fold-models.ts'
import type { FrozenFold } from './fold-models.ts'
import type { Fold } from './folds.ts'

/** A fold after its captures were replayed, each once for all detectors. */
export interface JudgedFold {
  readonly source: string
  /** Captures of strength behaviour, of the left-out source and of the benign files held out with it. */
  readonly captures: readonly ComparedCapture[]
  /** Captures in which only content tells: in no other figure. */
  readonly payload: readonly ComparedCapture[]
  /** Captures that could not be read, and why: they count nowhere. */
  readonly unread: readonly string[]
}

/** The posterior of whom nothing was reported: the prior of the shipped fusion, log-odds -6.9. */
const SILENT_POSTERIOR = 1 / (1 + Math.exp(6.9))

/** Replays and judges a fold's captures with its frozen models. */
export async function judgeFold(
  fold: Fold, frozen: FrozenFold,
  { config, onCapture }: { readonly config: Config; readonly onCapture: (capture: LabelledCapture) => void },
): Promise<JudgedFold> {
  const subject = await openFold(config, frozen.folder)
  const compared: ComparedCapture[] = []
  const unread: string[] = []
  try {
    for (const capture of [...fold.judged, ...fold.heldOutBenign]) {
      onCapture(capture)
      const found = await judgeOne(capture, subject, frozen)
      if (typeof found === 'string') unread.push(found)
      else compared.push(found)
    }
  } finally {
    await subject.close()
  }
  const isBehaviour = ({ capture }: ComparedCapture): boolean => capture.strength === 'behaviour'
  return { source: fold.source, captures: compared.filter(isBehaviour), payload: compared.filter((each) => !isBehaviour(each)), unread }
}

/** The capture as all detectors saw it, or why it could not be read. */
async function judgeOne(capture: LabelledCapture, subject: EvaluationSubject, { alarms }: FrozenFold): Promise<ComparedCapture | string> {
  try {
    return compareDetectors(capture, await subject.replay(capture.file, { labels: capture.labels, alarms }), SILENT_POSTERIOR)
  } catch (error) {
    if (!(error instanceof CodedError)) throw error
    return `${capture.id}: ${error.message}`
  }
}
