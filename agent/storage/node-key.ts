// EDGE: the node's own key. The only place where a private key is made or read; it leaves this file as the power to sign, never as bytes.
import { createPrivateKey, createPublicKey, generateKeyPairSync, randomUUID, sign } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { constants, promises as fs } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import path from 'node:path'
import { StorageError } from './errors.ts'

/** An Ed25519 key pair (RFC 8032). */
export interface NodeKey {
  /** 32 octets in lower-case hexadecimal, as in models.trustedKeys. */
  readonly publicKey: string
  /** 64 octets. */
  sign(content: Uint8Array): Uint8Array
}

/** A key as PKCS #8 PEM has 119 bytes; a file larger than this is none. */
const PEM_BYTES_MAX = 4_096

/** The key of `file`, made there where there is none. Two that make it at once get the same. */
export async function openNodeKey(file: string): Promise<NodeKey> {
  const found = await readNodeKey(file)
  if (found !== undefined) return found
  try {
    await makeKey(file)
  } catch (error) {
    throw keyFailure(file, error)
  }
  const made = await readNodeKey(file)
  if (made === undefined) throw unusable(file, 'it was removed while it was made')
  return made
}

/** The key of `file`, undefined where there is none. Throws StorageError where others may read it, or it is no Ed25519 key. */
export async function readNodeKey(file: string): Promise<NodeKey | undefined> {
  let handle: FileHandle
  try {
    // Without O_NONBLOCK a FIFO of that name would hold the start up for ever.
    handle = await fs.open(file, constants.O_RDONLY | constants.O_NONBLOCK)
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw keyFailure(file, error)
  }
  try {
    return nodeKey(parseKey(file, await readPrivately(file, handle)))
  } finally {
    await handle.close()
  }
}

/** Asked of the open file, so that what was checked is what is read. */
async function readPrivately(file: string, handle: FileHandle): Promise<Buffer> {
  const stats = await handle.stat()
  if (!stats.isFile()) throw unusable(file, 'it is no regular file')
  const mode = stats.mode & 0o777
  if ((mode & 0o077) !== 0) throw exposed(file, mode)
  if (stats.size > PEM_BYTES_MAX) throw unusable(file, `${stats.size} bytes, at most ${PEM_BYTES_MAX} expected`)
  return handle.readFile()
}

function parseKey(file: string, pem: Buffer): KeyObject {
  let key: KeyObject
  try {
    key = createPrivateKey(pem)
  } catch {
    // OpenSSL's own words say nothing to an operator.
    throw unusable(file, 'it holds no private key in PEM')
  }
  if (key.asymmetricKeyType !== 'ed25519') throw unusable(file, `it holds a key of type ${key.asymmetricKeyType}, not Ed25519`)
  return key
}

function nodeKey(key: KeyObject): NodeKey {
  const { x } = createPublicKey(key).export({ format: 'jwk' })
  return {
    publicKey: Buffer.from(x ?? '', 'base64url').toString('hex'),
    sign: (content) => sign(null, content, key),
  }
}

/** Whole or not at all: written under another name and linked, which fails where somebody was faster. */
async function makeKey(file: string): Promise<void> {
  const folder = path.dirname(file)
  await fs.mkdir(folder, { recursive: true, mode: 0o700 })
  const draft = `${file}.${randomUUID()}`
  try {
    await writePrivately(draft, generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' }), folder)
    await fs.link(draft, file)
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error
  } finally {
    await fs.rm(draft, { force: true })
  }
}

async function writePrivately(file: string, content: string | Buffer, folder: string): Promise<void> {
  const handle = await fs.open(file, 'wx', 0o600)
  try {
    // What root makes belongs to whom the folder belongs: on an installed node to the agent, which runs as a user of its own.
    if (process.geteuid?.() === 0) {
      const { uid, gid } = await fs.stat(folder)
      await handle.chown(uid, gid)
    }
    await handle.writeFile(content)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

function keyFailure(file: string, error: unknown): StorageError {
  const code = codeOf(error)
  if (code === 'EACCES' || code === 'EPERM') {
    return new StorageError(
      { code: 'STORAGE_KEY_PERMISSION_DENIED', file },
      `${file}: this user may not read or make the node's key. Run as the agent's user or as root, or set paths.nodeKey.`,
      { cause: error },
    )
  }
  return unusable(file, error instanceof Error ? error.message : String(error))
}

function exposed(file: string, mode: number): StorageError {
  const octal = mode.toString(8).padStart(4, '0')
  return new StorageError(
    { code: 'STORAGE_KEY_EXPOSED', file, mode: octal },
    `${file}: mode ${octal} lets others at the node's private key, expected 0600. If nobody can have read it: chmod 600 ${file}; `
      + 'else remove it, and a new one is made at next need (models signed by the old one must be trained again).',
  )
}

function unusable(file: string, reason: string): StorageError {
  return new StorageError({ code: 'STORAGE_KEY_UNUSABLE', file, reason }, `${file}: not usable as the node's key: ${reason}`)
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}
