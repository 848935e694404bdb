// Goal: no verdict and no operator ever targets a protected address, in any mode, with any costs' outcome.
// Method: random lists, entities and widths; the target of each result is compared address by address.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Decider, defaultRouteInterface, localProtection, NeverBlockList, sshConnections } from '../../agent/decision/index.ts'
import { parsePrefix, prefixContains } from '../../agent/kit/index.ts'
import { policy, posterior } from './posteriors.ts'

// Few distinct octets, so that targets and protected prefixes meet often.
const octet = fc.constantFrom(0, 1, 127, 128, 192, 255)
const address4 = fc.tuple(octet, octet, octet, octet).map((octets) => octets.join('.'))
const address6 = fc.tuple(octet, octet, octet).map(([a, b, c]) => `2001:db8:${a.toString(16)}::${b.toString(16)}:${c.toString(16)}`)
const protectedPrefix = fc.oneof(
  fc.tuple(address4, fc.integer({ min: 0, max: 32 })).map(([address, length]) => `${address}/${length}`),
  fc.tuple(address6, fc.integer({ min: 0, max: 128 })).map(([address, length]) => `${address}/${length}`),
)
// Protected prefixes of any width would mostly cover everything; long ones leave room for mistakes.
const narrow = fc.oneof(protectedPrefix, address4, address6)

test('no verdict ever targets a protected address, in any mode', () => {
  fc.assert(fc.property(
    fc.array(narrow, { maxLength: 6 }),
    fc.array(fc.record({
      value: fc.oneof(address4, address6),
      kind: fc.constantFrom('outer-address', 'inner-address', 'victim', 'vpn-peer'),
      probability: fc.constantFrom(0.02, 0.3, 0.6, 0.97, 0.999),
      sourceVerified: fc.boolean(),
      asked: protectedPrefix,
    } as const), { minLength: 1, maxLength: 20 }),
    fc.record({ mode: fc.constantFrom('off', 'observe', 'enforce'), blockPrefixLength6: fc.constantFrom(48, 64, 128) } as const),
    (prefixes, cases, { mode, blockPrefixLength6 }) => {
      const neverBlock = new NeverBlockList(prefixes.map((prefix) => ({ prefix, reason: 'configured' })))
      const decider = new Decider({ policy: policy({ blockPrefixLength6 }), mode, neverBlock, nextId: counter() })
      const targets = cases.flatMap(({ value, kind, probability, sourceVerified, asked }, index) => {
        const verdict = decider.judge(posterior(probability, { entity: { kind, value }, sourceVerified }), index)
        const answer = decider.add({ target: asked, durationMs: 1_000, reason: '' }, index)
        return [...(verdict === undefined ? [] : [verdict.target]), ...(answer.outcome === 'added' ? [answer.decision.value] : [])]
      })
      const held = decider.active().map(({ value }) => value)
      const hit = [...targets, ...held].filter((target) => target !== '' && prefixes.some((prefix) => overlap(prefix, target)))
      expect(hit).toEqual([])
    },
  ), { numRuns: 500 })
})

test.each([
  ['127.0.0.1', 'loopback'], ['::1', 'loopback'], ['224.0.0.251', 'multicast'], ['255.255.255.255', 'broadcast'],
  ['0.0.0.0', 'unspecified'],
  ['169.254.169.254', 'link-local'], ['fe80::1', 'link-local'], ['ff02::1', 'multicast'], ['::', 'unspecified'],
  ['::ffff:192.0.2.1', 'ipv4-mapped'],
  ['not an address', 'invalid-target'], ['192.0.2.1/33', 'invalid-target'], ['0.0.0.0/0', 'unspecified'],
])('%s is no remote host\'s address: %s', (target, reason) => {
  expect(new NeverBlockList([]).neverBlockReason(target)).toBe(reason)
})

test('entries that cannot be read are named, because they protect nothing', () => {
  const list = new NeverBlockList([{ prefix: '10.0.0.0/40', reason: 'configured' }, { prefix: '10.0.0.0/8', reason: 'configured' }])
  expect(list.invalid).toEqual(['10.0.0.0/40'])
  expect([list.neverBlockReason('10.1.2.3'), list.neverBlockReason('11.1.2.3')]).toEqual(['configured', undefined])
})

