import { copyFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { ChildProcess } from 'node:child_process'
import { stopGroup } from '../lab/lab.ts'
import type { Lab } from '../lab/lab.ts'
import { PLAN } from './plan.ts'
import { OUTER } from './world.ts'
import type { Gateway } from './world.ts'

/** The agent at work on the range's gateways. */
export interface Agents {
  /** Ends them and leaves their events in `folder`, one file a gateway. */
  readonly stop: (folder: string) => Promise<void>
}

const ROOT = path.resolve(import.meta.dirname, '../..')
const READY_MS_MAX = 30_000
const STOP_MS_MAX = 15_000

/** Starts `phantomd run` on every gateway, inside its namespace and with state of its own. Resolves when all are up. */
export async function startAgents(lab: Lab, gateways: readonly Gateway[], mode: 'observe' | 'enforce'): Promise<Agents> {
  const running = await Promise.all(gateways.map((gateway) => startAgent(lab, gateway, mode)))
  return {
    stop: async (folder) => {
      await Promise.all(running.map(({ child }) => ended(child)))
      for (const { name, events } of running) if (existsSync(events)) copyFileSync(events, path.join(folder, `${name}-eve.json`))
    },
  }
}

interface Running {
  readonly name: string
  readonly child: ChildProcess
  readonly events: string
}

async function startAgent(lab: Lab, gateway: Gateway, mode: string): Promise<Running> {
  const folder = path.join(lab.folder, `agent-${gateway.name}`)
  mkdirSync(folder, { mode: 0o700 })
  const file = path.join(folder, 'agent.yaml')
  const events = path.join(folder, 'eve.json')
  writeFileSync(file, settings({ gateway, mode, folder, events }), { mode: 0o600 })
  const child = lab.start(gateway, [path.join(ROOT, 'bin/phantomd'), 'run', '--config', file])
  const words = { text: '' }
  const keep = (chunk: Buffer): void => { words.text = (words.text + String(chunk)).slice(-4_000) }
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', keep)
  await ready(child, path.join(folder, 'agent.sock'), words)
  return { name: gateway.name, child, events }
}

/** Only the first gateway has tunnels. The allow-listed scanner is the operator's own. */
function settings({ gateway, mode, folder, events }: { gateway: Gateway; mode: string; folder: string; events: string }): string {
  const isFirst = gateway.outer === PLAN.gateways[0].outer
  const interfaces = [OUTER, ...(isFirst ? ['{ name: wg0, side: inner }', '{ name: ovpn0, side: inner }'] : [])]
  return [
    `mode: ${mode}`,
    `capture: { interfaces: [${interfaces.join(', ')}] }`,
    // An enforcer of its own as well: a shared one would put this gateway's bans into the other's kernel.
    `paths: { state: ${folder}/state, socket: ${folder}/agent.sock, enforcerSocket: ${folder}/enforcer.sock, events: ${events} }`,
    `response: { neverBlock: [${PLAN.lan.scanner.address}/32] }`, '',
  ].join('\n')
}

async function ready(child: ChildProcess, socket: string, words: { readonly text: string }): Promise<void> {
  const deadlineMs = Date.now() + READY_MS_MAX
  while (!existsSync(socket)) {
    if (child.exitCode !== null) throw new Error(`phantomd ended: ${words.text}`)
    if (Date.now() > deadlineMs) throw new Error(`phantomd is not up after ${READY_MS_MAX / 1_000} s: ${words.text}`)
    await new Promise((resolve) => { setTimeout(resolve, 100) })
  }
}

function ended(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, STOP_MS_MAX)
    child.once('close', () => {
      clearTimeout(timer)
      resolve()
    })
    stopGroup(child)
  })
}
