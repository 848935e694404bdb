import type { Decision, ModeChange } from '../../control/schema.ts'
import { formatTable, hang } from '../table.ts'

/** One line a decision. */
export function formatDecisions(decisions: readonly Decision[], width: number): string {
  if (decisions.length === 0) return 'No decisions.\n'
  const columns = [
    { title: 'ID', align: 'right' }, { title: 'VALUE', shrinks: true }, { title: 'TYPE' }, { title: 'SCENARIO', shrinks: true },
    { title: 'LEFT', align: 'right' }, { title: 'ORIGIN' }, { title: 'KERNEL' }, { title: 'REASON', shrinks: true },
  ] as const
  return formatTable(columns, decisions.map((decision) => [
    String(decision.id), decision.value, decision.type, decision.scenario, decision.duration, decision.origin, kernelWord(decision),
    decision.phantommesh.reason,
  ]), width)
}

/** What a change of mode does, or would do. */
export function formatModeChange(change: ModeChange, tense: 'would' | 'did', width: number): string {
  const { from, to, wouldEnforce, wouldLift, heldBack } = change
  const verb = tense === 'would' ? 'would be ' : ''
  const list = (title: string, lines: readonly string[]) =>
    (lines.length === 0 ? [] : [`${title}:`, ...lines.map((line) => `  ${hang(line, 4, width)}`)])
  const effect = ({ value, duration, scenario }: ModeChange['wouldLift'][number]) => `${value} (${scenario}, ${duration} left)`
  const effects = [
    ...list(`${verb}enforced`, wouldEnforce.map(effect)),
    ...list(`${verb}lifted`, wouldLift.map(effect)),
    ...list('held back in any mode', heldBack.map((each) => `${each.value} (${each.scenario}): ${each.heldBackBy.join(', ')}`)),
  ]
  const isIdle = wouldEnforce.length + wouldLift.length === 0
  const idle = isIdle ? [`Nothing ${tense === 'would' ? 'would change' : 'changed'} in the kernel.`] : []
  return `${[`mode ${from} -> ${to}`, ...effects, ...idle].join('\n')}\n`
}

function kernelWord({ simulated, phantommesh }: Decision): string {
  if (simulated) return 'simulated'
  if (phantommesh.inKernel === null) return 'unread'
  return phantommesh.inKernel ? 'yes' : 'MISSING'
}