test('an entry in IPv4-mapped form spares the IPv4 address that is on the wire', () => {
  const list = new NeverBlockList([{ prefix: '::ffff:192.0.2.0/120', reason: 'configured' }])
  expect(['192.0.2.9', '192.0.3.9', '192.0.0.0/16'].map((target) => list.neverBlockReason(target)))
    .toEqual(['configured', undefined, 'configured'])
})

test('own addresses, gateways, name servers and peers of live SSH sessions are protected', () => {
  const sshPeers = [...sshConnections(TCP, [22]), ...sshConnections(TCP6, [22])].map(({ peer }) => peer)
  expect(localProtection(TEXTS, sshPeers)).toEqual([
    { prefix: '192.0.2.10', reason: 'own-address' },
    { prefix: 'fe80::5054:ff:fe12:3456', reason: 'own-address' },
    { prefix: '192.0.2.1', reason: 'gateway' },
    { prefix: 'fe80::1', reason: 'gateway' },
    { prefix: '198.51.100.53', reason: 'name-server' },
    { prefix: '2001:db8::53', reason: 'name-server' },
    { prefix: '203.0.113.5', reason: 'ssh-peer' },
    { prefix: '2001:db8::7', reason: 'ssh-peer' },
    { prefix: '203.0.113.6', reason: 'ssh-peer' },
  ])
})

test('absent and broken files protect nothing and break nothing', () => {
  const empty = { route: '', ipv6Route: '', resolvConf: '', ownAddresses: [], sshConnections: [] }
  expect(localProtection(empty, [])).toEqual([])
  fc.assert(fc.property(fc.string(), (text) => {
    localProtection({ ...empty, route: text, ipv6Route: text, resolvConf: text }, sshConnections(text, [22]).map(({ peer }) => peer))
  }))
})

test('the interface of the default route is the one of least metric', () => {
  expect(defaultRouteInterface(TEXTS.route)).toBe('eth0')
  expect(defaultRouteInterface('')).toBeUndefined()
})

function overlap(a: string, b: string): boolean {
  const [left, right] = [parsePrefix(a)!, parsePrefix(b)!]
  return prefixContains(left, right) || prefixContains(right, left)
}

function counter(): () => number {
  let next = 1
  return () => next++
}

// Captured from a node and changed to documentation addresses. 0016 is port 22, 01 established, 0A listening.
const TCP = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1 0 100 0 0 10 0
   1: 0A0200C0:0016 057100CB:D431 01 00000000:00000000 02:000A 00000000     0        0 2 2 0 20 4 31 10 -1
   2: 0A0200C0:C350 087100CB:0016 01 00000000:00000000 02:000A 00000000     0        0 3 2 0 20 4 31 10 -1`
const TCP6 = `  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when
   0: 00000000000000000000000000000000:0016 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0
   1: B80D0120000000000000000001000000:0016 B80D0120000000000000000007000000:D431 01 00000000:00000000 02:000A 00000000     0
   2: 0000000000000000FFFF00000A0200C0:0016 0000000000000000FFFF0000067100CB:D431 01 00000000:00000000 02:000A 00000000     0`
const TEXTS = {
  route: `Iface	Destination	Gateway 	Flags	RefCnt	Use	Metric	Mask		MTU	Window	IRTT
eth1	00000000	010200C0	0003	0	0	200	00000000	0	0	0
eth0	00000000	010200C0	0003	0	0	100	00000000	0	0	0
eth0	000200C0	00000000	0001	0	0	100	00FFFFFF	0	0	0`,
  ipv6Route: [
    ['0'.repeat(32), '00', '0'.repeat(32), '00', 'fe800000000000000000000000000001', '00000400 00000001 00000000 00000003     eth0'],
    ['20010db8000000000000000000000000', '40', '0'.repeat(32), '00', '0'.repeat(32), '00000100 00000001 00000000 00000001     eth0'],
  ].map((columns) => columns.join(' ')).join('\n'),
  resolvConf: '# made by hand\nnameserver 198.51.100.53\nnameserver 2001:db8::53%eth0\nsearch example.org\n',
  ownAddresses: ['192.0.2.10', 'fe80::5054:ff:fe12:3456%eth0'],
  sshConnections: [],
}
