// Goal: a key that cannot verify anything, or verifies everything, is found before it is trusted.
import { generateKeyPairSync } from 'node:crypto'
import { expect, test } from 'vitest'
import { isPublicKey } from '../../agent/config/ed25519-point.ts'

test('keys that OpenSSL makes are usable, and so are those of RFC 8032, section 7.1', () => {
  for (let each = 0; each < 20; each++) {
    const { x } = generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' })
    expect(isPublicKey(Buffer.from(x ?? '', 'base64url').toString('hex'))).toBe(true)
  }
  for (const key of [
    'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a', '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
    'fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025',
  ]) expect(isPublicKey(key)).toBe(true)
})

// The points whose order divides 8 (the list that libsodium refuses as well, ge25519_has_small_order).
test.each([
  ['0100000000000000000000000000000000000000000000000000000000000000', 'order 1'],
  ['ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f', 'order 2'],
  ['0000000000000000000000000000000000000000000000000000000000000000', 'order 4'],
  ['0000000000000000000000000000000000000000000000000000000000000080', 'order 4'],
  ['26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05', 'order 8'],
  ['26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85', 'order 8'],
  ['c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a', 'order 8'],
  ['c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa', 'order 8'],
])('%s, of %s, is refused', (key) => {
  expect(isPublicKey(key)).toBe(false)
})

test('what is no point, or no canonical encoding of one, is refused', () => {
  const half = Array.from({ length: 64 }, (_, y) => isPublicKey(`${(y + 2).toString(16).padStart(2, '0')}${'00'.repeat(31)}`))
  // About half of all y have no x.
  expect(half.filter(Boolean).length).toBeGreaterThan(20)
  expect(half.filter((each) => !each).length).toBeGreaterThan(20)
  expect(isPublicKey(`ed${'ff'.repeat(30)}7f`)).toBe(false)
  expect(isPublicKey('ff'.repeat(32))).toBe(false)
  expect(isPublicKey(`01${'00'.repeat(30)}80`)).toBe(false)
})
