// Goal: packets and layer-3 octets of every flow are what Zeek counts.
// Method: captures of Zeek's own tests whose connections account for all their packets; orig_pkts, orig_ip_bytes and the answers'
// from its conn.log. Either side may be the source.
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { meterFiles } from './make-capture.ts'

const DATA = process.env['PHANTOMMESH_DATA'] ?? path.resolve(import.meta.dirname, '../../../shared/data')
const FOLDER = path.join(DATA, 'peers', 'zeek')

/** Where this meter counts otherwise on purpose. */
const OTHERWISE: Readonly<Record<string, string>> = {
  'erspanI.pcap': 'Zeek looks into the tunnel',
  'erspanII.pcap': 'Zeek looks into the tunnel',
  'tunnels-gre-sample.pcap': 'Zeek looks into the tunnel',
  'tunnels-gre-within-gre.pcap': 'Zeek looks into the tunnel',
  'pppoe-over-qinq.pcap': 'PPPoE is not read',
  'mixed-vlan-mpls.pcap': 'MPLS is not read',
  'radiotap.pcap': 'the meter refuses radio captures',
  'wlanmon.pcap': 'the meter refuses radio captures',
  'ldap-missing_krbtgt_ldap_request.pcapng': 'where offload left the total length 0 the length on the wire counts, in Zeek 0',
}

const captures = existsSync(FOLDER) ? readIndex() : []

test.skipIf(captures.length > 0)(`no captures under ${FOLDER} (set PHANTOMMESH_DATA): the comparison with Zeek is left out`, () => {
  expect(captures).toEqual([])
})

test.each(captures)('$file: Zeek and the meter agree', async ({ file, log }) => {
  const { records, error } = await meterFiles([path.join(FOLDER, file)], { idleTimeoutMs: 1e9, activeTimeoutMs: 1e12 })
  expect(error).toBeUndefined()
  const ours = records.map((each) => [
    [each.packetDeltaCount, each.octetDeltaCount], [each.reversePacketDeltaCount, each.reverseOctetDeltaCount],
  ])
  expect(sorted(ours)).toEqual(sorted(readConnections(log)))
})

interface Capture {
  readonly file: string
  readonly log: string
}

function readIndex(): Capture[] {
  const [, ...lines] = readFileSync(path.join(FOLDER, 'INDEX.csv'), 'utf8').trim().split('\n')
  return lines
    .map((line) => line.trim().split(','))
    .filter(([file, , , , isWhole]) => isWhole === 'True' && OTHERWISE[file!] === undefined)
    .map(([file, log]) => ({ file: file!, log: log! }))
}

function readConnections(log: string): number[][][] {
  const lines = readFileSync(path.join(FOLDER, log), 'utf8').trim().split('\n')
  const names = lines.find((line) => line.startsWith('#fields'))!.split('\t').slice(1)
  return lines.filter((line) => !line.startsWith('#')).map((line) => {
    const values = line.split('\t')
    const number = (name: string) => Number(values[names.indexOf(name)])
    return [[number('orig_pkts'), number('orig_ip_bytes')], [number('resp_pkts'), number('resp_ip_bytes')]]
  })
}

function sorted(flows: readonly (readonly (readonly number[])[])[]): string[] {
  return flows.map((ends) => ends.map(([packets, octets]) => `${packets} packets ${octets} octets`).toSorted().join(', ')).toSorted()
}
