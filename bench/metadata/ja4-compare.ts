// JA4 in the flow records of `phantomd meter` beside one built from Wireshark's reading, flow by flow, and beside nDPI's where its
// results are at hand.
//
//   npm run bench:ja4 -- CAPTURE...      (tshark must be there)
//
// Of a flow the first ClientHello counts. A capture NAME.pcap with NAME.out beside it, nDPI's text output, is also compared with the
// JA4 in that.
import { execFileSync } from 'node:child_process'
import { createReadStream, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { peerHellos } from './ja4-from-tshark.ts'
import type { PeerHello } from './ja4-from-tshark.ts'

const ROOT = path.resolve(import.meta.dirname, '../..')

/** A flow in which the agent read a ClientHello; `ja4` is '' where that was cut. */
interface OwnHello {
  readonly flow: string
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
  console.error('usage: npm run bench:ja4 -- CAPTURE...')
  process.exit(2)
}
const withWireshark = tally()
const withNdpi = tally()
for (const capture of captures) {
  const own = await ownHellos(capture)
  const { hellos, shared } = await peerHellos(capture)
  compare(`${path.basename(capture)} (Wireshark)`, { own, peer: firstOfFlows(hellos), into: withWireshark })
  if (shared > 0) console.log(`${path.basename(capture)}: ${shared} frames with several hellos left out`)
  const results = capture.replace(/\.pcap(ng)?$/, '.out')
  if (results !== capture && existsSync(results)) compareWithNdpi(capture, own, readFileSync(results, 'utf8'))
}
console.log('with Wireshark', withWireshark, share(withWireshark))
console.log('with nDPI', withNdpi, share(withNdpi))

/** The flows of `phantomd meter` in which it read a ClientHello, whole or not. */
async function ownHellos(capture: string): Promise<OwnHello[]> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'phantommesh-bench-'))
  const file = path.join(folder, 'flows.json')
  execFileSync(path.join(ROOT, 'bin/phantomd'), ['meter', '--no-timers', capture, '--output', file], { stdio: 'ignore' })
  const hellos: OwnHello[] = []
  for await (const line of createInterface({ input: createReadStream(file) })) {
    const flow = JSON.parse(line)
    if ((flow.phantommesh.tls?.offered_version ?? 0) === 0) continue
    const name = flowOf(flow.proto, `${flow.src_ip} ${flow.src_port}`, `${flow.dest_ip} ${flow.dest_port}`)
    hellos.push({ flow: name, ja4: (flow.tls ?? flow.quic)?.ja4 ?? '' })
  }
  rmSync(folder, { recursive: true })
  return hellos
}

/** Either way round the same text: a capture that begins in the middle may show the server first. */
function flowOf(protocol: string, one: string, other: string): string {
  return `${[one, other].toSorted().join(' - ')} ${protocol.toLowerCase()}`
}

function firstOfFlows(hellos: readonly PeerHello[]): PeerHello[] {
  const named = hellos.map((hello) => {
    const [, one, other, protocol] = /^(.*) > (.*) (\w+)$/.exec(hello.flow)!
    return { ...hello, flow: flowOf(protocol!, one!, other!) }
  })
  return [...Map.groupBy(named, (hello) => hello.flow).values()].map(([first]) => first!)
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

/** nDPI names one JA4 a flow, of its first hello. */
function compareWithNdpi(capture: string, own: readonly OwnHello[], results: string): void {
  const peer = [...results.matchAll(/(TCP|UDP) (\S+) (?:<-> |-> )(\S+) .*?\[JA4: ([a-z0-9_]+)\]/g)].map(([, protocol, from, to, ja4]) => (
    { flow: flowOf(protocol!, endOf(from!), endOf(to!)), ja4: ja4! }
  ))
  const flows = new Set(peer.map((each) => each.flow))
  compare(`${path.basename(capture)} (nDPI)`, { own: own.filter((hello) => flows.has(hello.flow)), peer, into: withNdpi })
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
