// EDGE: reads the signature beside a manifest and verifies it. A manifest is trusted for its bytes, before any of them is parsed.
import { createPublicKey, verify } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { promises as fs } from 'node:fs'
import path from 'node:path'
import { z } from 'zod'
import { EnsembleError } from './errors.ts'

/** Whose models are loaded (docs/decisions/0004-trust-in-models.md). */
export interface ModelTrust {
  /** The manifest that came with the program. One with the very same bytes, wherever it stands, needs no signature. */
  readonly shippedManifest: string
  /** Ed25519 public keys, in hexadecimal. */
  readonly trustedKeys: readonly string[]
  /** The node's own public key; undefined where it has none. Asked for only where no key of `trustedKeys` signed. */
  ownKey(): Promise<string | undefined>
}

/** The file beside manifest.json that says who vouches for it. */
const SIGNATURE_FILE = 'manifest.sig'

const signatureSchema = z.strictObject({
  format: z.literal(1),
  algorithm: z.literal('Ed25519'),
  publicKey: z.string().regex(/^[0-9a-f]{64}$/),
  signature: z.string().regex(/^[0-9a-f]{128}$/),
})

/** The content of manifest.sig: an Ed25519 signature over the exact bytes of manifest.json, with the key that made it. */
export type ModelSignature = z.infer<typeof signatureSchema>

/** It has 256 bytes; one far larger is refused unread. */
const SIGNATURE_BYTES_MAX = 1_024

/** Throws EnsembleError unless `manifest`, the content of `folder`/manifest.json, is the shipped one or signed by a trusted key. */
export async function checkOrigin(folder: string, manifest: Buffer, trust: ModelTrust): Promise<void> {
  const shipped = await fs.readFile(trust.shippedManifest).catch(() => undefined)
  if (shipped?.equals(manifest) === true) return
  const file = path.join(folder, SIGNATURE_FILE)
  const content = await readSignature(file)
  if (content === undefined) throw unsigned(file)
  const { publicKey, signature } = parseSignature(file, content)
  if (!isSignedBy(publicKey, manifest, signature)) {
    throw invalid(file, `it is not what key ${publicKey} signs for manifest.json as it stands there: one of the two was changed`)
  }
  if (trust.trustedKeys.includes(publicKey)) return
  const own = await trust.ownKey()
  if (own !== publicKey) throw untrusted(file, publicKey, own)
}

function parseSignature(file: string, content: Buffer): ModelSignature {
  let parsed: unknown
  try {
    parsed = JSON.parse(content.toString('utf8'))
  } catch (error) {
    throw invalid(file, error instanceof Error ? error.message : String(error))
  }
  const result = signatureSchema.safeParse(parsed)
  if (result.success) return result.data
  throw invalid(file, result.error.issues.map((issue) => `${issue.path.join('.') || 'signature'}: ${issue.message}`).join('; '))
}

function isSignedBy(publicKey: string, content: Buffer, signature: string): boolean {
  return verify(null, content, keyOf(publicKey), Buffer.from(signature, 'hex'))
}

function keyOf(publicKey: string): KeyObject {
  const x = Buffer.from(publicKey, 'hex').toString('base64url')
  return createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' })
}

async function readSignature(file: string): Promise<Buffer | undefined> {
  let size: number
  try {
    size = (await fs.stat(file)).size
    if (size <= SIGNATURE_BYTES_MAX) return await fs.readFile(file)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw invalid(file, error instanceof Error ? error.message : String(error))
  }
  throw invalid(file, `${size} bytes, at most ${SIGNATURE_BYTES_MAX} expected`)
}

function unsigned(file: string): EnsembleError {
  return new EnsembleError(
    { code: 'ENSEMBLE_MODEL_UNSIGNED', file },
    `${file}: not there, so nobody vouches for these models, and they are not those shipped with the agent. They are not loaded. `
      + '"phantomd train" signs what it makes; models from elsewhere need the manifest.sig of whoever trained them.',
  )
}

function invalid(file: string, reason: string): EnsembleError {
  return new EnsembleError(
    { code: 'ENSEMBLE_SIGNATURE_INVALID', file, reason },
    `${file}: no valid signature: ${reason}. The models are not loaded; fetch them again or run "phantomd train".`,
  )
}

function untrusted(file: string, publicKey: string, own: string | undefined): EnsembleError {
  return new EnsembleError(
    { code: 'ENSEMBLE_KEY_UNTRUSTED', file, publicKey },
    `${file}: signed by key ${publicKey}; expected ${own === undefined ? '' : `this node's own, ${own}, or `}`
      + 'one of models.trustedKeys. The models are not loaded. If you trust whoever holds that key, add it to models.trustedKeys.',
  )
}
