import path from 'node:path'
import type { Config } from '../../agent/config/index.ts'
import { openSubject } from '../../agent/daemon/capture-replay.ts'
import type { OpenSubject } from '../../agent/daemon/capture-replay.ts'
import type { ScoreAlarm } from '../../agent/evaluation/index.ts'
import { conformalThreshold, selectCaptures, trainBaseModels, writeModels } from '../../agent/learning/index.ts'
import type { BaseTrainingOptions, TrainingSamples } from '../../agent/learning/index.ts'
import { openNodeKey } from '../../agent/storage/index.ts'
import type { Fold } from './folds.ts'

/** What a fold's captures are judged by, fixed before any of them is replayed. */
export interface FrozenFold {
  readonly source: string
  readonly folder: string
  readonly modelHash: string
  /** Every threshold by name, those of the policy and those of the models alone. */
  readonly thresholds: Readonly<Record<string, number>>
  /** In the order of MODEL_ALARMS. */
  readonly alarms: readonly ScoreAlarm[]
  readonly trainingCaptures: number
}

/** How folds are trained. */
export interface FoldTraining {
  readonly config: Config
  readonly samples: TrainingSamples
  readonly options: Pick<BaseTrainingOptions, 'seed' | 'hidden' | 'epochsMax'>
  /** Models of the folds are written below it. */
  readonly folder: string
}

/** A model alone names whom it scores above what one benign row in a hundred reaches, and acts at one in a thousand. */
const RATES = [0.01, 0.001]
const FAILURE_PROBABILITY = 0.05

/** Trains one fold's models on its captures' samples alone and fixes every threshold. */
export async function freezeFold(fold: Fold, { config, samples, options, folder }: FoldTraining): Promise<FrozenFold> {
  const wanted = new Set(fold.training.map(({ id }) => id))
  const own = selectCaptures(samples, ({ id }) => wanted.has(id))
  const models = await trainBaseModels(own, { ...options, description: `without ${fold.source}` })
  const target = path.join(folder, fold.source.replaceAll(/[^\w-]/g, '_'))
  await writeModels(target, models, await openNodeKey(config.paths.nodeKey))
  const alarms = (['forest', 'sequence'] as const).flatMap((model) => RATES.map((rate): ScoreAlarm => (
    // Where benign rows are too few for the rate, the model alone never names anybody at it.
    { model, above: conformalThreshold(models.heldOut[model], rate, FAILURE_PROBABILITY)?.threshold ?? 1 }
  )))
  const subject = await openFold(config, target)
  await subject.close()
  const alone = alarms.map(({ model, above }, index) => [`${model}AtFpr${RATES[index % RATES.length]}`, above] as const)
  return {
    source: fold.source, folder: target, modelHash: subject.modelHash, alarms, trainingCaptures: models.manifest.training.length,
    thresholds: { ...subject.thresholds, ...Object.fromEntries(alone) },
  }
}

/** The agent with a fold's models. */
export function openFold(config: Config, folder: string): Promise<OpenSubject> {
  return openSubject(config, folder)
}
