// EDGE: writes trained models to disk.
import { createHash } from 'node:crypto'
import { promises as fs } from 'node:fs'
import path from 'node:path'
import type { ModelManifest, ModelSignature } from '../ensemble/index.ts'

/** What training made: files by name, and the manifest that pins them. */
export interface TrainedModels {
  readonly files: Readonly<Record<string, Uint8Array>>
  readonly manifest: ModelManifest
}

/** Who vouches for the models; the node's key in practice. */
export interface ModelSigner {
  /** Ed25519, in hexadecimal. */
  readonly publicKey: string
  sign(content: Uint8Array): Uint8Array
}

/** The SHA-256 of bytes or text, in hexadecimal. */
export function sha256(content: Uint8Array | string): string {
  return createHash('sha256').update(content).digest('hex')
}

/**
 * Writes the models into `folder`, the manifest last and each by rename: whoever reads meanwhile finds a hash or signature that does not
 * match, never half a file. Without a signer, which is for the shipped models alone, manifest.sig is removed.
 */
export async function writeModels(folder: string, { files, manifest }: TrainedModels, signer: ModelSigner | undefined): Promise<void> {
  await fs.mkdir(folder, { recursive: true })
  for (const [name, content] of Object.entries(files)) await replaceFile(path.join(folder, name), content)
  const content = Buffer.from(`${JSON.stringify(manifest, undefined, 2)}\n`)
  const signatureFile = path.join(folder, 'manifest.sig')
  if (signer === undefined) await fs.rm(signatureFile, { force: true })
  else await replaceFile(signatureFile, JSON.stringify(signatureOf(content, signer)))
  await replaceFile(path.join(folder, 'manifest.json'), content)
}

function signatureOf(content: Uint8Array, signer: ModelSigner): ModelSignature {
  const signature = Buffer.from(signer.sign(content)).toString('hex')
  return { format: 1, algorithm: 'Ed25519', publicKey: signer.publicKey, signature }
}

async function replaceFile(file: string, content: Uint8Array | string): Promise<void> {
  await fs.writeFile(`${file}.new`, content)
  await fs.rename(`${file}.new`, file)
}
