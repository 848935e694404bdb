import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatAddress, formatPrefix, parseAddress, parsePrefix, prefixContains } from '../../agent/kit/index.ts'

test.each([
  // RFC 5952 sections 2.2, 4.1, 4.2.2, 4.2.3 and 5.
  ['2001:0DB8:0000:0000:0001:0000:0000:0001', '2001:db8::1:0:0:1'],
  ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
  ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'],
  ['2001:db8::', '2001:db8::'],
  ['::', '::'],
  ['::1', '::1'],
  ['1::', '1::'],
  ['::ffff:192.0.2.1', '::ffff:192.0.2.1'],
  ['64:ff9b::192.0.2.33', '64:ff9b::c000:221'],
  ['192.0.2.1', '192.0.2.1'],
  ['0.0.0.0', '0.0.0.0'],
])('%s is written %s', (text, canonical) => {
  const address = parseAddress(text)!
  expect(formatAddress(address.bytes, address.version)).toBe(canonical)
})

test.each([
  '', '1.2.3', '1.2.3.4.5', '256.0.0.1', '01.2.3.4', '1.2.3.x', ' 1.2.3.4', ':', ':::', '1::2::3', '1:2:3:4:5:6:7', '1:2:3:4:5:6:7:8:9',
  '1:2:3:4:5:6:7:8::', '12345::', 'g::', '::1.2.3', '1.2.3.4::', '::1.2.3.4:5', 'fe80::1%eth0', '[::1]', ':1:2:3:4:5:6:7', '1:2:3:4:5:6:7:',
])('%j is no address', (text) => {
  expect(parseAddress(text)).toBeUndefined()
})

test('what is written is read back as the same address', () => {
  const bytes4 = fc.uint8Array({ minLength: 4, maxLength: 4 }).map((octets) => Uint8Array.from([...octets, ...Array(12).fill(0)]))
  const octet = fc.oneof(fc.constant(0), fc.nat(255))
  const bytes6 = fc.array(octet, { minLength: 16, maxLength: 16 }).map((octets) => Uint8Array.from(octets))
  const address = fc.oneof(bytes4.map((bytes) => ({ bytes, version: 4 })), bytes6.map((bytes) => ({ bytes, version: 6 })))
  fc.assert(fc.property(address, ({ bytes, version }) => {
    expect(parseAddress(formatAddress(bytes, version))).toEqual({ version, bytes })
  }))
})

test.each([
  ['10.0.0.0/8', '10.255.1.2', true],
  ['10.0.0.0/8', '11.0.0.0', false],
  ['192.0.2.128/25', '192.0.2.127', false],
  ['192.0.2.1', '192.0.2.1', true],
  ['192.0.2.1', '192.0.2.2', false],
  ['0.0.0.0/0', '203.0.113.9', true],
  ['0.0.0.0/0', '::1', false],
  ['2001:db8::/33', '2001:db8:7fff::1', true],
  ['2001:db8::/33', '2001:db8:8000::1', false],
  ['10.0.0.0/8', '10.1.0.0/16', true],
  ['10.1.0.0/16', '10.0.0.0/8', false],
])('%s contains %s: %s', (prefix, inner, contains) => {
  expect(prefixContains(parsePrefix(prefix)!, inner.includes('/') ? parsePrefix(inner)! : parseAddress(inner)!)).toBe(contains)
})

const NO_PREFIXES = ['10.0.0.0/33', '::/129', '10.0.0.0/', '10.0.0.0/-1', '10.0.0.0/8x', '10.0.0/8', '/8', '10.0.0.0/08']
test.each(NO_PREFIXES)('%j is no prefix', (text) => {
  expect(parsePrefix(text)).toBeUndefined()
})

test('a prefix forgets the bits behind its length', () => {
  expect(formatPrefix(parsePrefix('10.1.2.3/8')!)).toBe('10.0.0.0/8')
  expect(formatPrefix(parsePrefix('2001:db8:ffff::1/33')!)).toBe('2001:db8:8000::/33')
})
