import { prefixContains, parseAddress } from '../kit/index.ts'
import type { ReplayedCapture, ReplayedVerdict } from './capture-replay.ts'
import { isInWindow, matchesFlow } from './label-matching.ts'
import type { Label, LabelledCapture } from './labelled-capture.ts'
import type { EntityCounts } from './report.ts'

/** One thing to find: an entity (or victim) and what it did. Several labels of the same name and category are one. */
export interface Truth {
  readonly role: Label['role']
  readonly address: string
  readonly category: Label['category']
  /** Indexes into the capture's labels. */
  readonly labels: readonly number[]
}

/** Whom a capture may be judged on. */
export interface EntityGround {
  readonly labels: readonly Label[]
  readonly truths: readonly Truth[]
  /** Hosts to leave alone, that labels do not name: the universe of true negatives. Empty unless the default is benign. */
  readonly innocents: ReadonlySet<string>
  /** Whether an entity that no label explains is innocent, though it may be outside `innocents` (not a home host). */
  readonly isInnocent: (entity: ReplayedVerdict['entity']) => boolean
}

/** What one view made of a capture; for each truth its first right verdict, and the first one that named it for something else. */
export interface EntityView {
  readonly counts: EntityCounts
  readonly hits: readonly (ReplayedVerdict | undefined)[]
  readonly wrong: readonly (ReplayedVerdict | undefined)[]
  /** Innocents that were named, each with its first verdict. */
  readonly accused: ReadonlyMap<string, ReplayedVerdict>
}

/** The ground that labels, default and home side give for judging entities. */
export function entityGround(capture: LabelledCapture, replayed: ReplayedCapture): EntityGround {
  const truths = truthsOf(capture.labels)
  const named = new Set(capture.labels.map((label) => label.address))
  if (capture.default === 'benign') {
    const universe = replayed.hosts.filter((host) => !named.has(host) && isHome(capture, host))
    return { labels: capture.labels, truths, innocents: new Set(universe), isInnocent: () => true }
  }
  const ends = otherEnds(capture, replayed)
  return { labels: capture.labels, truths, innocents: new Set(), isInnocent: (entity) => ends.has(entity.value) }
}

/** Judges the verdicts of one view. Times are packet times; windows include their ends. */
export function judgeView(ground: EntityGround, verdicts: readonly ReplayedVerdict[]): EntityView {
  const hits = ground.truths.map((truth) => verdicts.find((verdict) => isRight(ground, truth, verdict)))
  const notRight = verdicts.filter((verdict) => !ground.truths.some((truth) => isRight(ground, truth, verdict)))
  const wrong = ground.truths.map((truth, index) =>
    (hits[index] === undefined ? notRight.find((verdict) => isNamed(ground, truth, verdict)) : undefined))
  const isExplained = (verdict: ReplayedVerdict): boolean =>
    ground.truths.some((truth) => isNamed(ground, truth, verdict) || isLate(ground, truth, verdict))
  const accused = new Map<string, ReplayedVerdict>()
  for (const verdict of notRight) {
    const { entity } = verdict
    if (!accused.has(entity.value) && ground.isInnocent(entity) && !isExplained(verdict)) accused.set(entity.value, verdict)
  }
  const tp = hits.filter((hit) => hit !== undefined).length
  const cleared = [...ground.innocents].filter((host) => !accused.has(host))
  const wrongCategory = wrong.filter((verdict) => verdict !== undefined).length
  return { counts: { tp, fp: accused.size, tn: cleared.length, fn: ground.truths.length - tp, wrongCategory }, hits, wrong, accused }
}

/** What was believed of each entity at the most, those to find and those to leave alone; `silent` of whom nothing was reported. */
export interface EntityPredictions {
  readonly positive: readonly number[]
  readonly negative: readonly number[]
}

/** The highest posterior of the right category of each truth in its window, and of any category of each innocent. */
export function entityPredictions(ground: EntityGround, verdicts: readonly ReplayedVerdict[], silent: number): EntityPredictions {
  const positive = ground.truths.map(() => silent)
  const negative = new Map([...ground.innocents].map((host) => [host, silent]))
  for (const verdict of verdicts) {
    const { entity, probability } = verdict
    let isExplained = false
    for (const [index, truth] of ground.truths.entries()) {
      if (isRight(ground, truth, verdict)) positive[index] = Math.max(positive[index]!, probability)
      isExplained ||= isNamed(ground, truth, verdict) || isLate(ground, truth, verdict)
    }
    if (isExplained || !ground.isInnocent(entity)) continue
    negative.set(entity.value, Math.max(negative.get(entity.value) ?? silent, probability))
  }
  return { positive, negative: [...negative.values()] }
}

function isRight(ground: EntityGround, truth: Truth, verdict: ReplayedVerdict): boolean {
  return verdict.category === truth.category && isNamed(ground, truth, verdict)
}

function isNamed(ground: EntityGround, truth: Truth, verdict: ReplayedVerdict): boolean {
  return isAbout(truth, verdict) && truth.labels.some((index) => isInWindow(ground.labels[index]!, verdict.atMs))
}

/** Blame after the window for what was done in it comes too late to be a hit, but accuses nobody falsely. */
function isLate(ground: EntityGround, truth: Truth, verdict: ReplayedVerdict): boolean {
  return isAbout(truth, verdict) && verdict.category === truth.category
    && truth.labels.some((index) => ground.labels[index]!.toMs < verdict.atMs)
}

/** Victims are named as victims, everybody else as themselves. */
function isAbout(truth: Truth, verdict: ReplayedVerdict): boolean {
  return verdict.entity.value === truth.address && (verdict.entity.kind === 'victim') === (truth.role === 'victim')
}

function truthsOf(labels: readonly Label[]): Truth[] {
  const groups = new Map<string, Truth>()
  for (const [index, { role, address, category }] of labels.entries()) {
    const key = `${role} ${address} ${category}`
    groups.set(key, { role, address, category, labels: [...(groups.get(key)?.labels ?? []), index] })
  }
  return [...groups.values()]
}

/**
 * In a capture whose other traffic is unknown, the innocents are the other ends of the labelled traffic: an attacked server,
 * the sources that a spoofer pretends to be, and a victim when it is named as the attacker. Nobody labelled as entity is one.
 */
function otherEnds(capture: LabelledCapture, replayed: ReplayedCapture): ReadonlySet<string> {
  const ends = new Set<string>()
  for (const flow of replayed.flows) {
    if (!capture.labels.some((label) => matchesFlow(label, flow))) continue
    ends.add(flow.source)
    ends.add(flow.destination)
  }
  for (const label of capture.labels) if (label.role === 'entity') ends.delete(label.address)
  return ends
}

function isHome(capture: LabelledCapture, host: string): boolean {
  if (capture.home.length === 0) return true
  const address = parseAddress(host)
  return address !== undefined && capture.home.some((prefix) => prefixContains(prefix, address))
}
