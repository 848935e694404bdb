// Goal: a node has one key, nobody else can read it, and it is never half there.
import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto'
import { chmod, chown, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openNodeKey, readNodeKey } from '../../agent/storage/index.ts'

/** The user `nobody` of most systems; any that is not root serves. */
const NOBODY = 65_534

let folder: string
let file: string
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'pm-key-'))
  file = path.join(folder, 'node', 'node-key.pem')
})
afterEach(() => rm(folder, { recursive: true }))

test('a key is made once, for its owner alone, with nothing left beside it', async () => {
  expect(await readNodeKey(file)).toBeUndefined()
  const made = await openNodeKey(file)
  expect((await stat(file)).mode & 0o777).toBe(0o600)
  expect(await readdir(path.dirname(file))).toEqual(['node-key.pem'])
  expect((await openNodeKey(file)).publicKey).toBe(made.publicKey)
  expect((await readNodeKey(file))?.publicKey).toBe(made.publicKey)
})

test('what it signs, any implementation of RFC 8032 verifies from the 32 octets of its public key', async () => {
  const key = await openNodeKey(file)
  expect(key.publicKey).toMatch(/^[0-9a-f]{64}$/)
  const prefix = Buffer.from('302a300506032b6570032100', 'hex')
  const spki = createPublicKey({ key: Buffer.concat([prefix, Buffer.from(key.publicKey, 'hex')]), format: 'der', type: 'spki' })
  expect(verify(null, Buffer.from('models'), spki, key.sign(Buffer.from('models')))).toBe(true)
  expect(verify(null, Buffer.from('model5'), spki, key.sign(Buffer.from('models')))).toBe(false)
})

test('of many that make it at once all get the same', async () => {
  const keys = await Promise.all(Array.from({ length: 16 }, () => openNodeKey(file)))
  expect(new Set(keys.map(({ publicKey }) => publicKey)).size).toBe(1)
  expect(await readdir(path.dirname(file))).toEqual(['node-key.pem'])
})

test.each(['0644', '0640', '0604', '0660', '0601'])('mode %s, which lets others at it, is refused with what to do', async (mode) => {
  await openNodeKey(file)
  await chmod(file, Number.parseInt(mode, 8))
  await expect(openNodeKey(file)).rejects.toMatchObject({
    problem: { code: 'STORAGE_KEY_EXPOSED', file, mode },
    message: expect.stringContaining(`${file}: mode ${mode} lets others at the node's private key, expected 0600`),
  })
  await chmod(file, 0o400)
  await expect(openNodeKey(file)).resolves.toBeDefined()
})

test('what is no Ed25519 key is refused and left alone', async () => {
  await mkdir(path.dirname(file))
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2_048 }).privateKey.export({ format: 'pem', type: 'pkcs8' })
  for (const [content, reason] of [
    ['', 'no private key in PEM'], ['-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n', 'no private key in PEM'],
    [rsa, 'a key of type rsa, not Ed25519'], ['x'.repeat(4_097), '4097 bytes, at most 4096 expected'],
  ] as const) {
    await writeFile(file, content, { mode: 0o600 })
    await expect(openNodeKey(file)).rejects.toMatchObject({ code: 'STORAGE_KEY_UNUSABLE', message: expect.stringContaining(reason) })
    expect(await readFile(file, 'utf8')).toBe(content)
  }
})

test('a key that this user may not read or make is told apart from none, with what to do', async () => {
  await openNodeKey(file)
  await chmod(path.dirname(file), 0)
  const refused = { code: 'STORAGE_KEY_PERMISSION_DENIED', message: expect.stringContaining('set paths.nodeKey') }
  await asOrdinaryUser(async () => {
    await expect(openNodeKey(file)).rejects.toMatchObject(refused)
    await expect(openNodeKey(path.join(folder, 'node', 'deeper', 'node-key.pem'))).rejects.toMatchObject(refused)
  })
  await chmod(path.dirname(file), 0o700)
})

test.skipIf(process.geteuid?.() !== 0)('what root makes belongs to the owner of its folder (needs root)', async () => {
  await chown(folder, NOBODY, NOBODY)
  file = path.join(folder, 'node-key.pem')
  const { publicKey } = await openNodeKey(file)
  expect(await stat(file)).toMatchObject({ uid: NOBODY, gid: NOBODY })
  await asOrdinaryUser(async () => {
    expect((await openNodeKey(file)).publicKey).toBe(publicKey)
  })
})

test('a folder in its place, a link to nothing and a folder that is a file are told apart from no key', async () => {
  await mkdir(file, { recursive: true })
  await expect(openNodeKey(file)).rejects.toMatchObject({
    code: 'STORAGE_KEY_UNUSABLE', message: expect.stringContaining('no regular file'),
  })
  const link = path.join(folder, 'link.pem')
  await symlink(path.join(folder, 'nowhere'), link)
  await expect(openNodeKey(link)).rejects.toMatchObject({ code: 'STORAGE_KEY_UNUSABLE' })
  await writeFile(path.join(folder, 'plain'), '')
  await expect(openNodeKey(path.join(folder, 'plain', 'node-key.pem'))).rejects.toMatchObject({ code: 'STORAGE_KEY_UNUSABLE' })
})

/** Root may read everything; so as root the work is done in the name of another. */
async function asOrdinaryUser(work: () => Promise<void>): Promise<void> {
  const isRoot = process.geteuid?.() === 0
  if (isRoot) process.seteuid?.(NOBODY)
  try {
    await work()
  } finally {
    if (isRoot) process.seteuid?.(0)
  }
}
