import os from 'node:os'
import { eventLayout } from '../../native/index.js'
import type { MeterLimits } from '../capture/index.ts'
import type { Config } from '../config/index.ts'
import { Decider, NeverBlockList } from '../decision/index.ts'
import type { Action, DecisionPolicy, Mode, ProtectedPrefix } from '../decision/index.ts'
import { openInferenceClient, readModels, ThreatDetector, UNTRAINED_FUSION } from '../ensemble/index.ts'
import type { InferenceClient, LoadedModels } from '../ensemble/index.ts'
import {
  EVENT_VECTOR_SCHEMA, FEATURE_SCHEMA, FeatureExtractor, SEQUENCE_LIMITS, SEQUENCE_STEPS, SequenceMemory,
} from '../features/index.ts'
import { parsePrefix } from '../kit/index.ts'
import { modelTrust } from './model-trust.ts'
import { Pipeline } from './pipeline.ts'
import type { PipelineParts } from './pipeline.ts'

/** What the running agent can feed to a model; models made for other inputs are refused. */
export const EXPECTED_INPUTS = {
  forest: { schemaVersion: FEATURE_SCHEMA.version, inputWidth: FEATURE_SCHEMA.features.length },
  sequence: { schemaVersion: EVENT_VECTOR_SCHEMA.version, inputWidth: EVENT_VECTOR_SCHEMA.features.length, steps: SEQUENCE_STEPS },
} as const

/** What the table of nftables can carry out. A rate limit cannot be told from a short block there, so it is not offered to the costs. */
const AVAILABLE_ACTIONS: readonly Action[] = ['none', 'log', 'alert', 'block']

/** The name of the models where there are none: evidence tests alone. */
export const NO_MODELS = 'evidence-only'

/** The costs and limits that the configuration gives to decisions. */
export function policyOf(config: Config): DecisionPolicy {
  return { decision: config.decision, response: config.response, available: AVAILABLE_ACTIONS }
}

/** The meter's limits as the configuration says. */
export function meterLimitsOf(config: Config): Partial<MeterLimits> {
  const { filter, ringBytes } = config.capture
  return { ...config.meter, scoringEventsPerSecond: config.scoring.eventsPerSecond, filter, ringBytes }
}

/** What must never be blocked by configuration alone. */
export function configuredProtection(config: Config): ProtectedPrefix[] {
  return config.response.neverBlock.map((prefix) => ({ prefix, reason: 'configured' }))
}

/** Models that are open in the inference worker; several detections may share them. */
export interface OpenModels {
  readonly loaded: LoadedModels
  readonly inference: InferenceClient
}

/** The models of a folder, the configured one unless told, in a worker of their own. Throws EnsembleError naming the file. */
export async function openModels(config: Config, directory = config.models.directory): Promise<OpenModels> {
  const loaded = await readModels(directory, EXPECTED_INPUTS, modelTrust(config))
  return { loaded, inference: await openInferenceClient(loaded) }
}

/** What a detection begins with. */
export interface DetectionStart extends Pick<PipelineParts, 'decisionTimeMs' | 'onScoringFailure'> {
  readonly config: Config
  /** Open models and how to fuse their scores. Undefined: explicit evidence alone, with uncalibrated weights. */
  readonly models: OpenModels | undefined
  readonly mode: Mode
  readonly neverBlock: readonly ProtectedPrefix[]
  /** Live: indexes of interfaces on the inner side; the list may grow. A file has the first configured. */
  readonly innerInterfaces?: readonly number[]
  readonly nextId: () => number
}

/** Detection and decision, ready for batches; the same classes live, in replay and in evaluation. */
export interface Detection {
  readonly pipeline: Pipeline
  readonly decider: Decider
  readonly detector: ThreatDetector
  readonly sequences: SequenceMemory
  readonly inference: InferenceClient | undefined
  readonly modelVersion: string
}

/** Puts features, ensemble and decision together. */
export function createDetection(start: DetectionStart): Detection {
  const { config, models, mode, neverBlock, nextId } = start
  const modelVersion = models?.loaded.manifest.version ?? NO_MODELS
  const extractor = new FeatureExtractor(eventLayout)
  const entitiesMax = config.scoring.entitiesMax
  const parameters = models?.loaded.manifest.fusion ?? UNTRAINED_FUSION
  // What fusion would not take of an entity is not worth a model's time.
  const sequences = new SequenceMemory(eventLayout, { ...SEQUENCE_LIMITS, entitiesMax, intervalMs: parameters.learnedIntervalMs })
  const detector = new ThreatDetector({
    layout: eventLayout,
    parameters,
    modelVersion,
    entitiesMax,
    surroundings: {
      homePrefixes: config.home.flatMap((text) => parsePrefix(text) ?? []),
      innerInterfaces: start.innerInterfaces
        ?? config.capture.interfaces.flatMap(({ side }, index) => (side === 'inner' ? [index] : [])),
    },
  })
  const decider = new Decider({ policy: policyOf(config), mode, neverBlock: new NeverBlockList(neverBlock), nextId })
  const pipeline = new Pipeline({ ...start, inference: models?.inference, extractor, sequences, detector, decider })
  return { pipeline, decider, detector, sequences, inference: models?.inference, modelVersion }
}

/** The node's own name, for `version` and metrics. */
export function nodeName(): string {
  return os.hostname()
}
