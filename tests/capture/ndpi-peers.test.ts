// Goal: the meter finds the flows that an independent tool finds, packet for packet.
// Method: every capture of the nDPI suite whose flows account for all its packets (INDEX.csv) is metered without timeouts, as nDPI
// does, and compared with nDPI's own output: number of flows, and packets each way of every flow.
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { meterFiles } from './make-capture.ts'

const DATA = process.env['PHANTOMMESH_DATA'] ?? path.resolve(import.meta.dirname, '../../../shared/data')
const FOLDER = path.join(DATA, 'peers', 'ndpi')

/** Where this meter counts otherwise on purpose. */
const OTHERWISE: Readonly<Record<string, string>> = {
  '4in4tunnel.pcap': 'packets hours apart: new segments',
  'agora-sd-rtn.pcap': 'packets out of order by minutes: new segments',
  'collectd.pcap': 'packets years apart: new segments',
  'dnscrypt_skype_false_positive.pcap': 'packets hours apart: new segments',
  'ipsec_isakmp_esp.pcap': 'packets out of order by hours: new segments',
  'softether.pcap': 'packets months apart: new segments',
  'srvloc.pcap': 'packets hours apart: new segments',
  'tls-appdata.pcap': 'packets days apart: new segments',
  '6in6tunnel.pcap': 'nDPI looks into the tunnel',
  'capwap_data.pcap': 'nDPI looks into the tunnel',
  'vxlan.pcap': 'nDPI looks into the tunnel',
  'edonkey.pcap': 'packets long after the connection was closed are a new flow',
  'rtsp.pcap': 'packets long after the connection was reset are a new flow',
  'quic_interop_V.pcap': 'ICMP errors are one flow a type and code',
  'fuzz-2021-10-13.pcap': 'an EtherType that is not IP',
}

const captures = existsSync(FOLDER) ? readIndex() : []

test.skipIf(captures.length > 0)(`no captures under ${FOLDER} (set PHANTOMMESH_DATA): the comparison with nDPI is left out`, () => {
  expect(captures).toEqual([])
})

test.each(captures)('$file: nDPI and the meter agree', async ({ file, packets, flows }) => {
  const { records, counters, error } = await meterFiles([path.join(FOLDER, file)], { idleTimeoutMs: 1e9, activeTimeoutMs: 1e12 })
  expect(error).toBeUndefined()
  expect({ packets: counters.packets, flows: counters.flows }).toEqual({ packets, flows })
  const ours = records.map((each) => [each.packetDeltaCount, each.reversePacketDeltaCount])
  expect(sorted(ours)).toEqual(sorted(readFlows(file)))
})

interface Capture {
  readonly file: string
  readonly packets: number
  readonly flows: number
}

function readIndex(): Capture[] {
  const [, ...lines] = readFileSync(path.join(FOLDER, 'INDEX.csv'), 'utf8').trim().split('\n')
  return lines
    .map((line) => line.trim().split(','))
    .filter(([file, , , , isWhole]) => isWhole === 'True' && OTHERWISE[file!] === undefined)
    .map(([file, packets, , flows]) => ({ file: file!, packets: Number(packets), flows: Number(flows) }))
}

/** Packets each way of every flow that nDPI lists. */
function readFlows(file: string): number[][] {
  const text = readFileSync(path.join(FOLDER, file.replace(/\.pcap(ng)?$/, '.out')), 'utf8')
  const matches = text.matchAll(/^\t\d+\t.*?\[(\d+) pkts\/\d+ bytes (?:<->|->) (\d+) pkts\/\d+ bytes\]/gm)
  return [...matches].map((match) => [Number(match[1]), Number(match[2])])
}

/** nDPI may take the server for the source: each flow's smaller number first, then all in order. */
function sorted(flows: readonly (readonly number[])[]): string[] {
  return flows.map((pair) => pair.toSorted((a, b) => a - b).join(' ')).toSorted()
}
