// The agent's JA4 beside one built from Wireshark's reading, flow by flow, and beside nDPI's where its results are at hand.
//
//   node bench/metadata/ja4-compare.ts CAPTURE...      (g++, libpcap and tshark must be there)
//
// A capture NAME.pcap with NAME.out beside it, nDPI's text output, is also compared with the JA4 in that.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { peerHellos } from './ja4-from-tshark.ts'

const ROOT = path.resolve(import.meta.dirname, '../..')
const FOLDER = path.join(os.tmpdir(), 'phantommesh-bench')
const TOOL = path.join(FOLDER, 'hello-lines')
const SOURCES = [
  'byte_source', 'capture_failure', 'capture_file', 'pcapng_file', 'decode', 'decode_transport', 'metadata/sha256', 'metadata/tls_hello',
  'metadata/ja4', 'metadata/tls_reader', 'metadata/quic_initial', 'metadata/quic_protection', 'metadata/quic_reader',
]
const MAX_OUTPUT = 1 << 30

interface OwnHello {
  readonly flow: string
  readonly isServer: boolean
  readonly ja4: string
}

/** How two lists of fingerprints of the same flows relate. */
interface Tally {
  equal: number
  different: number
  /** The peer has one where the capture cut the hello, and the agent says so. */
  cut: number
  onlyPeer: number
  onlyOwn: number
}

const captures = process.argv.slice(2)
if (captures.length === 0) {
  console.error('usage: ja4-compare.ts CAPTURE...')
  process.exit(2)
}
mkdirSync(FOLDER, { recursive: true })
const sources = SOURCES.map((name) => path.join(ROOT, 'native/src', `${name}.cc`))
execFileSync('g++', ['-std=c++20', '-O2', path.join(import.meta.dirname, 'hello-lines.cc'), ...sources, '-lz', '-lcrypto', '-o', TOOL])

const withWireshark = tally()
const withNdpi = tally()
for (const capture of captures) {
  const own = ownHellos(capture)
  const { hellos, shared } = await peerHellos(capture)
  compare(`${path.basename(capture)} (Wireshark)`, { own, peer: hellos, into: withWireshark })
  if (shared > 0) console.log(`${path.basename(capture)}: ${shared} frames with several hellos left out`)
  const results = capture.replace(/\.pcap(ng)?$/, '.out')
  if (results !== capture && existsSync(results)) compareWithNdpi(capture, own, readFileSync(results, 'utf8'))
}
console.log('with Wireshark', withWireshark, share(withWireshark))
console.log('with nDPI', withNdpi, share(withNdpi))

function ownHellos(capture: string): OwnHello[] {
  const output = execFileSync(TOOL, [capture], { encoding: 'utf8', maxBuffer: MAX_OUTPUT, stdio: ['ignore', 'pipe', 'inherit'] })
  const lines = output.trimEnd().split('\n')
  console.log(`${path.basename(capture)}: ${lines.pop()}`)
  return lines.map((line): OwnHello => JSON.parse(line)).filter((hello) => !hello.isServer)
}

/** The hellos of a flow are matched by their fingerprint; what is left on both sides differs. */
function compare(name: string, { own, peer, into }: {
  own: readonly OwnHello[], peer: readonly { readonly flow: string, readonly ja4: string }[], into: Tally
}): void {
  const left = Map.groupBy(own, (hello) => hello.flow)
  for (const [flow, hellos] of Map.groupBy(peer, (hello) => hello.flow)) {
    const ours = left.get(flow) ?? []
    const unmatched = hellos.filter(({ ja4 }) => {
      const index = ours.findIndex((hello) => hello.ja4 === ja4)
      if (index >= 0) ours.splice(index, 1)
      return index < 0
    })
    into.equal += hellos.length - unmatched.length
    for (const hello of unmatched) {
      const other = ours.shift()?.ja4
      into[kindOf(other)]++
      if (other !== '') console.log(`${name}: ${flow}: ${hello.ja4}, the agent ${other ?? 'none'}`)
    }
  }
  const extra = [...left.values()].flat().filter((hello) => hello.ja4 !== '')
  into.onlyOwn += extra.length
  for (const hello of extra) console.log(`${name}: ${hello.flow}: only the agent, ${hello.ja4}`)
}

/** What a fingerprint of the agent is to another that the peer has. */
function kindOf(ja4: string | undefined): 'onlyPeer' | 'cut' | 'different' {
  if (ja4 === undefined) return 'onlyPeer'
  return ja4 === '' ? 'cut' : 'different'
}

/** nDPI names one JA4 a flow, of its first hello, and may take the server for the flow's source. */
function compareWithNdpi(capture: string, own: readonly OwnHello[], results: string): void {
  const first = new Map(own.toReversed().map((hello) => [hello.flow, hello]))
  const peer = [...results.matchAll(/(TCP|UDP) (\S+) (?:<-> |-> )(\S+) .*?\[JA4: ([a-z0-9_]+)\]/g)].map(([, protocol, from, to, ja4]) => {
    const [source, destination] = [endOf(from!), endOf(to!)]
    const flow = `${source} > ${destination} ${protocol!.toLowerCase()}`
    const reverse = `${destination} > ${source} ${protocol!.toLowerCase()}`
    return { flow: !first.has(flow) && first.has(reverse) ? reverse : flow, ja4: ja4! }
  })
  const flows = new Set(peer.map((each) => each.flow))
  compare(`${path.basename(capture)} (nDPI)`, { own: [...first.values()].filter((hello) => flows.has(hello.flow)), peer, into: withNdpi })
}

/** `[address]:port` or `address:port` with the address as inet_ntop writes it. */
function endOf(text: string): string {
  const colon = text.lastIndexOf(':')
  const address = text.slice(0, colon).replaceAll(/[[\]]/g, '')
  const url = address.includes(':') && URL.canParse(`http://[${address}]`) ? new URL(`http://[${address}]`).hostname.slice(1, -1) : address
  return `${url} ${text.slice(colon + 1)}`
}

function tally(): Tally {
  return { equal: 0, different: 0, cut: 0, onlyPeer: 0, onlyOwn: 0 }
}

function share({ equal, different }: Tally): string {
  return `${((100 * equal) / Math.max(1, equal + different)).toFixed(2)} % equal where both have one`
}
