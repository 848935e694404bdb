// Comparing what the agent made of a capture with what it made of the same capture changed.
import { expect } from 'vitest'
import type { LabelledCapture, ReplayedCapture, ReplayedFlow, ReplayedVerdict } from '../../agent/evaluation/index.ts'

/** How to read the changed capture: its addresses and its times back into those of the original. */
export interface Backward {
  readonly address?: (text: string) => string
  /** The changed capture is later by this many seconds. */
  readonly shiftSeconds?: number
}

/** A replay to be held against another. */
export interface Compared {
  readonly original: ReplayedCapture
  readonly changed: ReplayedCapture
  readonly backward?: Backward
}

/** Enough to see what it is about. */
const SHOWN_MAX = 6
/** Scores are sums of single-precision numbers. */
const SCORE_TOLERANCE = 1e-6
const STRENGTH = ['none', 'log', 'alert', 'block']

/** Every verdict is there again: entity, kind, category, action and time; and every flow has the score that it had. */
export function expectSame(capture: LabelledCapture, { original, changed, backward = {} }: Compared): void {
  const differences = [
    ...listDifferences(verdictLines(original, {}), verdictLines(changed, backward)),
    ...flowDifferences(original, changed, backward).map(({ line, before, after }) => `${line}: flow score ${before} became ${after}`),
  ]
  expect(shown(capture, differences)).toEqual([])
}

/** Who is judged, for what and how far: nothing that was not said of the original, and no flow scores higher. */
export function expectNoMore(capture: LabelledCapture, { original, changed }: Compared): void {
  const known = strongest(original)
  const more = [...strongest(changed)]
    .filter(([who, strength]) => strength > (known.get(who) ?? -1))
    .map(([who, strength]) => `+ ${who} ${STRENGTH[strength]}, before ${STRENGTH[known.get(who) ?? 0]}`)
  const higher = flowDifferences(original, changed, {})
    .filter(({ before, after }) => Number.isNaN(before) || Number.isNaN(after) || after > before)
    .map(({ line, before, after }) => `${line}: flow score ${before} rose to ${after}`)
  expect(shown(capture, [...more, ...higher])).toEqual([])
}

/** Verdicts that alert or block, one line each. */
export function alarms({ verdicts }: ReplayedCapture): ReplayedVerdict[] {
  return verdicts.filter(({ action }) => STRENGTH.indexOf(action) >= STRENGTH.indexOf('alert'))
}

/** The first differences, each with the capture's name. */
function shown({ id }: LabelledCapture, differences: readonly string[]): string[] {
  const left = differences.length - SHOWN_MAX
  return [...differences.slice(0, SHOWN_MAX), ...(left > 0 ? [`and ${left} more`] : [])].map((line) => `${id}: ${line}`)
}

function verdictLines({ verdicts }: ReplayedCapture, backward: Backward): string[] {
  const { address = (text) => text } = backward
  return verdicts.map(({ entity, category, action, atMs }) => (
    `${microseconds(atMs, backward)} ${entity.kind} ${address(entity.value)} ${category} ${action}`
  )).sort()
}

function listDifferences(before: readonly string[], after: readonly string[]): string[] {
  return [...without(before, after).map((line) => `- ${line}`), ...without(after, before).map((line) => `+ ${line}`)].sort((a, b) => (
    a.slice(2) < b.slice(2) ? -1 : 1
  ))
}

/** What is in one list more often than in the other. */
function without(lines: readonly string[], others: readonly string[]): string[] {
  const counts = new Map<string, number>()
  for (const line of others) counts.set(line, (counts.get(line) ?? 0) + 1)
  return lines.filter((line) => {
    const count = counts.get(line) ?? 0
    counts.set(line, count - 1)
    return count <= 0
  })
}

interface FlowDifference {
  readonly line: string
  /** NaN where the flow is not there. */
  readonly before: number
  readonly after: number
}

/** Flows of the same ends and times are taken in the order of their scores. */
function flowDifferences(original: ReplayedCapture, changed: ReplayedCapture, backward: Backward): FlowDifference[] {
  const [before, after] = [scoresByFlow(original.flows, {}), scoresByFlow(changed.flows, backward)]
  return [...new Set([...before.keys(), ...after.keys()])].flatMap((line) => {
    const [olds, news] = [before.get(line) ?? [], after.get(line) ?? []]
    return Array.from({ length: Math.max(olds.length, news.length) }, (_, index): FlowDifference => (
      { line, before: olds[index] ?? Number.NaN, after: news[index] ?? Number.NaN }
    ))
  }).filter(({ before: old, after: now }) => !(Math.abs(old - now) <= SCORE_TOLERANCE))
}

function scoresByFlow(flows: readonly ReplayedFlow[], backward: Backward): Map<string, number[]> {
  const { address = (text) => text } = backward
  const lines = Map.groupBy(flows, ({ source, destination, startMs, endMs, isAnswered }) => (
    `${microseconds(startMs, backward)} ${address(source)} > ${address(destination)}`
    + ` until ${microseconds(endMs, backward)}${isAnswered ? '' : ' unanswered'}`
  ))
  return new Map([...lines].map(([line, same]) => [line, same.map(({ score }) => score).sort((a, b) => a - b)]))
}

/** Packet times are whole microseconds; as milliseconds in double precision they are off by less than half of one. */
function microseconds(atMs: number, { shiftSeconds = 0 }: Backward): number {
  return Math.round((atMs - shiftSeconds * 1000) * 1000)
}

function strongest({ verdicts }: ReplayedCapture): Map<string, number> {
  const found = new Map<string, number>()
  for (const { entity, category, action } of verdicts) {
    const who = `${entity.kind} ${entity.value} ${category}`
    found.set(who, Math.max(found.get(who) ?? 0, STRENGTH.indexOf(action)))
  }
  return found
}
