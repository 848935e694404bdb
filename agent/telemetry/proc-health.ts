/** Condition of the process and the node from the texts of /proc. Pure; see proc(5) for the formats. */

/** The texts of one sample. */
export interface ProcTexts {
  /** /proc/self/stat */
  readonly stat: string
  /** /proc/self/statm */
  readonly statm: string
  /** /proc/loadavg */
  readonly loadavg: string
  /** /proc/meminfo */
  readonly meminfo: string
  readonly openFiles: number
}

/** What does not change while the agent runs. */
export interface Machine {
  readonly cores: number
  readonly pageBytes: number
  readonly ticksPerSecond: number
}

/** One sample. */
export interface NodeHealth {
  /** CPU time of the process since it started, user and system. */
  readonly cpuSeconds: number
  /** Share of one core used since the sample before; 0 for the first. */
  readonly cpuRatio: number
  readonly residentBytes: number
  readonly openFiles: number
  /** Load average over one minute, per core. */
  readonly loadRatio: number
  readonly memoryAvailableBytes: number
}

/** The sample before, and how long ago it was. */
export interface FormerHealth {
  readonly health: NodeHealth
  readonly elapsedMs: number
}

/** Reads a sample; `before` and `elapsedMs` give the share of a core used since then. Unreadable numbers are 0. */
export function healthOf(texts: ProcTexts, machine: Machine, before?: FormerHealth): NodeHealth {
  // The name in parentheses may hold spaces; utime and stime are fields 14 and 15, the 12th and 13th behind it.
  const fields = texts.stat.slice(texts.stat.lastIndexOf(')') + 2).split(' ')
  const cpuSeconds = (number(fields[11]) + number(fields[12])) / machine.ticksPerSecond
  const used = before === undefined ? 0 : cpuSeconds - before.health.cpuSeconds
  return {
    cpuSeconds,
    cpuRatio: before === undefined || before.elapsedMs <= 0 ? 0 : Math.max(0, (1_000 * used) / before.elapsedMs),
    residentBytes: number(texts.statm.split(' ')[1]) * machine.pageBytes,
    openFiles: texts.openFiles,
    loadRatio: number(texts.loadavg.split(' ')[0]) / Math.max(1, machine.cores),
    memoryAvailableBytes: number(/^MemAvailable:\s+(\d+) kB$/m.exec(texts.meminfo)?.[1]) * 1_024,
  }
}

function number(text: string | undefined): number {
  const value = Number(text)
  return Number.isFinite(value) ? value : 0
}
