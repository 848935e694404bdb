import type { MeterCounters } from '../capture/index.ts'

/** `--summary-json` of `replay` and `meter` (architecture.md, section 4). */
export interface Summary {
  readonly packets: number
  readonly flows: number
  readonly events: { readonly received: number; readonly scored: number; readonly shed: number }
  readonly alerts: number
  readonly decisions: number
  readonly seconds: number
  readonly cpuSeconds: number
}

/** What a run was asked for besides what the meter counted. */
export interface SummaryParts {
  readonly counters: MeterCounters
  readonly alerts: number
  readonly decisions: number
  readonly elapsedMs: number
}

/** The summary of a finished run; `cpuSeconds` are those of the whole process, all threads, since its start. */
export function summarise({ counters, alerts, decisions, elapsedMs }: SummaryParts): Summary {
  const { user, system } = process.cpuUsage()
  const { received, scored, shed } = counters.events
  return {
    packets: counters.packets,
    flows: counters.flows,
    events: { received, scored, shed },
    alerts,
    decisions,
    seconds: elapsedMs / 1_000,
    cpuSeconds: (user + system) / 1e6,
  }
}
