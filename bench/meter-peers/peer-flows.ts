// What independent tools made of their own captures: nDPI's flow listings and Zeek's connection logs, as they are in their
// repositories. Both keep no timeouts there that the captures would meet.
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'

const DATA = process.env['PHANTOMMESH_DATA'] ?? path.resolve(import.meta.dirname, '../../../shared/data')
const FOLDERS = { ndpi: path.join(DATA, 'peers', 'ndpi'), zeek: path.join(DATA, 'peers', 'zeek') }

export type Peer = keyof typeof FOLDERS

/** One side's traffic of a flow; `octets` of layer 3, undefined where the peer counts other ones. */
export interface Sent {
  readonly address: string
  /** 0 for protocols without ports, ICMP included. */
  readonly port: number
  readonly packets: number
  readonly octets: number | undefined
}

/** A flow as a peer lists it. */
export interface PeerFlow {
  readonly protocol: number
  /** ICMP as Zeek has it; undefined where the peer puts all messages between two hosts together. */
  readonly icmpTypes: readonly [number, number] | undefined
  readonly ends: readonly [Sent, Sent]
}

/** A capture with the flows that the peer found in it. */
export interface PeerCapture {
  /** The capture's name, or, where a capture was run twice, the log's. */
  readonly name: string
  readonly file: string
  readonly flows: readonly PeerFlow[]
  /** The peer's flows account for every packet of the capture. */
  readonly isWhole: boolean
}

const PROTOCOLS: Readonly<Record<string, number>> = {
  ICMP: 1, IGMP: 2, TCP: 6, UDP: 17, ESP: 50, AH: 51, ICMPV6: 58, PIM: 103, VRRP: 112, PGM: 113, SCTP: 132,
}

/** `<tab>1<tab>TCP 10.0.0.1:40000 <-> 10.0.0.2:443 [proto: ...][35 pkts/4938 bytes <-> 56 pkts/71223 bytes]...` */
const NDPI_FLOW = new RegExp([
  /^\t\d+\t(\S+) (\S+):(\d+) (?:<->|->) (\S+):(\d+) /,
  /.*?\[(\d+) pkts\/\d+ bytes (?:<->|->) (\d+) pkts\/\d+ bytes\]/,
].map((each) => each.source).join(''), 'gm')

/** The folder that the captures of a peer are looked for in. */
export function peerFolder(peer: Peer): string {
  return FOLDERS[peer]
}

/** Every capture of the peer's suite; empty where it is not on this machine. */
export function readPeer(peer: Peer): PeerCapture[] {
  const index = path.join(FOLDERS[peer], 'INDEX.csv')
  if (!existsSync(index)) return []
  const [, ...lines] = readFileSync(index, 'utf8').trim().split('\n')
  const rows = lines.map((line) => line.trim().split(','))
  return peer === 'ndpi' ? rows.map(ndpiCapture) : withNames(rows.flatMap(zeekCapture))
}

function ndpiCapture([file, , , , isWhole]: readonly string[]): PeerCapture {
  const text = readFileSync(path.join(FOLDERS.ndpi, file!.replace(/\.pcap(ng)?$/, '.out')), 'utf8')
  const lines = text.matchAll(NDPI_FLOW)
  const flows = [...lines].map(([, protocol, from, fromPort, to, toPort, there, back]): PeerFlow => ({
    protocol: PROTOCOLS[protocol!] ?? Number(protocol),
    icmpTypes: undefined,
    ends: [
      { address: bare(from!), port: Number(fromPort), packets: Number(there), octets: undefined },
      { address: bare(to!), port: Number(toPort), packets: Number(back), octets: undefined },
    ],
  }))
  return { name: file!, file: path.join(FOLDERS.ndpi, file!), flows, isWhole: isWhole === 'True' }
}

/** Logs whose fields were renamed or left empty by the test that wrote them have nothing to compare. */
function zeekCapture([file, log, , , isWhole]: readonly string[]): PeerCapture[] {
  const lines = readFileSync(path.join(FOLDERS.zeek, log!), 'utf8').trim().split('\n')
  const names = lines.find((line) => line.startsWith('#fields'))!.split('\t').slice(1)
  if (!names.includes('id.orig_h') || !names.includes('orig_pkts')) return []
  const rows = lines.filter((line) => !line.startsWith('#') && line.split('\t')[names.indexOf('orig_pkts')] !== '-')
  if (rows.length === 0) return []
  const flows = rows.map((line): PeerFlow => {
    const values = line.split('\t')
    const text = (name: string) => values[names.indexOf(name)]!
    const isIcmp = text('proto') === 'icmp'
    const end = (side: 'orig' | 'resp'): Sent => ({
      address: text(`id.${side}_h`),
      port: isIcmp ? 0 : Number(text(`id.${side}_p`)),
      packets: Number(text(`${side}_pkts`)),
      octets: Number(text(`${side}_ip_bytes`)),
    })
    return {
      protocol: isIcmp ? (text('id.orig_h').includes(':') ? 58 : 1) : PROTOCOLS[text('proto').toUpperCase()] ?? Number(text('ip_proto')),
      icmpTypes: isIcmp ? [Number(text('id.orig_p')), Number(text('id.resp_p'))] : undefined,
      ends: [end('orig'), end('resp')],
    }
  })
  return [{ name: `${file} ${log}`, file: path.join(FOLDERS.zeek, file!), flows, isWhole: isWhole === 'True' }]
}

/** The capture's own name is enough where it has one log. */
function withNames(captures: readonly PeerCapture[]): PeerCapture[] {
  const counts = Map.groupBy(captures, (each) => each.file)
  return captures.map((each) => (counts.get(each.file)!.length === 1 ? { ...each, name: path.basename(each.file) } : each))
}

function bare(address: string): string {
  return address.replaceAll(/[[\]]/g, '')
}
