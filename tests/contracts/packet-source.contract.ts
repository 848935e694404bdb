// Whatever captures interfaces gives the same flow records for the same traffic, and fails with the same words.
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import process from 'node:process'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { MeterCounters, PacketSource } from '../../agent/capture/index.ts'
import { openCaptureFiles } from '../../agent/capture/native-source.ts'
import { createFlowNamer } from '../../agent/flows/index.ts'
import type { FlowRecord } from '../../agent/flows/index.ts'
import { eventLayout } from '../../native/index.js'
import { Namespaces } from '../e2e/namespaces.ts'

const RECORDER = path.join(import.meta.dirname, 'record-flows.ts')
const TRAFFIC = path.join(import.meta.dirname, 'send-traffic.mjs')
const PORT = 7_000
const MARKER_PORT = PORT + 1
const FAR = { v4: '10.79.0.2', v6: 'fd79::2' }
const TAGGED = { vlan: 7, source: '10.79.7.2', destination: '10.79.7.1' }
const FILTER = `host ${FAR.v4} or host ${FAR.v6} or host ${TAGGED.source}`
/** The tag is no longer in the packet when a filter of the kernel sees it. */
const VLAN_FILTER = `udp port ${MARKER_PORT} or vlan ${TAGGED.vlan}`
/** Router and neighbour discovery (RFC 4861) comes when it wants to, before and after what is compared. */
const DISCOVERY_TYPES = new Set([133, 134, 135, 136, 137])

/** One implementation: how tests/contracts/record-flows.ts knows it, and how it is opened in this process. */
export interface PacketSourceCandidate {
  readonly name: string
  readonly open: (interfaces: readonly string[], filter: string) => PacketSource
}

/** What a recorder saw. */
interface Recorded {
  readonly records: readonly FlowRecord[]
  readonly counters: MeterCounters
}

/** Runs all candidates on one interface at the same time, and a file of the same packets beside them; the first is the measure. */
export function packetSourceContract(candidates: readonly PacketSourceCandidate[], obstacle: string): void {
  const reference = candidates[0]!.name

  describe.skipIf(obstacle !== '')(`flows of live traffic${obstacle === '' ? '' : ` (skipped: ${obstacle})`}`, () => {
    let net: Namespaces
    let fromFile: FlowRecord[]
    const recorded = new Map<string, Recorded>()

    beforeAll(async () => {
      net = new Namespaces()
      const file = path.join(net.folder, 'same.pcap')
      prepare(net)
      const server = net.start('far', process.execPath, TRAFFIC, 'serve', String(PORT))
      await once(server.stdout!, 'data')
      const running = new Map(candidates.flatMap(({ name }) => [
        [name, recorder(net, name, FILTER)], [`${name}, vlan`, recorder(net, name, VLAN_FILTER)],
      ]))
      const dump = ['-i', 'near0', '-w', file, '-U', '--immediate-mode', '-Z', 'root', FILTER]
      const writer = net.start('near', 'sh', '-c', 'exec tcpdump "$@" 2>/dev/null', 'sh', ...dump)
      await Promise.all([...running.values()].map(({ isReady }) => isReady))
      await untilFileBegins(net, file)
      for (const address of Object.values(FAR)) {
        net.run('near', process.execPath, TRAFFIC, 'send', address, String(PORT))
        net.run('near', 'ping', '-q', '-c', '3', '-i', '0.01', '-s', '900', address)
      }
      net.run('far', process.execPath, TRAFFIC, 'tagged', 'far0', String(TAGGED.vlan), TAGGED.source, TAGGED.destination)
      net.run('near', process.execPath, TRAFFIC, 'mark', FAR.v4, String(MARKER_PORT))
      for (const [name, { output }] of running) recorded.set(name, JSON.parse((await output).split('\n')[1] ?? ''))
      await net.stop(writer)
      fromFile = await recordsOf(openCaptureFiles([file]))
    }, 60_000)
    afterAll(() => net.remove())

    test(`${reference}: sees every kind of traffic`, () => {
      const seen = recorded.get(reference)!.records
      expect(seen.map((each) => each.protocolIdentifier).filter((protocol) => protocol === 6)).toHaveLength(4)
      expect(seen.some((each) => each.protocolIdentifier === 58 && each.icmpType === 128 && each.packetDeltaCount === 3)).toBe(true)
      expect(seen.some((each) => each.vlanId === TAGGED.vlan && each.packetDeltaCount === 10)).toBe(true)
      expect(seen.some((each) => each.tcpState === 'closed' && each.octetDeltaCount > 300_000)).toBe(true)
      expect(seen.some((each) => each.tcpState === 'reset')).toBe(true)
    })

    test.each(candidates.slice(1))(`$name: the same flow records as ${reference}`, ({ name }) => {
      expect(comparable(recorded.get(name)!.records)).toEqual(comparable(recorded.get(reference)!.records))
    })

    test(`a file of the same packets: the same flow records as ${reference}`, () => {
      const live = comparable(recorded.get(reference)!.records).map((each) => ({ ...each, interfaceName: 'file' }))
      expect(comparable(fromFile)).toEqual(live)
    })

    test.each(candidates)('$name: every packet of the interface is counted, none lost', ({ name }) => {
      const { counters } = recorded.get(name)!
      expect(counters.interfaces).toMatchObject([{ name: 'near0', source: 0, timesLost: 0, dropped: 0 }])
      expect(counters.dropped).toMatchObject({ kernelRingFull: 0, feedFull: 0, batchesFull: 0, interfaceLost: 0 })
      expect(counters.interfaces[0]!.packets).toBeGreaterThan(100)
    })

    test.each(candidates)('$name: a filter for a VLAN tag lets its packets through, and no others', ({ name }) => {
      const { records } = recorded.get(`${name}, vlan`)!
      expect(records).toMatchObject([{ vlanId: TAGGED.vlan, sourceAddress: TAGGED.source, packetDeltaCount: 10 }])
    })

    test('the same count of merged packets', () => {
      const merged = new Set(candidates.map(({ name }) => recorded.get(name)!.counters.interfaces[0]!.mergedPackets))
      expect([...merged]).toHaveLength(1)
      expect([...merged][0]).toBeGreaterThan(0)
    })
  })

  describe.skipIf(obstacle !== '').each(candidates)('$name', ({ open }) => {
    test('an interface that is not there is named', () => {
      expect(() => open(['pm-nothing0'], '')).toThrow(expect.objectContaining({
        problem: { code: 'CAPTURE_INTERFACE_MISSING', place: 'pm-nothing0' },
      }))
    })

    test('a filter that is none is named', () => {
      expect(() => open(['lo'], 'tcp prot 80')).toThrow(expect.objectContaining({
        problem: expect.objectContaining({ code: 'CAPTURE_FILTER_INVALID', place: 'tcp prot 80' }),
      }))
    })

    test('a pattern may match nothing; stop ends the source, and closing twice is allowed', async () => {
      const source = open(['pm-nothing*'], '')
      expect(source.counters().interfaces).toEqual([])
      expect(source.progress()).toBe(0)
      source.stop()
      expect(await source.next()).toBeUndefined()
      await source.close()
      await source.close()
      expect(await source.next()).toBeUndefined()
    })
  })
}

