// Goal: what a flow speaks stands in Suricata's fields where EVE has them, and in `phantommesh` where not.
import { expect, test } from 'vitest'
import type { FlowMetadata } from '../../agent/flows/index.ts'
import { alertEvent, flowEvent } from '../../agent/telemetry/eve-events.ts'
import { ALERT, FLOW } from './records.ts'

const TLS = {
  offeredVersion: 0x0304, chosenVersion: 0, cipherSuite: 0, hasServerName: true, serverNameOctets: 15, alpn: 'h2', ja4: 'the fingerprint',
}

test.each([
  [0x0303, 0x0304, 'TLS 1.3'], [0x0304, 0x0303, 'TLS 1.2'], [0x0301, 0x0301, 'TLSv1'], [0x0304, 0, 'TLS 1.3'], [0xfefd, 0xfefd, '0xfefd'],
])('offered %i, chosen %i: EVE says %s', (offeredVersion, chosenVersion, version) => {
  const event = flowWith({ application: 'tls', tls: { ...TLS, offeredVersion, chosenVersion } })
  expect(event).toMatchObject({ app_proto: 'tls', tls: { version, ja4: TLS.ja4 } })
})

test.each([
  [1, '1'], [0x6b3343cf, '2'], [0xff00001d, 'draft-29'],
])('QUIC version %i is %s, with the JA4 of its hello', (quicVersion, version) => {
  const event = flowWith({ application: 'quic', quicVersion, tls: TLS })
  expect(event).toMatchObject({ app_proto: 'quic', quic: { version, ja4: TLS.ja4 }, phantommesh: { tls: { alpn: 'h2' } } })
  expect(event).not.toHaveProperty('tls')
})

test('a hello that was cut has no fingerprint, and SMTP upgraded to TLS is SMTP', () => {
  const event = flowWith({
    application: 'smtp', tls: { ...TLS, ja4: '' }, login: { attempts: 1, failures: 0 },
    smtp: { phase: 'starttls', recipients: 0, rejections: 0 },
  })
  expect(event).toMatchObject({ app_proto: 'smtp', tls: { version: 'TLS 1.3' }, phantommesh: { smtp: { phase: 'starttls' } } })
  expect(event).not.toHaveProperty('tls.ja4')
})

test('what EVE has no field for is in snake_case', () => {
  const vpn = { messageType: 2, requests: 1, answers: 1, completions: 0, refusals: 0, handshake: 'answered' } as const
  expect(flowWith({ application: 'wireguard', vpn })).toMatchObject({
    app_proto: 'wireguard', phantommesh: { vpn: { message_type: 2, requests: 1, handshake: 'answered' } },
  })
})

test.each([
  ['unseen', undefined], ['lookedUp', true], ['notLookedUp', false],
] as const)('name lookup %s: looked_up is %s', (nameLookup, expected) => {
  expect(flowEvent({ ...FLOW, nameLookup })).toHaveProperty('phantommesh')
  expect(Reflect.get(Object(flowEvent({ ...FLOW, nameLookup })['phantommesh']), 'looked_up')).toBe(expected)
})

test('a flow of unknown protocol has none of it; an alert says what its flow speaks', () => {
  expect(flowEvent(FLOW)).not.toHaveProperty('app_proto')
  const flow = { ...FLOW, metadata: { application: 'tls', tls: TLS } } as const
  expect(alertEvent({ ...ALERT, flow }, 1)).toMatchObject({ app_proto: 'tls', tls: { ja4: TLS.ja4 } })
})

function flowWith(metadata: FlowMetadata) {
  return flowEvent({ ...FLOW, metadata })
}
