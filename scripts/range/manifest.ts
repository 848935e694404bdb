import { canonical, windowEndMs } from './label-ledger.ts'
import type { LedgerLabel } from './label-ledger.ts'
import { PLAN } from './plan.ts'

/** One finished capture and what is true about it. */
export interface CaptureEntry {
  readonly id: string
  /** Relative to the manifest. */
  readonly file: string
  readonly source: string
  readonly labels: readonly LedgerLabel[]
}

/** A manifest (docs/architecture.md, labelled captures) of what the range itself started. Pure. */
export function manifestText(entries: readonly CaptureEntry[], madeBy: string): string {
  return `# Written by ${madeBy} from what it started and when.\ncaptures:\n${entries.map(entryText).join('')}`
}

function entryText({ id, file, source, labels }: CaptureEntry): string {
  const head = [
    `  - id: ${id}`, `    file: ${file}`, `    source: ${source}`, '    strength: behaviour',
    `    home: [${PLAN.home.map((prefix) => JSON.stringify(prefix)).join(', ')}]`, '    default: benign',
  ]
  if (labels.length === 0) return `${head.join('\n')}\n`
  const sorted = labels.toSorted((a, b) => a.truth.fromMs - b.truth.fromMs)
  return `${head.join('\n')}\n    labels:\n${sorted.map(labelText).join('\n')}\n`
}

function labelText({ truth, peer }: LedgerLabel): string {
  return [
    `      # ${truth.tool.replaceAll(/\s+/g, ' ')}`,
    `      - ${truth.role}: ${JSON.stringify(canonical(truth.address))}`,
    ...(peer === undefined ? [] : [`        peer: ${JSON.stringify(canonical(peer))}`]),
    `        category: ${truth.category}`,
    `        from: ${new Date(truth.fromMs).toISOString()}`,
    `        to: ${new Date(windowEndMs(truth)).toISOString()}`,
  ].join('\n')
}
