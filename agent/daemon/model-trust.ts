import { realpathSync } from 'node:fs'
import path from 'node:path'
import type { Config } from '../config/index.ts'
import type { ModelTrust } from '../ensemble/index.ts'
import { readNodeKey } from '../storage/index.ts'

/** The models that come with this program. Whoever can write there can write the program too. */
const SHIPPED_MODELS = path.resolve(import.meta.dirname, '../../models')

/** Trust in the shipped models, the node's own and those of `models.trustedKeys`. */
export function modelTrust({ models, paths }: Pick<Config, 'models' | 'paths'>): ModelTrust {
  return {
    shippedManifest: path.join(SHIPPED_MODELS, 'manifest.json'),
    trustedKeys: models.trustedKeys,
    ownKey: async () => (await readNodeKey(paths.nodeKey))?.publicKey,
  }
}

/** Whether `folder` is that of the shipped models, by whatever name. */
export function isShippedFolder(folder: string): boolean {
  return realPath(folder) === realPath(SHIPPED_MODELS)
}

function realPath(folder: string): string {
  try {
    return realpathSync(folder)
  } catch {
    return path.resolve(folder)
  }
}
