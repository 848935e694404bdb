// Goal: the range's ground is what its manifests take for granted: tunnels that carry traffic, one name a host on both sides of the
// gateway, labels only where packets bear them out, and nothing left behind.
// Method: the smallest range there is, a ping for an attack, the same recording and finishing as `npm run range`.
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Lab } from '../../scripts/lab/lab.ts'
import { isInstalled } from '../../scripts/lab/programs.ts'
import { buildRange } from '../../scripts/range/build-range.ts'
import { finishCapture } from '../../scripts/range/finish-capture.ts'
import { LabelLedger } from '../../scripts/range/label-ledger.ts'
import { siteAddress } from '../../scripts/range/plan.ts'
import { record } from '../../scripts/range/record.ts'
import type { Recording } from '../../scripts/range/record.ts'
import type { Truth } from '../../scripts/range/scene.ts'
import { OUTER } from '../../scripts/range/world.ts'
import type { Machine, World } from '../../scripts/range/world.ts'
import { whyNoNamespaces } from './namespaces.ts'

const NEEDED = ['wireguard-go', 'wg', 'openvpn', 'tcpdump', 'ping']
const missing = NEEDED.filter((program) => !isInstalled(program))
const obstacle = missing.length > 0 ? `not installed: ${missing.join(', ')}` : whyNoNamespaces()
const PINGS = 3
const TRIES_MAX = 20
const FAR = siteAddress(0)

test.skipIf(obstacle === '')(`the range is not tested: ${obstacle}`, () => {
  expect(obstacle).not.toBe('')
})

const lab = obstacle === '' ? new Lab({ prefix: 'pm-range-test', script: 'vitest' }) : undefined
let world: World
const recordings: Recording[] = []

beforeAll(async () => {
  if (lab === undefined) return
  const population = { benign: { wireguard: 1, openvpn: 1, branch: 1 }, infected: { wireguard: 0, openvpn: 0, branch: 0 } }
  world = await buildRange(lab, population, async ({ gateways: [gateway] }) => {
    for (const device of ['wg0', 'ovpn0', OUTER]) recordings.push(await record(lab, gateway, { name: device, device }))
  })
})

afterAll(() => lab?.close())

test.runIf(obstacle === '')('clients of every kind reach the Internet through the gateway under their inner addresses', async () => {
  const truths: Truth[] = []
  for (const client of world.clients) {
    await firstAnswer(client)
    const fromMs = Date.now()
    const { exitCode, output } = await lab!.run(client, ['ping', '-n', '-c', String(PINGS), '-i', '0.2', '-W', '5', FAR])
    expect(exitCode, `${client.name}: ${output}`).toBe(0)
    truths.push({ role: 'entity', address: client.address, peers: [FAR], category: 'scan', tool: 'ping', fromMs, toMs: Date.now() })
  }
  truths.push({ ...truths[0]!, address: '10.8.0.250' })
  for (const each of recordings) expect(await each.stop()).toBe(0)

  const [wireguard, openvpn, outer] = recordings
  for (const files of [[wireguard!.file, openvpn!.file], [outer!.file]]) {
    const ledger = new LabelLedger(truths)
    finishCapture(files, path.join(lab!.folder, 'finished.pcap.gz'), ledger)
    const found = ledger.found().map(({ truth, packets }) => [truth.address, packets])
    expect(found).toEqual(world.clients.map(({ address }) => [address, 2 * PINGS]))
  }
})

/** An OpenVPN server drops what comes before it has the client's keys, which the client does not wait for. */
async function firstAnswer(client: Machine): Promise<void> {
  for (let tries = 0; tries < TRIES_MAX; tries += 1) {
    if ((await lab!.run(client, ['ping', '-n', '-c', '1', '-W', '1', FAR])).exitCode === 0) return
  }
}

test.runIf(obstacle === '')('nothing of it is left when it closes', () => {
  lab!.close()
  expect(execFileSync('ip', ['netns', 'list'], { encoding: 'utf8' })).not.toContain(`pm-range-test-${process.pid}-`)
  expect(existsSync(lab!.folder)).toBe(false)
})
