// What the agent costs the traffic it watches: throughput and delay through a gateway namespace, with and without phantomd, in turn.
//
//   sudo node bench/forwarding.ts [ROUNDS]        (default 5; needs iperf3, ip, ping)
//
// client -- gateway -- server, veth pairs in own namespaces; the daemon captures the gateway's client side in observe mode.
// Throughput: iperf3, one TCP stream, 4 s. Delay: ping every 10 ms while that stream saturates the path; p50 and p99 over all replies.
// All namespaces, iperf3 and the agent share the machine's cores, so the agent's own CPU shows up as lost throughput.
import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'

const ROOT = path.resolve(import.meta.dirname, '..')
const ROUNDS = Number(process.argv[2] ?? 5)
const TAG = `pm-fw${process.pid}`
const CLIENT = `${TAG}c`
const GATEWAY = `${TAG}g`
const SERVER = `${TAG}s`
const folder = mkdtempSync(path.join(os.tmpdir(), 'phantommesh-forwarding-'))

interface Round {
  readonly gigabits: number
  readonly delaysMs: readonly number[]
}

if (process.getuid?.() !== 0) {
  console.error('bench/forwarding.ts makes network namespaces: run it as root')
  process.exit(4)
}
const started: ChildProcess[] = []
try {
  makeGateway()
  started.push(spawn('ip', ['netns', 'exec', SERVER, 'iperf3', '-s'], { stdio: 'ignore' }))
  await pause(500)
  const without: Round[] = []
  const withAgent: Round[] = []
  for (let round = 0; round < ROUNDS; round++) {
    without.push(measure())
    const agent = await startAgent()
    withAgent.push(measure())
    agent.kill('SIGTERM')
    await new Promise((resolve) => agent.once('exit', resolve))
  }
  print(without, withAgent)
} finally {
  for (const child of started) child.kill('SIGKILL')
  for (const name of [CLIENT, GATEWAY, SERVER]) run('ip', 'netns', 'del', name)
  rmSync(folder, { recursive: true, force: true })
}

function makeGateway(): void {
  for (const name of [CLIENT, GATEWAY, SERVER]) {
    run('ip', 'netns', 'add', name)
    run('ip', '-n', name, 'link', 'set', 'lo', 'up')
  }
  const join = (host: string, side: string, net: string): void => {
    run('ip', '-n', GATEWAY, 'link', 'add', side, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', host)
    run('ip', '-n', GATEWAY, 'addr', 'add', `${net}.1/24`, 'dev', side)
    run('ip', '-n', host, 'addr', 'add', `${net}.2/24`, 'dev', 'eth0')
    run('ip', '-n', GATEWAY, 'link', 'set', side, 'up')
    run('ip', '-n', host, 'link', 'set', 'eth0', 'up')
    run('ip', '-n', host, 'route', 'add', 'default', 'via', `${net}.1`)
  }
  join(CLIENT, 'inner0', '10.201.1')
  join(SERVER, 'outer0', '10.201.2')
  run('ip', 'netns', 'exec', GATEWAY, 'sysctl', '-qw', 'net.ipv4.ip_forward=1')
}

async function startAgent(): Promise<ChildProcess> {
  const config = path.join(folder, 'agent.yaml')
  const paths = `paths: { state: ${folder}/state, socket: ${folder}/agent.sock, events: ${folder}/eve.json }`
  writeFileSync(config, `mode: observe\ncapture: { interfaces: [inner0] }\n${paths}\nmetrics: { listen: null }\n`)
  const agent = spawn('ip', ['netns', 'exec', GATEWAY, path.join(ROOT, 'bin/phantomd'), 'run', '--config', config], { stdio: 'ignore' })
  started.push(agent)
  for (let attempt = 0; attempt < 100; attempt++) {
    await pause(200)
    if (run(path.join(ROOT, 'bin/phantomctl'), '--socket', `${folder}/agent.sock`, 'status', '--check', 'ready') !== undefined) return agent
  }
  throw new Error('the agent did not become ready')
}

function measure(): Round {
  const both = `ping -i 0.01 -c 380 10.201.2.2 > ${folder}/ping & iperf3 -J -t 4 -c 10.201.2.2; wait $!`
  const report = run('ip', 'netns', 'exec', CLIENT, 'sh', '-c', both)
  if (report === undefined) throw new Error('iperf3 failed')
  const delays = [...readFileSync(`${folder}/ping`, 'utf8').matchAll(/time=([\d.]+) ms/g)].map((match) => Number(match[1]))
  return { gigabits: JSON.parse(report).end.sum_received.bits_per_second / 1e9, delaysMs: delays }
}

function print(without: readonly Round[], withAgent: readonly Round[]): void {
  const throughput = (rounds: readonly Round[]): number => quantile(rounds.map((round) => round.gigabits), 0.5)
  const delay = (rounds: readonly Round[], at: number): number => quantile(rounds.flatMap((round) => round.delaysMs), at)
  console.log(`| | throughput Gbit/s, median of ${ROUNDS} | delay p50 ms | delay p99 ms |\n|---|---|---|---|`)
  for (const [name, rounds] of [['without the agent', without], ['with the agent, observe', withAgent]] as const) {
    console.log(`| ${name} | ${throughput(rounds).toFixed(2)} | ${delay(rounds, 0.5).toFixed(3)} | ${delay(rounds, 0.99).toFixed(3)} |`)
  }
  console.log(`\nthroughput ${((100 * throughput(withAgent)) / throughput(without)).toFixed(1)} % of that without the agent`)
}

function quantile(values: readonly number[], at: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * at))] ?? Number.NaN
}

/** Standard output, or undefined when the command failed. */
function run(command: string, ...parameters: string[]): string | undefined {
  try {
    return execFileSync(command, parameters, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
  } catch {
    return undefined
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
