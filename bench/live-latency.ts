// How fast a scanner is named and cut off: real scans of 1000 ports, each from a fresh address, against a gateway in mode enforce.
//
//   sudo node bench/live-latency.ts [--runs 60] [--rate 1000] [--sabotages 10]
//                                               (needs ip and nft; nmap where it is installed; --rate 0: as fast as nmap goes)
//
// Two namespaces: `out` with the scanners and an innocent host, `gw` with phantomd as shipped. Told by the agent: latencies of each
// verdict and each enforcement, in its event log. Seen from outside: when the kernel announced the element (`nft monitor`), how many
// connection attempts of each scanner got past the ban, whether the innocent host lost a ping, and how long the table is
// away after `nft delete table`.
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { systemClock } from '../agent/daemon/system-clock.ts'
import { Namespaces } from '../tests/e2e/namespaces.ts'
import { DaemonHome, until, whyNoDaemon } from '../tests/e2e/running-daemon.ts'
import type { LoggedEvent } from '../tests/e2e/running-daemon.ts'

const GATEWAY = '10.66.0.1'
const INNOCENT = '10.66.0.2'
const PORTS = 1_000
const PING_MS = 50
/** A SYN scan without retransmissions. */
const NMAP = ['-n', '-Pn', '-sS', '-T4', '--max-retries', '0', '-p', `1-${PORTS}`]
const IS_HELD = ['get', 'element', 'inet', 'phantommesh', 'v4']
const LINE_MAX = 65_536
/** The inventory of the node and the first reading of its addresses are over by then. */
const SETTLED_MS = 3_000
const SCAN_MS_MAX = 10_000
const AFTER_SCAN_MS = 200
/** Counts what the ban lets through; it stands behind it, as anybody's own firewall does. */
const COUNTER = `table inet bench {
  set passed { type ipv4_addr; size 4096; flags dynamic; counter; }
  chain in { type filter hook prerouting priority 0; tcp flags & (syn | ack) == syn update @passed { ip saddr }; }
}`
const TCP_PEER = path.resolve(import.meta.dirname, '../tests/e2e/tcp-peer.mjs')

const { values } = parseArgs({ options: { 
  runs: { type: 'string', default: '60' }, rate: { type: 'string', default: '1000' }, sabotages: { type: 'string', default: '10' },
} })
const rate = Number(values.rate)
const runs = Number(values.runs)
const obstacle = whyNoDaemon()
if (obstacle !== '') throw new Error(`cannot measure here: ${obstacle}`)
const hasNmap = existsSync('/usr/bin/nmap')

const scanners = Array.from({ length: runs }, (_, index) => `10.66.${1 + Math.floor(index / 250)}.${1 + (index % 250)}`)
const net = new Namespaces()
try {
  net.add('out', 'gw')
  net.connect(
    { namespace: 'out', interfaceName: 'eth0', addresses: [`${INNOCENT}/16`, ...scanners.map((address) => `${address}/16`)] },
    { namespace: 'gw', interfaceName: 'outer', addresses: [`${GATEWAY}/16`] },
  )
  const home = new DaemonHome(net, 'gw', { mode: 'enforce', interfaces: ['outer'] })
  const daemon = await home.start()
  net.run('gw', 'nft', COUNTER)
  const announced = watchKernel(net.start('gw', 'nft', 'monitor', 'elements'))
  const innocent = startInnocent()
  await pause(SETTLED_MS)

  for (const scanner of scanners) await scan(scanner, () => announced.has(scanner))
  const repairs = await sabotage(home)
  const lost = await innocent.lost()
  await pause(500)
  report({ events: home.events(), announced, passed: passedSyns(), repairs, lost })
  await daemon.end('SIGTERM')
} finally {
  await net.remove()
}

