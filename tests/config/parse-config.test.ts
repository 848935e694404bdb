import fc from 'fast-check'
import { expect, test } from 'vitest'
import { defaultPaths, formatProblem, parseConfig } from '../../agent/config/index.ts'
import type { Config } from '../../agent/config/index.ts'

const PATHS = defaultPaths(undefined, '/srv/phantommesh')

test('without any file every setting has its default, frozen to its depth', () => {
  const config = accepted()
  expect(config.mode).toBe('observe')
  expect(config.meter.idleTimeoutMs).toBe(120_000)
  expect(config.paths.state).toBe('/srv/phantommesh/.phantommesh/state')
  expect(config.metrics.listen).toBe('127.0.0.1:9610')
  expect(Object.isFrozen(config)).toBe(true)
  expect(Object.isFrozen(config.response.neverBlock)).toBe(true)
})

test('the keys that tools outside rely on are accepted as the contract spells them', () => {
  const config = accepted(`
mode: off
capture: { interfaces: [eth0, {name: wg0, side: inner}] }
paths: { state: /a, socket: /b, events: /c }
response: { neverBlock: [192.0.2.0/24, 2001:db8::1] }
vpn: { wireguard: [wg0], openvpn: [/run/o.sock], ipsec: /run/charon.vici }
mesh: { enabled: false, region: eu-west, organisation: example, listen: [/ip4/0.0.0.0/tcp/4610], bootstrap: [],
        leases: [{key: vip1, address: 192.0.2.10/24, interface: eth0, ttlMs: 6000}] }
learning: { enabled: true }
models: { directory: /models }
metrics: { listen: 127.0.0.1:9610 }
`)
  expect(config.mode).toBe('off')
  expect(config.capture.interfaces).toEqual([
    { name: 'eth0', side: 'outer', optional: false }, { name: 'wg0', side: 'inner', optional: false },
  ])
  expect(config.response.neverBlock).toEqual(['192.0.2.0/24', '2001:db8::1'])
})

test('later files win key by key, and lists are replaced', () => {
  const config = accepted('meter: {flowsMax: 2000, hostsMax: 3000}\nhome: [10.0.0.0/8]', 'meter: {hostsMax: 4000}', 'home: [192.0.2.0/24]')
  expect([config.meter.flowsMax, config.meter.hostsMax, config.home]).toEqual([2_000, 4_000, ['192.0.2.0/24']])
})

test('a setting without effect yet is a warning, unless it says what happens anyway', () => {
  const result = parseConfig([{ file: 'a', text: 'vpn:\n  wireguard: [wg0]\nmesh: {enabled: false}\nlearning: {enabled: true}' }], PATHS)
  expect(result.ok && result.warnings.map(formatProblem)).toEqual([
    'a:2:3: warning: vpn.wireguard has no effect in this version: the part of the agent that reads it is not built yet',
    'a:4:12: warning: learning.enabled has no effect in this version: the part of the agent that reads it is not built yet',
  ])
})

test('an empty file changes nothing and says so', () => {
  for (const text of ['', '\n', '# a comment\n', '---\n', '~']) {
    const result = parseConfig([{ file: 'a', text }], PATHS)
    expect(result.ok && result.warnings.map(formatProblem)).toEqual(['a:1:1: warning: the file is empty: it changes nothing'])
  }
})

test('interfaces: a name, an optional one, all that begin so; the backend is native unless the other is asked for', () => {
  const config = accepted('capture: {interfaces: [eth0, "wg*", {name: tun0, side: inner, optional: true}], backend: node-pcap}')
  expect(config.capture.interfaces).toEqual([
    { name: 'eth0', side: 'outer', optional: false }, { name: 'wg*', side: 'outer', optional: false },
    { name: 'tun0', side: 'inner', optional: true },
  ])
  expect(config.capture.backend).toBe('node-pcap')
  expect(accepted('').capture.backend).toBe('native')
})

