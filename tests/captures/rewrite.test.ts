// Goal: a rewritten packet is a right packet: only what was asked for changed, and every checksum that was right is right.
// Method: fast-check draws whole packets; checksums are recomputed by code of the test's own (packets.ts).
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parsePrefix, prefixContains, seededRandom } from '../../agent/kit/index.ts'
import {
  addressesOf, cut, endsOf, flipAddresses, flipMacs, flipPrefix, mapText, merge, octetsOf, randomisePayload, remapAddresses, remapMacs,
  reverseAddresses, shiftTime, shiftTtl, swapAddresses,
} from '../../scripts/captures/index.ts'
import type { CapturedPacket, Rewrite } from '../../scripts/captures/index.ts'
import { arpRequest, firstFragment, neighbourSolicitation, sealed, wholePackets, wrongChecksums } from './packets.ts'

const KEYS = { ipv4: Buffer.from([21, 99, 7, 0]), ipv6: Buffer.from('05a1000700090000000000000000beef', 'hex') }
const MAC_KEY = Buffer.from([0, 1, 2, 3, 4, 5])
const flip = flipAddresses(KEYS)

/** A rewrite and what undoes it. */
const REWRITES: readonly (readonly [name: string, rewrite: Rewrite, undo: Rewrite])[] = [
  ['remapAddresses', remapAddresses(flip), remapAddresses(flip)],
  ['remapMacs', remapMacs(flipMacs(MAC_KEY)), remapMacs(flipMacs(MAC_KEY))],
  ['shiftTtl', shiftTtl(() => 77), shiftTtl(() => -77)],
  ['shiftTime', shiftTime(31_536_000), shiftTime(-31_536_000)],
]

test.each(REWRITES)('%s undone gives the same packet', (_, rewrite, undo) => {
  fc.assert(fc.property(wholePackets, ({ packet }) => {
    expect(undo(rewrite(packet))).toEqual(packet)
  }))
})

test.each([...REWRITES.slice(0, 3), ['randomisePayload', randomisePayload(seededRandom(1)), shiftTime(0)] as const])(
  '%s keeps every checksum right', (_, rewrite) => {
    fc.assert(fc.property(wholePackets, ({ packet, ipAt }) => {
      expect(wrongChecksums(packet.bytes, ipAt)).toEqual([])
      expect(wrongChecksums(rewrite(packet).bytes, ipAt)).toEqual([])
    }))
  })

test('no rewrite changes the packet that it is given, or any length', () => {
  fc.assert(fc.property(wholePackets, fc.constantFrom(...REWRITES.map(([, rewrite]) => rewrite)), ({ packet }, rewrite) => {
    const before = Buffer.from(packet.bytes)
    const rewritten = rewrite(packet)
    expect(packet.bytes).toEqual(before)
    expect([rewritten.bytes.length, rewritten.lengthOnWire]).toEqual([packet.bytes.length, packet.lengthOnWire])
  }))
})

test('a cut keeps the length on the wire, and rewriting before or after it gives the same', () => {
  fc.assert(fc.property(wholePackets, fc.integer({ min: 0, max: 120 }), ({ packet, ipAt }, octets) => {
    const short = cut(octets)(packet)
    expect(short.lengthOnWire).toBe(packet.lengthOnWire)
    expect(short.bytes).toEqual(packet.bytes.subarray(0, octets))
    // A header that is not whole is left alone, and so is a quoted one, up to its checksum.
    if (octets < ipAt + 40 + 8 + 40 + 8) return
    expect(remapAddresses(flip)(short)).toEqual(cut(octets)(remapAddresses(flip)(packet)))
  }))
})

test('any octets are rewritten without a crash', () => {
  const linkTypes = fc.constantFrom(0, 1, 101, 108, 113, 228, 276, 147)
  fc.assert(fc.property(linkTypes, fc.uint8Array({ maxLength: 120 }), (linkType, octets) => {
    const packet: CapturedPacket = { atNs: 0n, linkType, bytes: Buffer.from(octets), lengthOnWire: octets.length }
    for (const [, rewrite] of REWRITES) expect(rewrite(packet).bytes).toHaveLength(octets.length)
    expect(randomisePayload(seededRandom(1))(packet).bytes).toHaveLength(octets.length)
  }), { numRuns: 1_000 })
})

test('both ends are mapped, and so are the ends of the datagram that an ICMP error quotes', () => {
  fc.assert(fc.property(wholePackets, ({ packet, ipAt }) => {
    const mapped = remapAddresses(flip)(packet)
    expect(endsOf(mapped)).toEqual(endsOf(packet)!.map((end) => mapText(flip, end)))
    const isVersion4 = packet.bytes[ipAt]! >> 4 === 4
    const [start, errorType] = isVersion4 ? [ipAt + 20, 3] : [ipAt + 40, 1]
    const isError = packet.bytes[isVersion4 ? ipAt + 9 : ipAt + 6] === (isVersion4 ? 1 : 58) && packet.bytes[start] === errorType
    if (!isError) return
    const quotedEnds = ({ bytes }: CapturedPacket) => endsOf({ ...packet, linkType: 101, bytes: bytes.subarray(start + 8) })!
    expect(quotedEnds(mapped)).toEqual(quotedEnds(packet).map((end) => mapText(flip, end)))
  }))
})

