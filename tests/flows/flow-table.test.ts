// Goal: the native flow table keeps the rules that native/src/flow_table.h states.
// Method: captures made in the test go through the addon; the records come back with their names.
import { expect, test } from 'vitest'
import { ACK, FIN, RST, SYN, frames, icmp, ip, meter, pcap, tcp, udp, START_MS, ethernet } from '../capture/make-capture.ts'

const A = '10.0.0.1:40000'
const B = '192.0.2.9:443'
const CLIENT = { from: A, to: B }
const SERVER = { from: B, to: A }

/** A handshake; initial sequence numbers 100 and 500. */
const HANDSHAKE = [
  [0, tcp({ ...CLIENT, flags: SYN, sequence: 100 })],
  [10, tcp({ ...SERVER, flags: SYN | ACK, sequence: 500, acknowledgement: 101 })],
  [20, tcp({ ...CLIENT, flags: ACK, sequence: 101, acknowledgement: 501 })],
] as const

test('both directions of a conversation are one flow, its source the first sender', async () => {
  const { records } = await meter(pcap(frames([0, udp('10.0.0.1:5000', '8.8.8.8:53', 30)], [25, udp('8.8.8.8:53', '10.0.0.1:5000', 100)])))
  expect(records).toMatchObject([{
    sourceAddress: '10.0.0.1', sourceTransportPort: 5000, destinationAddress: '8.8.8.8', destinationTransportPort: 53,
    packetDeltaCount: 1, reversePacketDeltaCount: 1, octetDeltaCount: 58, reverseOctetDeltaCount: 128,
    flowStartMilliseconds: START_MS, flowEndMilliseconds: START_MS + 25, flowEndReason: 'forcedEnd', tcpState: 'notTcp',
  }])
})

test('a connection that both sides finish is closed, ends by itself, and keeps its last acknowledgement', async () => {
  const { records } = await meter(pcap(frames(
    ...HANDSHAKE,
    [30, tcp({ ...CLIENT, flags: FIN | ACK, sequence: 101, acknowledgement: 501 })],
    [40, tcp({ ...SERVER, flags: FIN | ACK, sequence: 501, acknowledgement: 102 })],
    [50, tcp({ ...CLIENT, flags: ACK, sequence: 102, acknowledgement: 502 })],
    [10_000, udp('10.0.0.1:1', '10.0.0.2:2')],
  )))
  expect(records[0]).toMatchObject({ tcpState: 'closed', flowEndReason: 'endOfFlow', packetDeltaCount: 4, reversePacketDeltaCount: 2 })
  expect(records[0]).toMatchObject({ tcpControlBits: SYN | ACK | FIN, reverseTcpControlBits: SYN | ACK | FIN })
})

test('a SYN on a closed connection starts a new flow', async () => {
  const { records } = await meter(pcap(frames(
    ...HANDSHAKE,
    [30, tcp({ ...SERVER, flags: RST })],
    [40, tcp({ ...CLIENT, flags: SYN, sequence: 9000 })],
  )))
  expect(records).toMatchObject([{ tcpState: 'reset', flowEndReason: 'endOfFlow' }, { tcpState: 'synSent', flowEndReason: 'forcedEnd' }])
})

test('a repeated SYN stays with its flow', async () => {
  const syn = tcp({ ...CLIENT, flags: SYN, sequence: 100 })
  const { records } = await meter(pcap(frames([0, syn], [1000, syn], [3000, syn])))
  expect(records).toMatchObject([{ packetDeltaCount: 3, tcpState: 'synSent' }])
})

test('a connection joined after its start is midstream', async () => {
  const { records } = await meter(pcap(frames([0, tcp({ ...CLIENT, flags: ACK, payload: 10 })], [5, tcp({ ...SERVER, flags: ACK })])))
  expect(records).toMatchObject([{ tcpState: 'midstream' }])
})

test('an acknowledgement of what was never sent does not establish a connection', async () => {
  const wrong = tcp({ ...CLIENT, flags: ACK, sequence: 101, acknowledgement: 77 })
  const { records } = await meter(pcap(frames(HANDSHAKE[0], HANDSHAKE[1], [20, wrong])))
  expect(records).toMatchObject([{ tcpState: 'synReceived' }])
})

test('silence of exactly the idle timeout keeps a flow, a microsecond more ends it', async () => {
  const [from, to] = ['10.0.0.1:5000', '10.0.0.2:6000']
  const silent = (gapMs: number) => meter(pcap(frames([0, udp(from, to)], [gapMs, udp(from, to)])), { idleTimeoutMs: 5000 })
  expect((await silent(5000)).records).toMatchObject([{ packetDeltaCount: 2 }])
  expect((await silent(5000.001)).records).toMatchObject([{ flowEndReason: 'idleTimeout' }, { flowEndReason: 'forcedEnd' }])
})

test('after the active timeout a flow goes on under a new id with its direction and state', async () => {
  const packets = frames(...HANDSHAKE, [1500, tcp({ ...CLIENT, payload: 5 })], [2500, tcp({ ...SERVER, payload: 7 })])
  const { records } = await meter(pcap(packets), { activeTimeoutMs: 2000 })
  expect(records).toMatchObject([
    { flowEndReason: 'activeTimeout', packetDeltaCount: 3, reversePacketDeltaCount: 1 },
    { flowEndReason: 'forcedEnd', packetDeltaCount: 0, reversePacketDeltaCount: 1, sourceAddress: '10.0.0.1', tcpState: 'established' },
  ])
  expect(records[0]!.flowId).not.toBe(records[1]!.flowId)
})

