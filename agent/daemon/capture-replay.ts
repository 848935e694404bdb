import { openCaptureFiles } from '../capture/native-source.ts'
import type { Config } from '../config/index.ts'
import { actionThreshold } from '../decision/index.ts'
import type { EvaluationSubject, ReplayedCapture, ReplayOptions } from '../evaluation/index.ts'
import { Comparison } from './comparison.ts'
import { configuredProtection, createDetection, meterLimitsOf, openModels, policyOf } from './create-detection.ts'
import type { DetectionStart, OpenModels } from './create-detection.ts'
import { drain } from './drain.ts'
import { Gathered } from './gathered-capture.ts'

/** A subject that must be closed. */
export interface OpenSubject extends EvaluationSubject {
  close(): Promise<void>
}

/** The agent as it would run with this configuration and these models, ready to be evaluated. */
export async function openSubject(config: Config, modelsFolder?: string): Promise<OpenSubject> {
  const models = await openModels(config, modelsFolder)
  const { manifest } = models.loaded
  const policy = policyOf(config)
  const threshold = (action: 'alert' | 'block'): number => actionThreshold(action, policy.decision.costs, policy.available) ?? 1
  return {
    modelHash: manifest.version,
    thresholds: {
      alertPosterior: threshold('alert'), blockPosterior: threshold('block'), corroborationNats: config.decision.corroborationMin,
    },
    flowThreshold: threshold('alert'),
    trainedOn: manifest.training.map(({ capture, source }) => ({ capture, source })),
    replay: (file, options) => replayCapture({ file, options, config, models }),
    close: () => models.inference.close(),
  }
}

interface CaptureStart {
  readonly file: string
  readonly options: ReplayOptions
  readonly config: Config
  readonly models: OpenModels
}

/** One capture from fresh state. Rejects with the CaptureError that ended it early: half a capture has no figures. */
async function replayCapture({ file, options, config, models }: CaptureStart): Promise<ReplayedCapture> {
  const source = openCaptureFiles([file], { ...meterLimitsOf(config), recordFlows: true })
  let lastId = 0
  const start: DetectionStart = {
    config, models, mode: 'observe', neverBlock: configuredProtection(config),
    nextId: () => ++lastId,
    decisionTimeMs: (observedAtMs) => observedAtMs,
    onScoringFailure: (error) => { throw error },
  }
  const detection = createDetection(start)
  const gathered = new Gathered(options)
  const comparison = options.alarms && new Comparison(start, options.alarms)
  try {
    const failure = await drain(source, async (batch) => {
      options.signal?.throwIfAborted()
      const step = await detection.pipeline.step(batch)
      gathered.add(step)
      comparison?.add(step)
    })
    if (failure !== undefined) throw failure
    return { ...gathered.finish(source.counters().packets), ...(comparison && { comparison: comparison.finish() }) }
  } finally {
    await source.close()
  }
}