test('a first fragment keeps a checksum that covers octets of later fragments', () => {
  const rest = sealed(Buffer.from(firstFragment().bytes)) // only to know that the fragment alone would get another one
  expect(rest.subarray(26, 28)).not.toEqual(firstFragment().bytes.subarray(26, 28))
  const swapped = remapAddresses(swapAddresses('192.0.2.1', '192.0.2.2'))(firstFragment())
  // The sum over both addresses is the same when they change places.
  expect(swapped.bytes.subarray(26, 28)).toEqual(firstFragment().bytes.subarray(26, 28))
  expect(endsOf(swapped)).toEqual(['192.0.2.2', '192.0.2.1'])
})

test('a UDP datagram without a checksum stays without', () => {
  fc.assert(fc.property(wholePackets, ({ packet, ipAt }) => {
    const isUdp4 = packet.bytes[ipAt] === 0x45 && packet.bytes[ipAt + 9] === 17
    if (!isUdp4) return
    const bytes = Buffer.from(packet.bytes)
    bytes.writeUInt16BE(0, ipAt + 26)
    expect(remapAddresses(flip)({ ...packet, bytes }).bytes.readUInt16BE(ipAt + 26)).toBe(0)
  }))
})

test('ARP and neighbour discovery name the new addresses', () => {
  const arp = remapMacs(flipMacs(MAC_KEY))(remapAddresses(flip)(arpRequest([10, 0, 0, 1], [10, 0, 0, 2])))
  expect(arp.bytes.subarray(0, 12).toString('hex')).toBe('ffffffffffff020102030404')
  expect(arp.bytes.subarray(22).toString('hex')).toBe('0201020304041f6307010000000000001f630702')
  const target = Buffer.from('20010db8000000000000000000000009', 'hex')
  const asked = remapAddresses(flip)(neighbourSolicitation('2001:db8::5', 'ff02::1', target))
  expect(endsOf(asked)).toEqual([mapText(flip, '2001:db8::5'), 'ff02::1'])
  expect(asked.bytes.subarray(48, 64)).toEqual(flip(target))
  expect(wrongChecksums(asked.bytes, 0)).toEqual([])
})

test('a flip keeps sides, networks and addresses of no host, and twice it is nothing', () => {
  const home = ['10.0.0.0/8', '192.168.0.0/16', 'fc00::/7'].map((text) => parsePrefix(text)!)
  const addresses = ['10.1.2.3', '10.1.9.3', '192.168.3.4', '198.51.100.7', 'fd00::1', '2001:db8::1', '127.0.0.1', '224.0.0.1', 'fe80::1']
  const within = flipAddresses({ ...KEYS, ipv4: Buffer.from([0, 99, 7, 0]) }, home)
  const images = addresses.map((text) => mapText(within, text))
  // The key would take 192.168 and fd00 out of their prefixes: they stay.
  expect(images).toEqual([
    '10.98.5.3', '10.98.14.3', '192.168.3.4', '198.80.99.7', 'fd00::1', '25a0:dbf:9::beee', '127.0.0.1', '224.0.0.1', 'fe80::1',
  ])
  expect(images.map((text) => mapText(within, text))).toEqual(addresses)
})

test('a prefix is flipped as the addresses in it are', () => {
  for (const [prefix, inside] of [['10.0.0.0/8', '10.1.2.3'], ['192.168.0.0/16', '192.168.3.4'], ['fc00::/7', 'fd00::1']] as const) {
    const image = octetsOf(mapText(flip, inside))
    const address = { version: image.length === 4 ? 4 : 6, bytes: new Uint8Array(16).map((_, index) => image[index] ?? 0) } as const
    expect(prefixContains(flipPrefix(KEYS, parsePrefix(prefix)!), address)).toBe(true)
  }
})

test('reversal turns the order of addresses of each side around, and twice it is nothing', () => {
  const home = [parsePrefix('10.0.0.0/8')!]
  const texts = [
    '10.0.0.1', '10.0.0.2', '10.0.0.255', '10.0.9.9', '198.51.100.1', '203.0.113.5', '224.0.0.251', '2001:db8::1', '2001:db8::2',
  ]
  const reverse = reverseAddresses(texts.map(octetsOf), home)
  expect(texts.map((text) => mapText(reverse, text))).toEqual(
    ['10.0.9.9', '10.0.0.2', '10.0.0.255', '10.0.0.1', '203.0.113.5', '198.51.100.1', '224.0.0.251', '2001:db8::2', '2001:db8::1'])
  expect(mapText(reverse, '192.0.2.99')).toBe('192.0.2.99')
})

test('addresses are found once each, and TTLs move by source around 1 to 255', () => {
  fc.assert(fc.property(wholePackets, ({ packet, ipAt }) => {
    expect(new Set(addressesOf([packet, packet]).map((each) => each.toString('hex'))).size).toBe(addressesOf([packet]).length)
    const place = ipAt + (packet.bytes[ipAt]! >> 4 === 4 ? 8 : 7)
    expect(shiftTtl(() => 200)(packet).bytes[place]).toBe(((64 - 1 + 200) % 255) + 1)
  }))
})

test('a merge is in order of time, gives the first capture precedence, and keeps the own order of each', () => {
  const at = (...seconds: readonly number[]) => seconds.map((second, index): CapturedPacket => (
    { atNs: BigInt(second), linkType: 1, bytes: Buffer.from([index]), lengthOnWire: 1 }
  ))
  const [first, second] = [at(1, 3, 3, 2, 9), at(0, 3, 10)]
  expect([...merge(first, second)]).toEqual([second[0], ...first.slice(0, 4), second[1], first[4], second[2]])
})