test('a flow that goes on after the active timeout does not hold up the end of others', async () => {
  const [first, second, third] = [udp('10.0.0.1:1', '10.0.0.9:9'), udp('10.0.0.2:2', '10.0.0.9:9'), udp('10.0.0.3:3', '10.0.0.9:9')]
  const packets = frames([0, first], [1000, second], [4000, first], [8000, third])
  const { records } = await meter(pcap(packets), { activeTimeoutMs: 3500, idleTimeoutMs: 5000 })
  expect(records.map(({ sourceAddress, flowEndReason }) => [sourceAddress, flowEndReason])).toEqual([
    ['10.0.0.1', 'activeTimeout'], ['10.0.0.2', 'idleTimeout'], ['10.0.0.1', 'forcedEnd'], ['10.0.0.3', 'forcedEnd'],
  ])
})

test('past the limit the flow that was silent longest ends early, and is counted', async () => {
  const end = (host: number) => udp(`10.0.0.${host}:1`, '10.0.1.1:2')
  const packets = frames([0, end(1)], [1000, end(2)], [2000, end(1)], [3000, end(3)])
  const { records, counters } = await meter(pcap(packets), { flowsMax: 2 })
  expect(records.map((each) => [each.sourceAddress, each.flowEndReason])).toEqual([
    ['10.0.0.2', 'lackOfResources'], ['10.0.0.1', 'forcedEnd'], ['10.0.0.3', 'forcedEnd'],
  ])
  expect(counters.dropped['flowTableFull']).toBe(1)
})

test('an echo request and its reply are one flow; errors of equal type and code in both directions are two', async () => {
  const [a, b] = ['10.0.0.1', '10.0.0.2']
  const echo = await meter(pcap(frames([0, icmp({ from: a, to: b, type: 8 })], [1, icmp({ from: b, to: a, type: 0 })])))
  expect(echo.records).toMatchObject([{ packetDeltaCount: 1, reversePacketDeltaCount: 1, icmpType: 8, sourceTransportPort: 0 }])
  const errors = await meter(pcap(frames([0, icmp({ from: a, to: b, type: 3, code: 3 })], [1, icmp({ from: b, to: a, type: 3, code: 3 })])))
  expect(errors.records).toHaveLength(2)
})

test('all fragments of a datagram belong to the flow of the first', async () => {
  const whole = udp('10.0.0.1:5000', '10.0.0.2:6000', 24).subarray(20)
  const part = { from: '10.0.0.1', to: '10.0.0.2', protocol: 17, identification: 77 }
  const { records } = await meter(pcap(frames(
    [0, ip({ ...part, fragment: 0x2000 }, whole.subarray(0, 16))],
    [0, ip({ ...part, fragment: 2 }, whole.subarray(16))],
  )))
  expect(records).toMatchObject([{ packetDeltaCount: 2, destinationTransportPort: 6000 }])
})

test('the same ports on another VLAN are another flow', async () => {
  const packet = udp('10.0.0.1:1', '10.0.0.2:2')
  const tagged = [[], [7], [8, 7]].map((tags) => ({ atMs: START_MS, bytes: ethernet(packet, tags) }))
  expect((await meter(pcap(tagged))).records.map((each) => each.vlanId)).toEqual([0, 7, 8])
})

test('a packet a little late takes the time of the one before it', async () => {
  const { records, counters } = await meter(pcap(frames([900, udp('10.0.0.1:1', '10.0.0.2:2')], [0, udp('10.0.0.1:1', '10.0.0.2:2')])))
  expect(records).toMatchObject([{ packetDeltaCount: 2, flowEndMilliseconds: START_MS + 900 }])
  expect(counters).toMatchObject({ reorderedPackets: 1, segments: 0 })
})

const JUMPS = [['back by more than three seconds', -3001], ['ahead by more than an hour', 3_600_001]] as const
test.each(JUMPS)('a step %s starts a new segment', async (_, stepMs) => {
  const packet = udp('10.0.0.1:1', '10.0.0.2:2')
  const { records, counters } = await meter(pcap(frames([0, packet], [stepMs, packet])), { idleTimeoutMs: 1e9 })
  expect(records.map((each) => each.flowEndReason)).toEqual(['forcedEnd', 'forcedEnd'])
  expect(counters.segments).toBe(1)
})

test('the same packets give the same records, however they are batched', async () => {
  const packets = Array.from({ length: 400 }, (_, i) => [i * 53, udp(`10.0.${i % 13}.1:${i % 17}`, `10.1.${i % 3}.1:53`, i % 90)] as const)
  const limits = { flowsMax: 24, idleTimeoutMs: 900, activeTimeoutMs: 4000 }
  const once = await meter(pcap(frames(...packets)), limits)
  const again = await meter(pcap(frames(...packets)), { ...limits, batchEvents: 1, batches: 2 })
  expect(again.records).toEqual(once.records)
})

test('whatever ends, every packet and octet is in exactly one record', async () => {
  const packets = Array.from({ length: 500 }, (_, i) => [i * 37, udp(`10.0.${i % 7}.1:${i % 11}`, `10.1.${i % 5}.1:53`, i % 90)] as const)
  const limits = { flowsMax: 16, idleTimeoutMs: 1000, activeTimeoutMs: 3000, batchEvents: 3, batches: 2 }
  const { records, counters } = await meter(pcap(frames(...packets)), limits)
  const sum = (value: (record: (typeof records)[number]) => number) => records.reduce((total, record) => total + value(record), 0)
  expect(sum((each) => each.packetDeltaCount + each.reversePacketDeltaCount)).toBe(500)
  expect(sum((each) => each.octetDeltaCount + each.reverseOctetDeltaCount)).toBe(counters.octets)
  expect(records).toHaveLength(counters.flows)
})
