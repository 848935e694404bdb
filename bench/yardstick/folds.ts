import type { LabelledCapture } from '../../agent/evaluation/index.ts'
import { NEVER_TRAINS } from './corpora.ts'

/** One source left out, with the benign files that are held out together with it. */
export interface Fold {
  readonly source: string
  readonly judged: readonly LabelledCapture[]
  readonly heldOutBenign: readonly LabelledCapture[]
  readonly training: readonly LabelledCapture[]
}

/**
 * A fold for each source that has attacks: judged on all its captures, trained without any of them. Files of sources that are benign as a
 * whole are dealt to the folds one by one, so that each is held out exactly once and ranked against attacks of another source.
 */
export function leaveOneSourceOut(captures: readonly LabelledCapture[]): readonly Fold[] {
  const sources = attackSources(captures)
  const benign = captures.filter(({ source }) => !sources.includes(source))
  return sources.map((source, fold) => {
    const judged = captures.filter((capture) => capture.source === source)
    const heldOutBenign = benign.filter((_, index) => index % sources.length === fold)
    const out = new Set([...judged, ...heldOutBenign])
    return { source, judged, heldOutBenign, training: captures.filter((each) => !out.has(each) && each.source !== NEVER_TRAINS) }
  })
}

/** Sources with an attack in any capture, in the order in which they first come. */
export function attackSources(captures: readonly LabelledCapture[]): readonly string[] {
  const hasAttack = ({ labels, default: fallback }: LabelledCapture): boolean => labels.length > 0 || fallback === 'malicious'
  return [...new Set(captures.filter(hasAttack).map(({ source }) => source))]
}