/** When the kernel first told of each element, as this process heard it: an upper bound. */
function watchKernel(monitor: ChildProcess): ReadonlyMap<string, number> {
  const announced = new Map<string, number>()
  let line = ''
  monitor.stdout?.setEncoding('utf8').on('data', (text: string) => {
    // It writes word by word.
    line = (line + text).slice(-LINE_MAX)
    for (const [, address] of line.matchAll(/add element inet phantommesh v4 \{ ([\d.]+) /g)) {
      if (!announced.has(address!)) announced.set(address!, systemClock.wallMs())
    }
    line = line.slice(line.lastIndexOf('\n') + 1)
  })
  return announced
}

/** One scan, until the kernel has announced the ban: nmap would go on for minutes, waiting for answers that do not come any more. */
async function scan(from: string, isCutOff: () => boolean): Promise<void> {
  const child = hasNmap
    ? net.start('out', 'nmap', ...NMAP, ...(rate > 0 ? ['--max-rate', String(rate)] : []), '-S', from, '-e', 'eth0', GATEWAY)
    : net.start('out', process.execPath, TCP_PEER, 'scan', GATEWAY, String(PORTS), from)
  child.stdout?.resume()
  await until(`${from} is cut off`, isCutOff, SCAN_MS_MAX).catch((error: unknown) => console.error(String(error)))
  await pause(AFTER_SCAN_MS)
  await net.stop(child)
}

/** How many of each scanner's connection attempts got past the ban. */
function passedSyns(): number[] {
  const listed = net.run('gw', 'nft', 'list', 'set', 'inet', 'bench', 'passed')
  return [...listed.matchAll(/10\.66\.\d+\.\d+ counter packets (\d+)/g)].map(([, packets]) => Number(packets))
}

function startInnocent(): { lost(): Promise<{ sent: number; lost: number }> } {
  const child = net.start('out', 'ping', '-n', '-i', String(PING_MS / 1_000), '-I', INNOCENT, GATEWAY)
  let text = ''
  child.stdout?.setEncoding('utf8').on('data', (part: string) => { text += part })
  return {
    async lost() {
      child.kill('SIGINT')
      await once(child, 'close')
      const [, sent, received] = /(\d+) packets transmitted, (\d+) received/.exec(text) ?? []
      return { sent: Number(sent), lost: Number(sent) - Number(received) }
    },
  }
}

/** Milliseconds from the end of `nft delete table` until a banned address is in the kernel's set again. */
async function sabotage(home: DaemonHome): Promise<number[]> {
  const target = '10.66.99.99'
  home.must('decisions', 'add', target, '--duration', '1h')
  const times: number[] = []
  for (let index = 0; index < Number(values.sabotages); index += 1) {
    // Not in step with the reconciler.
    await pause(137 * index % 1_000)
    net.run('gw', 'nft', 'delete', 'table', 'inet', 'phantommesh')
    const startMs = performance.now()
    await until('the table is repaired', () => net.try('gw', 'nft', ...IS_HELD, `{ ${target} }`).status === 0)
    times.push(performance.now() - startMs)
  }
  return times
}

interface Findings {
  readonly events: readonly LoggedEvent[]
  readonly announced: ReadonlyMap<string, number>
  readonly passed: readonly number[]
  readonly repairs: readonly number[]
  readonly lost: { readonly sent: number; readonly lost: number }
}

function report({ events, announced, passed, repairs, lost }: Findings): void {
  const blocks = events.flatMap((event) => blockOf(event) ?? [])
  const enforced = new Map(events.flatMap(({ enforcement, phantommesh }) => (
    enforcement?.action === 'block' ? [[enforcement.target, phantommesh?.latency_ms ?? Number.NaN] as const] : []
  )))
  const outside = blocks.flatMap(({ target, observedAtMs }) => {
    const atMs = announced.get(target)
    return atMs === undefined ? [] : [atMs - observedAtMs]
  })
  const pace = rate > 0 ? ` --max-rate ${rate}` : ''
  const scanner = hasNmap ? `nmap -sS -T4${pace}` : 'a connect scanner'
  console.log(`${runs} scans of ${PORTS} ports by ${scanner}, each from a fresh address; `
    + `${blocks.length} blocked by the agent, ${outside.length} announced by the kernel; first verdict after start: `
    + `${blocks[0]?.latencyMs.toFixed(2)} ms\n`)
  console.log('| | n | p50 | p99 | max |\n|---|---|---|---|---|')
  row('decision latency, ms (agent)', blocks.map(({ latencyMs }) => latencyMs))
  row('enforcement latency, ms (agent)', blocks.map(({ target }) => enforced.get(target) ?? Number.NaN))
  row('packet to announcement by the kernel, ms (nft monitor)', outside)
  row(`connection attempts (of ${PORTS}) that got through`, passed)
  row('table back after `nft delete table`, ms', repairs)
  console.log(`\ninnocent host: ${lost.sent} pings, ${lost.lost} lost`)
}

/** The verdict of an alert that blocks. */
function blockOf(event: LoggedEvent): { target: string; latencyMs: number; observedAtMs: number } | undefined {
  if (event.event_type !== 'alert' || event.phantommesh?.action !== 'block') return undefined
  const { target = '', latency_ms: latencyMs } = event.phantommesh
  return { target, latencyMs: latencyMs ?? Number.NaN, observedAtMs: timeOf(event.timestamp) }
}

/** EVE's timestamps have microseconds, Date only milliseconds. */
function timeOf(timestamp: string): number {
  return Date.parse(timestamp) + Number(timestamp.slice(23, 26)) / 1_000
}

function row(name: string, numbers: readonly number[]): void {
  const sorted = [...numbers].sort((a, b) => a - b)
  const at = (share: number): string => (sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN).toFixed(2)
  console.log(`| ${name} | ${sorted.length} | ${at(0.5)} | ${at(0.99)} | ${at(1)} |`)
}
