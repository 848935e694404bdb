import { writeFileSync } from 'node:fs'
import { defaultConfig, readConfig } from '../config/index.ts'
import type { Config } from '../config/index.ts'
import { openSubject as openAgent } from '../daemon/capture-replay.ts'
import { systemClock } from '../daemon/system-clock.ts'
import { EvaluationError, evaluateCaptures, readManifests } from '../evaluation/index.ts'
import type { EvaluationReport, EvaluationSubject } from '../evaluation/index.ts'
import { formatEvaluation } from './evaluation-tables.ts'
import { EXIT } from './exit-code.ts'
import type { EvaluateOptions } from './options.ts'
import { ROOT } from './installation.ts'
import { createProgressBar, processTerminal } from './terminal.ts'
import type { Terminal } from './terminal.ts'

/** The agent with its default settings, as the yardstick asks; nothing on this machine changes the figures. */
export function evaluateCommand(options: EvaluateOptions): Promise<number> {
  const open: OpenSubject = (folder) => openAgent(folder === undefined ? defaultConfig(ROOT) : trusting(options.config), folder)
  return evaluateManifests(options, open, processTerminal())
}

/** The default settings with the trust of this machine's configuration: whose models may be loaded is no matter of figures. */
function trusting(file: string | undefined): Config {
  const config = defaultConfig(ROOT)
  const { models: { trustedKeys }, paths: { nodeKey } } = readConfig(ROOT, file).config
  return { ...config, models: { ...config.models, trustedKeys }, paths: { ...config.paths, nodeKey } }
}

/** Opens models and pipeline for an evaluation; without a folder those that the project ships. */
export type OpenSubject = (modelsFolder: string | undefined) => Promise<EvaluationSubject & { close(): Promise<void> }>

/**
 * Detection quality on labelled captures: a table for people, the report as JSON where asked for. Manifests are read before any
 * model is loaded. Exit code 1 when a capture or a manifest could not be read or a label matches nothing.
 */
export async function evaluateManifests(options: EvaluateOptions, openSubject: OpenSubject, terminal: Terminal): Promise<number> {
  const captures = readManifests(options.manifest)
  const subject = await openSubject(options.models)
  const bar = createProgressBar('evaluate', terminal, systemClock)
  let report: EvaluationReport
  try {
    report = await evaluateCaptures(captures, subject, (done, capture) => bar.update(done / captures.length, capture.id))
  } finally {
    bar.end()
    await subject.close()
  }
  if (options.json !== undefined) writeReport(options.json, report)
  await terminal.out(formatEvaluation(report, terminal.width))
  const failed = report.captures.filter((capture) => capture.error !== undefined)
  for (const capture of failed) terminal.err(`error: capture ${capture.id}: ${capture.error}\n`)
  return failed.length === 0 ? EXIT.ok : EXIT.failed
}

function writeReport(file: string, report: EvaluationReport): void {
  try {
    writeFileSync(file, `${JSON.stringify(report, null, 2)}\n`)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new EvaluationError({ code: 'EVALUATION_REPORT_UNWRITABLE', file, reason }, `${file}: ${reason}`, { cause: error })
  }
}
