import { readConfig } from '../config/index.ts'
import { collectSamples } from '../daemon/collect-samples.ts'
import { isShippedFolder } from '../daemon/model-trust.ts'
import { systemClock } from '../daemon/system-clock.ts'
import { readManifests } from '../evaluation/index.ts'
import { SAMPLE_LIMITS, trainBaseModels, writeModels } from '../learning/index.ts'
import type { TrainedModels } from '../learning/index.ts'
import { openNodeKey } from '../storage/index.ts'
import { EXIT } from './exit-code.ts'
import { ROOT } from './installation.ts'
import type { TrainOptions } from './options.ts'
import { createProgressBar, processTerminal } from './terminal.ts'

/** Reading the captures takes about half of the time, training the other half. */
const COLLECTING = 0.5

/**
 * Base models from labelled captures, signed with the node's key; those that ship with the agent are trusted for their place instead.
 * Nothing is written to `out` before everything is trained; same captures and seed, same bytes.
 */
export async function trainCommand({ manifest, out, seed, config }: TrainOptions): Promise<number> {
  const captures = readManifests(manifest)
  const signer = isShippedFolder(out) ? undefined : await openNodeKey(readConfig(ROOT, config).config.paths.nodeKey)
  const terminal = processTerminal()
  const bar = createProgressBar('training', terminal, systemClock)
  try {
    const { samples, broken } = await collectSamples(captures, { ...SAMPLE_LIMITS, seed }, (done, { id }) => (
      bar.update(COLLECTING * done / captures.length, id)
    ))
    const trained = await trainBaseModels(samples, {
      seed,
      description: `Labelled captures of ${[...new Set(captures.map(({ source }) => source))].sort().join(', ')}.`,
      onProgress: (done, total, what) => bar.update(COLLECTING + (1 - COLLECTING) * done / total, what),
    })
    await writeModels(out, trained, signer)
    bar.end()
    for (const { message } of broken) terminal.err(`warning: ${message}; only what stands before it was used\n`)
    await terminal.out(`${describeModels(trained, out)}${describeSigner(signer?.publicKey)}`)
    return EXIT.ok
  } finally {
    bar.end()
  }
}

/** What was trained, for people: held-out figures only. */
export function describeModels({ manifest }: TrainedModels, folder: string): string {
  const figure = (auc: number | null): string => (auc === null ? 'not known' : auc.toFixed(3))
  const line = (what: string, size: string, auc: number | null): string => `  ${what.padEnd(10)}${size.padEnd(32)}AUC ${figure(auc)}\n`
  const models = manifest.models.map(({ kind, rows, bytes, heldOutAuc }) => line(kind, `${rows} rows, ${bytes} bytes`, heldOutAuc))
  return `${manifest.version} in ${folder}, AUC over captures that each fold had not seen:\n${models.join('')}`
    + line('fused', '', manifest.fusedHeldOutAuc)
}

function describeSigner(publicKey: string | undefined): string {
  if (publicKey === undefined) return '  not signed: the models shipped with the agent are trusted where they stand\n'
  return `  signed by ${publicKey}; other nodes load them with that key in models.trustedKeys\n`
}
