import { execFileSync } from 'node:child_process'
import { mkdtempSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ChildProcess } from 'node:child_process'
import { signalGroup } from '../../lab/lab.ts'
import type { AttackScene } from '../scene.ts'
import type { Machine } from '../world.ts'

/** One run of a real program, and what must be true of it afterwards. */
export interface Tool {
  readonly command: readonly string[]
  /** Where it runs; the attacker's own machine if absent. */
  readonly on?: Machine
  /** How many packets must have left the machine meanwhile: a label without traffic would be a lie. */
  readonly packetsMin: number
  /** What its output must say, if the end of the scene did not cut it short. */
  readonly says?: RegExp
  /** Set for a program that turns round and round when its standard input has ended. */
  readonly keepsInput?: boolean
  /** Ways to end that are not failures; 0 if absent. */
  readonly exitCodes?: readonly number[]
}

/** How a tool ended: its last words, and whether the end of the scene stopped it. */
export interface Ending {
  readonly output: string
  readonly wasCut: boolean
}

const OUTPUT_CHARACTERS_MAX = 65_536
/** What a program gets after the polite signal to write its files and go. */
const GRACE_MS = 3_000

/** Where a script of the folder beside this file is. */
export function script(name: string): string {
  return path.join(import.meta.dirname, 'tools', name)
}

/** A folder of its own for one run: many of these programs write into their working directory or their home. */
export function folderOf(scene: AttackScene): string {
  return mkdtempSync(path.join(scene.lab.folder, 'attack-'))
}

/** A file with these lines in a folder of its own. */
export function listFile(scene: AttackScene, name: string, lines: readonly string[]): string {
  const file = path.join(folderOf(scene), name)
  writeFileSync(file, lines.map((each) => `${each}\n`).join(''))
  return file
}

/** The numbers from `first` to `last`. */
export function range(first: number, last: number): number[] {
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => first + index)
}

/** The interface by which a machine reaches the others. */
export function deviceOf(machine: Machine): string {
  if (machine.link === 'wireguard') return 'wg0'
  return machine.link === 'openvpn' ? 'ovpn0' : 'eth0'
}

/** How many packets have left the machine so far. */
export function packetsSent(machine: Machine): number {
  const words = ['-n', machine.namespace, '-s', 'link', 'show', 'dev', deviceOf(machine)]
  const sent = /TX:.*packets.*\n\s*\d+\s+(\d+)/.exec(execFileSync('ip', words, { encoding: 'utf8' }))?.[1]
  if (sent === undefined) throw new Error(`${machine.name} has no counters`)
  return Number(sent)
}

/** Ethernet address of the router of a machine, for programs that write whole frames. */
export async function routerOf(scene: AttackScene, machine: Machine = scene.actor): Promise<string> {
  const { stdout } = run(machine, ['route', 'show', 'default'])
  const router = /via (\S+)/.exec(stdout)?.[1]
  if (router === undefined) throw new Error(`${machine.name} has no router`)
  await scene.lab.run(machine, ['ping', '-c', '1', '-W', '3', router])
  const hardware = /lladdr (\S+)/.exec(run(machine, ['neigh', 'show', router]).stdout)?.[1]
  if (hardware === undefined) throw new Error(`${router} does not answer ${machine.name}`)
  return hardware
}

function run(machine: Machine, words: readonly string[]): { stdout: string } {
  return { stdout: execFileSync('ip', ['-n', machine.namespace, ...words], { encoding: 'utf8' }) }
}

/** Runs a tool until it ends or the scene does. Throws where it did not do its work. */
export async function runTool(scene: AttackScene, tool: Tool): Promise<Ending> {
  const machine = tool.on ?? scene.actor
  const before = packetsSent(machine)
  const home = folderOf(scene)
  const child = scene.lab.start(machine, ['env', '-C', home, `HOME=${home}`, ...tool.command])
  if (tool.keepsInput !== true) child.stdin?.end()
  const ended = await untilEnd(child, scene.endAtMs)
  const sent = packetsSent(machine) - before
  const trouble = [...complaints(tool, ended), ...(sent < tool.packetsMin ? [`sent ${sent} packets instead of ${tool.packetsMin}`] : [])]
  if (trouble.length === 0) return ended
  throw new Error(`${tool.command.join(' ').slice(0, 400)}: ${trouble.join(', ')}: ${ended.output.slice(-1_500)}`)
}

/** What is wrong with how a tool ended. Whoever was cut short by the end of the scene could not say its last words. */
function complaints({ exitCodes = [0], says }: Tool, { exitCode, output, wasCut }: Ended): string[] {
  if (wasCut) return []
  return [
    ...(exitCodes.includes(exitCode) ? [] : [`ended with ${exitCode}`]),
    ...(says === undefined || says.test(output) ? [] : [`did not say ${says.source}`]),
  ]
}

interface Ended extends Ending {
  readonly exitCode: number
}

async function untilEnd(child: ChildProcess, endAtMs: number): Promise<Ended> {
  let output = ''
  const keep = (chunk: Buffer): void => { output = (output + chunk.toString('latin1')).slice(-OUTPUT_CHARACTERS_MAX) }
  child.stdout?.on('data', keep)
  child.stderr?.on('data', keep)
  const closed = new Promise<number>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => resolve(code ?? -1))
  })
  const isOver = new AbortController()
  const end = sleep(Math.max(0, endAtMs - Date.now()), 'cut' as const, { signal: isOver.signal }).catch(() => 'over' as const)
  const first = await Promise.race([closed, end])
  if (first === 'cut') await stop(child, closed)
  isOver.abort()
  return { output, wasCut: first === 'cut', exitCode: await closed }
}

async function stop(child: ChildProcess, closed: Promise<number>): Promise<void> {
  signalGroup(child, 'SIGTERM')
  const isOver = new AbortController()
  const late = sleep(GRACE_MS, 'late' as const, { signal: isOver.signal }).catch(() => 'over' as const)
  if (await Promise.race([closed, late]) === 'late') signalGroup(child, 'SIGKILL')
  isOver.abort()
}
