import type { EntityOutcome } from './judge-capture.ts'

/** What truths are named for that were not named. */
export const NOBODY = 'nobody'
/** What hosts are that did nothing. */
export const INNOCENT = 'innocent'

/** How often what one row did was named for what the column says. */
export interface ConfusionCell {
  readonly actual: string
  readonly named: string
  readonly count: number
}

/** What truths were named for (at the level of alerts), and what innocents were accused of; cells with a count only. */
export function confusionByCategory(outcomes: readonly EntityOutcome[]): readonly ConfusionCell[] {
  const cells = new Map<string, { actual: string; named: string; count: number }>()
  const add = (actual: string, named: string): void => {
    const key = `${actual} ${named}`
    const cell = cells.get(key) ?? { actual, named, count: 0 }
    cell.count += 1
    cells.set(key, cell)
  }
  for (const { alert, truths } of outcomes) {
    for (const { category, alerted, wrongCategory } of truths) add(category, alerted ? category : wrongCategory ?? NOBODY)
    for (const { category } of alert.accused.values()) add(INNOCENT, category)
  }
  return [...cells.values()]
}
