// Goal: a second backend that is not there, or that fails, says what is wrong and what to do.
// Method: in the place of the npm package, one that is missing, is none, or fails as the real one does.
import { expect, test } from 'vitest'
import { loadPcap, openPcapSession } from '../../agent/capture/pcap-session.ts'
import type { PcapPackage } from '../../agent/capture/pcap-session.ts'

test('a package that is not installed, or built for another Node, is named with what to do', () => {
  const cannot = (): never => { throw new Error('Cannot find module \'pcap\'\nRequire stack:') }
  const trouble = expect.objectContaining({
    problem: {
      code: 'CAPTURE_BACKEND_MISSING', place: 'node-pcap',
      reason: expect.stringMatching(/Cannot find module 'pcap'\);.*npm run setup.*backend to native/),
    },
  })
  expect(() => loadPcap(cannot)).toThrow(trouble)
  expect(() => loadPcap(() => ({}))).toThrow(/has no PcapSession/)
})

test.each([
  ['socket: Operation not permitted', { code: 'CAPTURE_PERMISSION_DENIED', place: 'eth0', capability: 'CAP_NET_RAW' }],
  ['SIOCGIFHWADDR: No such device', { code: 'CAPTURE_INTERFACE_MISSING', place: 'eth0' }],
  ['That device is not up', { code: 'CAPTURE_INTERFACE_FAILED', place: 'eth0', reason: 'That device is not up' }],
])('what libpcap says is one of our codes: %s', (words, problem) => {
  const choice = { name: 'eth0', filter: '', ringBytes: 1 << 20 }
  expect(() => openPcapSession(failing(words), choice, () => {})).toThrow(expect.objectContaining({ problem }))
})

test('a packet: its octets, its length on the wire, and its time in microseconds', () => {
  const taken: object[] = []
  const session = openPcapSession(sending(3_000), { name: 'eth0', filter: '', ringBytes: 1 << 20 }, ({ bytes, ...facts }) => {
    taken.push({ ...facts, first: bytes[0] })
  })
  session.dispatch()
  expect(taken).toEqual([{ length: 2_048, wireLength: 3_000, timestampUs: 1_700_000_000_000_007, linkType: 1, first: 9 }])
  expect(session.hasFailed).toBe(false)
  expect(session.dropped()).toBe(5)
})

test('closed, it is asked until libpcap has let go, and then never again', () => {
  const pcap = sending(60)
  const session = openPcapSession(pcap, { name: 'eth0', filter: '', ringBytes: 1 << 20 }, () => {})
  expect([session.close(), session.close(), session.close()]).toEqual([false, true, true])
  session.dispatch()
  expect(session.dropped()).toBe(5)
  expect(pcap.dispatched()).toBe(2)
})

function failing(words: string): PcapPackage {
  return {
    PcapSession: class {
      open_live(): string { throw new Error(words) }
      dispatch(): number { return 0 }
      stats(): { ps_drop: number } { return { ps_drop: 0 } }
      close(): void {}
    },
  }
}

/** Gives one packet a dispatch; closed, it lets go at the second dispatch after that. */
function sending(wireLength: number): PcapPackage & { dispatched(): number } {
  let dispatched = 0
  return {
    dispatched: () => dispatched,
    PcapSession: class {
      #onPacket = (): void => {}
      #closing = 0
      open_live(...words: readonly unknown[]): string {
        const onPacket = words[5]
        if (typeof onPacket === 'function') this.#onPacket = () => { onPacket() }
        return 'LINKTYPE_ETHERNET'
      }
      dispatch(bytes: Buffer, header: Buffer): number {
        dispatched += 1
        if (this.#closing > 0) return this.#closing++ === 1 ? 0 : -2
        bytes[0] = 9
        header.writeUInt32LE(1_700_000_000, 0)
        header.writeUInt32LE(7, 4)
        header.writeUInt32LE(Math.min(wireLength, 2_048), 8)
        header.writeUInt32LE(wireLength, 12)
        this.#onPacket()
        return 0
      }
      stats(): { ps_drop: number } { return { ps_drop: 5 } }
      close(): void { this.#closing = 1 }
    },
  }
}
