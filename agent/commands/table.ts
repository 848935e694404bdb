/** Tables and bars as plain text that fits the terminal. Pure: the width comes in. */

/** One column. Only `shrinks` columns give way when the terminal is narrow. */
export interface Column {
  readonly title: string
  readonly align?: 'left' | 'right'
  readonly shrinks?: boolean
}

const GAP = '  '
const SHRUNK_WIDTH_MIN = 8

/**
 * A table with a line of titles, no wider than `width` as long as its shrinking columns can give way (each to 8 columns).
 * Cells hold what came over the network: control characters are replaced, so that no name can write to the terminal by itself.
 */
export function formatTable(columns: readonly Column[], rows: readonly (readonly string[])[], width: number): string {
  const cells = [columns.map(({ title }) => title), ...rows].map((row) => row.map(printable))
  const natural = columns.map((_, index) => Math.max(...cells.map((row) => row[index]?.length ?? 0)))
  const widths = shrink(columns, natural, width)
  const lines = cells.map((row) => columns.map(({ align }, index) => fit(row[index] ?? '', widths[index] ?? 0, align)).join(GAP).trimEnd())
  return `${lines.join('\n')}\n`
}

/** Names and their values, the values aligned. Values that do not fit go on below themselves. */
export function formatPairs(pairs: readonly (readonly [name: string, value: string])[], width: number): string {
  const nameWidth = Math.max(0, ...pairs.map(([name]) => name.length))
  return pairs.map(([name, value]) => `${name.padEnd(nameWidth)}${GAP}${hang(value, nameWidth + GAP.length, width)}\n`).join('')
}

/** Text broken at spaces to fit `width`; all lines after the first begin at column `indent`. */
export function hang(text: string, indent: number, width: number): string {
  const room = Math.max(20, width - indent)
  const lines = ['']
  for (const word of printable(text).split(' ')) {
    const line = lines.at(-1)!
    if (line !== '' && line.length + 1 + word.length > room) lines.push(word)
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`
  }
  return lines.join(`\n${' '.repeat(indent)}`)
}

/** A bar of `value` out of `valueMax`, `width` columns wide at most; `#` speaks for, `-` against. */
export function formatBar(value: number, valueMax: number, width: number): string {
  const length = valueMax > 0 ? Math.round((Math.abs(value) / valueMax) * width) : 0
  return (value < 0 ? '-' : '#').repeat(Math.min(width, length)).padEnd(width)
}

/** Text in which every control character, escape sequences included, has become a visible dot. */
export function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, '·')
}

/** What the formatters write in capitals, because an operator should see it, in red (ECMA-48, SGR 31). */
export function paintTrouble(text: string): string {
  return text.replaceAll(/\b(?:NOT OK|MISSING|DIFFERENT)\b/g, '\u001b[31m$&\u001b[39m')
}

function shrink(columns: readonly Column[], natural: readonly number[], width: number): readonly number[] {
  const widths = [...natural]
  const total = () => widths.reduce((sum, each) => sum + each, (widths.length - 1) * GAP.length)
  while (total() > width) {
    const widest = widths.map((each, index) => (columns[index]?.shrinks === true ? each : 0))
    const index = widest.indexOf(Math.max(...widest))
    if ((widest[index] ?? 0) <= SHRUNK_WIDTH_MIN) return widths
    widths[index] = Math.max(SHRUNK_WIDTH_MIN, widths[index]! - (total() - width), secondWidest(widest, index) - 1)
  }
  return widths
}

/** The widest gives way first, down to just below the next; so long columns share what is missing. */
function secondWidest(widths: readonly number[], widest: number): number {
  return Math.max(0, ...widths.filter((_, index) => index !== widest))
}

function fit(text: string, width: number, align: Column['align']): string {
  const cut = text.length > width ? `${text.slice(0, Math.max(0, width - 1))}…` : text
  return align === 'right' ? cut.padStart(width) : cut.padEnd(width)
}