test.each([
  ['capture: {interfaces: ["w*g"]}', '1:24: error: capture.interfaces[0] is no interface name: 1 to 15 characters without space, '
    + 'slash or colon; one * at the end makes it a pattern'],
  ['capture: {interfaces: ["wg**"]}', '1:24: error: capture.interfaces[0] is no interface name: 1 to 15 characters without space, '
    + 'slash or colon; one * at the end makes it a pattern'],
  ['capture: {backend: pcap}', '1:11: error: capture.backend must be one of native, node-pcap; is \'pcap\''],
  ['mod: off', '1:1: error: mod is not a setting; did you mean mode?'],
  ['capture:\n  interface: [eth0]', '2:3: error: capture.interface is not a setting; did you mean interfaces?'],
  ['capture:\n  interfaces:\n    - {name: wg0, sde: inner}', '3:19: error: capture.interfaces[0].sde is not a setting; did you mean side?'],
  ['idleTimeoutMs: 5000', '1:1: error: idleTimeoutMs is not a setting; it belongs to meter'],
  ['nonsense: 1', '1:1: error: nonsense is not a setting; see config/README.md for all settings'],
  ['__proto__: {mode: off}', '1:1: error: __proto__ is not a setting; see config/README.md for all settings'],
  ['mode: enforc', '1:1: error: mode must be one of off, observe, enforce; is \'enforc\'; did you mean enforce?'],
  ['mode: [off]', '1:1: error: mode must be one of off, observe, enforce; is a list'],
  ['meter:\n  idleTimeoutMs: 999', '2:3: error: meter.idleTimeoutMs must be at least 1000, is 999'],
  ['meter:\n  idleTimeoutMs: 600001', '2:3: error: meter.idleTimeoutMs must be at most 600000, is 600001'],
  ['meter: {flowsMax: 2000.5}', '1:9: error: meter.flowsMax must be a whole number, is 2000.5'],
  ['meter: {flowsMax: many}', '1:9: error: meter.flowsMax must be a number, is \'many\''],
  ['meter:', '1:1: error: meter must be a map of keys, is empty (null)'],
  ['home: 10.0.0.0/8', '1:1: error: home must be a list, is \'10.0.0.0/8\''],
  ['home: [10.0.0.0/33]', '1:8: error: home[0] is no address or prefix such as 192.0.2.7 or 2001:db8::/32'],
  ['home: [10.1/16]', '1:8: error: home[0] is no address or prefix such as 192.0.2.7 or 2001:db8::/32'],
  ['capture: {interfaces: [5]}', '1:24: error: capture.interfaces[0] must be a name or {name: wg0, side: inner}'],
  ['capture: {interfaces: ["a b"]}', '1:24: error: capture.interfaces[0] is no interface name: 1 to 15 characters without space, '
    + 'slash or colon; one * at the end makes it a pattern'],
  ['capture: {interfaces: [{side: inner}]}', '1:24: error: capture.interfaces[0].name must be text, is missing'],
  ['metrics: {listen: localhost}', '1:11: error: metrics.listen is no address with port such as 127.0.0.1:9610 or [::1]:9610'],
  ['metrics: {listen: "127.0.0.1:70000"}', '1:11: error: metrics.listen names a port above 65535'],
  ['response: {durationMs: 90000000}', '1:12: error: response.durationMs must not exceed durationMsMax'],
  ['models: {trustedKeys: [abc]}', '1:24: error: models.trustedKeys[0] is no Ed25519 public key in hexadecimal (64 digits)'],
  [`models: {trustedKeys: ["${'0'.repeat(64)}"]}`, '1:24: error: models.trustedKeys[0] is no usable Ed25519 public key: no point of the '
    + 'curve, or one of small order that anybody can sign for'],
  ['mode: off\nmode: enforce', '2:1: error: the key \'mode\' is written twice in one map; remove one of them'],
  ['meter:\n\tflowsMax: 5000', '2:1: error: a tab is used as indentation; YAML allows spaces only'],
  ['- mode: off', '1:1: error: the file must hold a map of keys, holds a list'],
  ['off', '1:1: error: the file must hold a map of keys, holds \'off\''],
  ['mode: off\n---\nmode: enforce', '2:1: error: the file holds more than one document; remove the `---` between them'],
])('%j is refused with its place and what to do', (text, message) => {
  expect(refused(text)).toContain(`a.yaml:${message}`)
})

test('every problem is shown, in the order of the file', () => {
  expect(refused('mode: x\nhome: 1\nmeter: {flowsMax: 1}').map((line) => line.split(':')[1])).toEqual(['1', '2', '3'])
})

test('a problem is placed in the file that wrote it last', () => {
  const first = { file: 'agent.yaml', text: 'meter:\n  flowsMax: 1' }
  const result = parseConfig([first, { file: 'conf.d/b.yaml', text: '\n\nmeter:\n  flowsMax: 2' }], PATHS)
  expect(!result.ok && result.problems.map(formatProblem)).toEqual(['conf.d/b.yaml:4:3: error: meter.flowsMax must be at least 1024, is 2'])
})

test('aliases that multiply, endless nesting and endless files are refused', () => {
  const bomb = 'a: &a [x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b]\nd: [*c,*c,*c,*c,*c,*c]'
  expect(refused(bomb)).toEqual(['a.yaml:1:1: error: aliases name nothing, or expand to more than 64 nodes; write the values out'])
  expect(refused('['.repeat(50_000))).not.toEqual([])
  expect(refused(' '.repeat(1_048_577))).toEqual(['a.yaml:1:1: error: the file is longer than 1048576 characters'])
})

test('of many problems a hundred are shown and the rest counted', () => {
  const shown = refused(`home: [${Array.from({ length: 250 }, () => 'x').join(', ')}]`)
  expect(shown).toHaveLength(101)
  expect(shown.at(-1)).toMatch(/and 150 more problems/)
})

test('no text makes it throw, and what it accepts is complete', () => {
  const keys = fc.constantFrom('mode', 'home', 'capture', 'interfaces', 'meter', 'flowsMax', 'leases', '__proto__', '? a', '- b')
  const values = fc.constantFrom('off', '', '5', '-1', '[', '{}', '&x', '*x', '!!tag 1', '"', '[10.0.0.0/8]', '\t', '1e999')
  const line = fc.tuple(fc.integer({ min: 0, max: 3 }), keys, values).map(([depth, key, value]) => `${'  '.repeat(depth)}${key}: ${value}`)
  const texts = fc.oneof(fc.string(), fc.array(line, { maxLength: 12 }).map((lines) => lines.join('\n')))
  const complete = Object.keys(accepted())
  fc.assert(fc.property(fc.array(texts, { maxLength: 3 }), (parts) => {
    const result = parseConfig(parts.map((text, index) => ({ file: String(index), text })), PATHS)
    expect(result.ok ? Object.keys(result.config) : result.problems.length > 0).toEqual(result.ok ? complete : true)
  }), { numRuns: 200 })
})

function accepted(...texts: string[]): Config {
  const result = parseConfig(texts.map((text, index) => ({ file: `${index}.yaml`, text })), PATHS)
  if (!result.ok) throw new Error(result.problems.map(formatProblem).join('\n'))
  return result.config
}

function refused(text: string): string[] {
  const result = parseConfig([{ file: 'a.yaml', text }], PATHS)
  return result.ok ? [] : result.problems.map(formatProblem)
}
