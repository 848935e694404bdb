// EDGE: writes trained models to disk.
import { createHash } from 'node:crypto'
import { promises as fs } from 'node:fs'
import path from 'node:path'
import type { ModelManifest } from '../ensemble/index.ts'

/** What training made: files by name, and the manifest that pins them. */
export interface TrainedModels {
  readonly files: Readonly<Record<string, Uint8Array>>
  readonly manifest: ModelManifest
}

/** The SHA-256 of bytes or text, in hexadecimal. */
export function sha256(content: Uint8Array | string): string {
  return createHash('sha256').update(content).digest('hex')
}

/**
 * Writes the models into `folder`, the manifest last and each by rename: whoever reads meanwhile finds a hash that does not match,
 * never half a file.
 */
export async function writeModels(folder: string, { files, manifest }: TrainedModels): Promise<void> {
  await fs.mkdir(folder, { recursive: true })
  for (const [name, content] of Object.entries(files)) await replaceFile(path.join(folder, name), content)
  await replaceFile(path.join(folder, 'manifest.json'), `${JSON.stringify(manifest, undefined, 2)}\n`)
}

async function replaceFile(file: string, content: Uint8Array | string): Promise<void> {
  await fs.writeFile(`${file}.new`, content)
  await fs.rename(`${file}.new`, file)
}
