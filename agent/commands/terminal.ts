import type { Clock } from '../kit/index.ts'

/** Where a command writes, and what that place can show. */
export interface Terminal {
  /** Results. Resolves when the reader has room for more. */
  out(text: string): Promise<void>
  /** Errors and progress. */
  err(text: string): void
  /** Columns of standard output; Infinity where it is no terminal, so that nothing is cut in a pipe. */
  readonly width: number
  readonly isColoured: boolean
  /** Columns of standard error; 0 where it is no terminal, and then there is no progress bar. */
  readonly progressWidth: number
}

/** The process's own terminal. NO_COLOR (no-color.org) and COLUMNS are honoured. */
export function processTerminal(): Terminal {
  const { stdout, stderr, env } = process
  const columns = Number(env['COLUMNS'])
  return {
    out(text) {
      if (stdout.write(text)) return Promise.resolve()
      return new Promise((resolve) => { stdout.once('drain', resolve) })
    },
    err: (text) => { stderr.write(text) },
    width: Number.isInteger(columns) && columns > 0 ? columns : stdout.isTTY ? stdout.columns : Number.POSITIVE_INFINITY,
    isColoured: stdout.isTTY && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb',
    progressWidth: stderr.isTTY ? stderr.columns : 0,
  }
}

/** Lets the process end quietly when whoever reads its output has gone, as `head` does. */
export function endQuietlyOnBrokenPipe(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
    process.exit(0)
  })
}

/** A bar on standard error for long work; nothing at all where that is no terminal. */
export interface ProgressBar {
  /** @param fraction how far, 0..1  @param note what is happening, a few words */
  update(fraction: number, note?: string): void
  /** Removes the bar, so that what follows starts on a clean line. */
  end(): void
}

const REDRAW_MS = 100

/** Draws at most ten times a second, however often it is updated. */
export function createProgressBar(
  label: string, terminal: Pick<Terminal, 'err' | 'progressWidth'>, clock: Pick<Clock, 'monotonicMs'>,
): ProgressBar {
  const { err, progressWidth } = terminal
  if (progressWidth === 0) return { update() {}, end() {} }
  const startedAtMs = clock.monotonicMs()
  let drawnAtMs = Number.NEGATIVE_INFINITY
  return {
    update(fraction, note = '') {
      const nowMs = clock.monotonicMs()
      if (nowMs - drawnAtMs < REDRAW_MS && fraction < 1) return
      drawnAtMs = nowMs
      err(`\r${formatProgress({ label, fraction, note, elapsedMs: nowMs - startedAtMs }, progressWidth - 1)}`)
    },
    end() {
      if (drawnAtMs > Number.NEGATIVE_INFINITY) err(`\r${' '.repeat(progressWidth - 1)}\r`)
    },
  }
}

/** What a bar shows. */
export interface Progress {
  readonly label: string
  readonly fraction: number
  readonly note: string
  readonly elapsedMs: number
}

/** One line of exactly `width` columns: label, bar, percent, time left, note. */
export function formatProgress({ label, fraction, note, elapsedMs }: Progress, width: number): string {
  const done = Math.min(1, Math.max(0, fraction))
  const percent = `${String(Math.floor(done * 100)).padStart(3)} %`
  const left = done > 0.01 && done < 1 ? `${Math.ceil((elapsedMs * (1 - done)) / done / 1_000)} s left` : ''
  const tail = [percent, left, note].filter((part) => part !== '').join('  ')
  const barWidth = Math.max(0, Math.min(30, width - label.length - tail.length - 4))
  const filled = Math.round(done * barWidth)
  const bar = barWidth < 5 ? '' : `[${'#'.repeat(filled)}${'.'.repeat(barWidth - filled)}] `
  return `${label} ${bar}${tail}`.slice(0, width).padEnd(width)
}
