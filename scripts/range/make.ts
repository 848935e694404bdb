// The range: a small VPN provider in network namespaces, in which real programs work and attack, recorded at a gateway with the truth
// about who did what.
//
//   npm run range -- --scenario NAME --minutes N --seed N --out DIR [--only ATTACK,…] [--agent observe|enforce]
//   npm run range -- --list
//
// Needs root on Debian or Ubuntu; installs what is missing. All traffic stays in namespaces of its own, which go away at the end, also
// when interrupted. Writes inner.pcap.gz, outer.pcap.gz, second.pcap.gz, manifest.yaml and range.json into DIR, and with --agent what the
// agent on each gateway said (gw1-eve.json, gw2-eve.json). docs/range.md tells the rest.
import { accessSync, constants, mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { Lab } from '../lab/lab.ts'
import { installPrograms } from '../lab/programs.ts'
import { startAgents } from './agents.ts'
import { buildRange } from './build-range.ts'
import { finishCapture } from './finish-capture.ts'
import { LabelLedger } from './label-ledger.ts'
import { manifestText } from './manifest.ts'
import type { CaptureEntry } from './manifest.ts'
import { perform } from './play.ts'
import { PROGRAMS } from './programs.ts'
import { record } from './record.ts'
import type { Recording } from './record.ts'
import { readOrder } from './order.ts'
import type { Order } from './order.ts'
import { chanceOf } from './scenarios.ts'
import type { Truth } from './scene.ts'
import { schedule } from './schedule.ts'
import { startServers } from './servers/start-servers.ts'
import { OUTER } from './world.ts'

/** What is recorded: the tunnels and the outer interface of the first gateway, and the outer interface of the second. */
const SIDES = ['inner', 'outer', 'second'] as const
type Side = (typeof SIDES)[number]

const order = readOrder(process.argv.slice(2))
if (order === undefined) process.exit(process.exitCode)
if (process.getuid?.() !== 0) {
  console.error('range: network namespaces need root; run it as root')
  process.exit(1)
}
// Found out now, not after the play: everything is written at its end.
try {
  mkdirSync(order.out, { recursive: true })
  accessSync(order.out, constants.W_OK)
} catch (error) {
  console.error(`range: --out ${order.out} cannot be written: ${wordsOf(error)}`)
  process.exit(1)
}
installPrograms(PROGRAMS)
const lab = new Lab({ prefix: 'pm-range', script: 'range/make' })
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(130))
process.on('exit', () => lab.close())
// One part's mistake must not cost the recording of all others; it is said, and the summary names it among what failed.
const mistakes: string[] = []
process.on('uncaughtException', (error) => {
  mistakes.push(error.message)
  console.error('range: a part made a mistake:', error)
})
process.exit(await make(order).catch((error: unknown) => {
  console.error(`range: ${wordsOf(error)}`)
  return 1
}))

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

async function make({ name, scenario, minutes, seed, out, agent }: Order): Promise<number> {
  const beganAtMs = Date.now()
  const log = (text: string): void => console.log(`range ${((Date.now() - beganAtMs) / 1_000).toFixed(0)} s: ${text}`)
  const recordings: Record<Side, Recording[]> = { inner: [], outer: [], second: [] }
  const world = await buildRange(lab, scenario.population, async ({ gateways: [gateway, other] }) => {
    for (const device of ['wg0', 'ovpn0']) recordings.inner.push(await record(lab, gateway, { name: device, device }))
    recordings.outer.push(await record(lab, gateway, { name: 'outer', device: OUTER }))
    recordings.second.push(await record(lab, other, { name: 'second', device: OUTER }))
  })
  log(`${world.benign.length} ordinary and ${world.infected.length} infected machines behind ${world.gateways[0].outer}`)
  await startServers(world)
  const agents = agent === undefined ? undefined : await startAgents(lab, world.gateways, agent)

  const durationMs = minutes * 60_000
  const infected = world.infected.map(({ link }) => link)
  const { playsPerCategoryMin, playsPerCategoryMax } = scenario
  const room = { durationMs, infected, playsPerCategoryMin, playsPerCategoryMax }
  const plays = schedule(scenario.attacks, room, chanceOf(seed, 'schedule'))
  log(`curtain up for ${minutes} minutes, with ${plays.length} attacks`)
  const startedAtMs = Date.now()
  const { truths, failed, notes } = await perform({ lab, world, seed, plays, startedAtMs, durationMs, log })
  const dropped = (await Promise.all(Object.values(recordings).flat().map((each) => each.stop()))).reduce((sum, each) => sum + each, 0)

  log('writing captures')
  await agents?.stop(out)
  const entries = SIDES.map((side) => write({ out, side, source: `range-${name}`, seed }, recordings[side], truths))
  const madeBy = `npm run range -- --scenario ${name} --minutes ${minutes} --seed ${seed}`
  writeFileSync(path.join(out, 'manifest.yaml'), manifestText(entries, madeBy))
  const labelled = new Set(entries.flatMap(({ labels }) => labels.map(({ truth }) => truth)))
  const unseen = truths.filter((truth) => !labelled.has(truth))
  for (const { tool, address, category } of unseen) log(`no packet of ${category} by ${address} crossed the gateway: ${tool}`)
  const summary = {
    scenario: name, minutes, seed, wallSeconds: Math.round((Date.now() - beganAtMs) / 1_000),
    attacks: plays.length, failed, mistakes, notes,
    truths: truths.length, truthsUnseen: unseen.length, packetsDroppedByKernel: dropped,
    captures: entries.map(({ id, finished, labels }) => ({ id, ...finished, labels: labels.length })),
  }
  writeFileSync(path.join(out, 'range.json'), `${JSON.stringify(summary, null, 2)}\n`)
  log(`done: ${JSON.stringify(summary)}`)
  return 0
}

type Written = CaptureEntry & { readonly finished: ReturnType<typeof finishCapture> }

function write(
  where: { out: string; side: Side; source: string; seed: number }, recordings: readonly Recording[], truths: readonly Truth[],
): Written {
  const ledger = new LabelLedger(truths)
  const file = `${where.side}.pcap.gz`
  const finished = finishCapture(recordings.map((each) => each.file), path.join(where.out, file), ledger)
  return { id: `${where.source}-${where.seed}-${where.side}`, file, source: where.source, labels: ledger.found(), finished }
}