function prepare(net: Namespaces): void {
  net.add('near', 'far')
  net.connect(
    { namespace: 'near', interfaceName: 'near0', addresses: ['10.79.0.1/24', 'fd79::1/64'] },
    { namespace: 'far', interfaceName: 'far0', addresses: [`${FAR.v4}/24`, `${FAR.v6}/64`] },
  )
}

function recorder(net: Namespaces, backend: string, filter: string): { isReady: Promise<unknown>; output: Promise<string> } {
  const child: ChildProcess = net.start('near', process.execPath, RECORDER, backend, 'near0', String(MARKER_PORT), filter)
  const isReady = once(child.stdout!, 'data').then(([words]: Buffer[]) => words)
  // `text` reads from here on; the first words have been taken by then, and are put in front again.
  const output = isReady.then(async (words) => String(words) + await text(child.stdout!))
  return { isReady, output }
}

/** tcpdump writes the header when it has opened the interface. */
async function untilFileBegins(net: Namespaces, file: string): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    if (Number(net.try('near', 'stat', '-c', '%s', file).stdout) >= 24) return
    await new Promise((resolve) => { setTimeout(resolve, 20) })
  }
  throw new Error('tcpdump has not begun')
}

async function recordsOf(source: PacketSource): Promise<FlowRecord[]> {
  const namer = createFlowNamer(eventLayout, ['file'])
  const records: FlowRecord[] = []
  for (let batch = await source.next(); batch !== undefined; batch = await source.next()) {
    for (let index = 0; index < batch.length; index++) {
      const record = namer.name(batch, index)
      if (record.flowEndReason !== undefined && record.destinationTransportPort !== MARKER_PORT) records.push(record)
    }
  }
  await source.close()
  return records
}

/** Everything but the number of the flow and its instants, in the order of addresses and ports. */
function comparable(records: readonly FlowRecord[]): object[] {
  return records
    .filter(({ protocolIdentifier, icmpType }) => protocolIdentifier !== 58 || !DISCOVERY_TYPES.has(icmpType))
    .map(({ flowId: _id, flowStartMilliseconds: _start, flowEndMilliseconds: _end, ...record }) => record)
    .sort((one, other) => keyOf(one).localeCompare(keyOf(other)))
}

function keyOf(record: Omit<FlowRecord, 'flowId' | 'flowStartMilliseconds' | 'flowEndMilliseconds'>): string {
  const { protocolIdentifier, sourceAddress, destinationAddress, sourceTransportPort, destinationTransportPort, icmpType } = record
  return [protocolIdentifier, sourceAddress, destinationAddress, sourceTransportPort, destinationTransportPort, icmpType].join(' ')
}
