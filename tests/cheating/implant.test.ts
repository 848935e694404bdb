// Goal: an attack is found for what it does among other people's traffic, whoever does it, and nobody else is blamed for it.
// Method: clips of attacks are merged into a background of many clients, the attacker once under an address of its own beside the clients
// and once as a client that also has benign traffic. What is not found by itself either is the
// yardstick's matter: there only the others are asked about.
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Label, ReplayedCapture, ReplayedVerdict } from '../../agent/evaluation/index.ts'
import { background, Bench, rule } from './bench-captures.ts'
import { clientsOf, freshAddress, implant, readGround } from './implant-ground.ts'
import type { Clip } from './implant-ground.ts'
import { alarms } from './same-verdicts.ts'

const ground = readGround()
const clients = clientsOf(ground)

/** What today's detector gets wrong without any attack. */
const FALSE_ALARMS = 'a user of traceroute (UDP to ports 33434 and on) is blocked for a scan, one of mtr for an ICMP tunnel'

/** Where today's detector loses an attack among others' traffic, or blames others for it, by where it is implanted; with the reason. */
const FAILS: Readonly<Record<'fresh' | 'client', Readonly<Record<string, string>>>> = { fresh: {}, client: {} }

let bench: Bench
/** Whoever is blamed without any attack is the first test's matter, and no further one's. */
let inBackground: Promise<ReplayedCapture>

beforeAll(async () => {
  bench = await Bench.open()
  inBackground = bench.original(background)
})

afterAll(() => bench.close())

test('the background has at least twenty clients, and attacks of five categories are found by themselves', async () => {
  expect(clients.length).toBeGreaterThanOrEqual(20)
  const found = []
  for (const clip of ground.clips) if (await isFoundAlone(clip)) found.push(clip.labels[0].category)
  expect(new Set(found).size, `found: ${found.join(', ')}`).toBeGreaterThanOrEqual(5)
})

rule('in the background alone nobody is alerted on or blocked', FALSE_ALARMS, async () => {
  await expectNoAlarm()
})

for (const clip of ground.clips) {
  const found = 'an attack among many clients is found and nobody else is blamed'
  rule(`${clip.id}: ${found}, from an address of its own`, FAILS.fresh[clip.id], () => (
    expectFound(clip, freshAddress(ground, clip, clientFor(clip)))
  ))
  rule(`${clip.id}: ${found}, from a busy client`, FAILS.client[clip.id], () => expectFound(clip, clientFor(clip)))
}

async function expectNoAlarm(): Promise<void> {
  expect(alarms(await inBackground).map(describe)).toEqual([])
}

async function expectFound(clip: Clip, address: string): Promise<void> {
  const replayed = await bench.replay(implant(ground, clip, address))
  const [attack, ...others] = clip.labels
  const guilty = new Set([address, ...others.map((label) => label.address)])
  const raised = alarms(replayed)
  const isFound = raised.some((verdict) => isRight(verdict, attack, address))
  const before = new Set(alarms(await inBackground).map(accusation))
  const blamed = raised.filter((verdict) => !guilty.has(verdict.entity.value) && !before.has(accusation(verdict)))
  const all = raised.map(describe)
  const isExpected = await isFoundAlone(clip) || isFound
  expect({ clip: clip.id, address, isFound, othersBlamed: blamed.map(describe), all })
    .toEqual({ clip: clip.id, address, isFound: isExpected, othersBlamed: [], all })
}

async function isFoundAlone({ labels: [attack], packets }: Clip): Promise<boolean> {
  return alarms(await bench.replay(packets)).some((verdict) => isRight(verdict, attack, attack.address))
}

function isRight({ entity, category }: ReplayedVerdict, attack: Label, address: string): boolean {
  return entity.value === address && category === attack.category && (entity.kind === 'victim') === (attack.role === 'victim')
}

function accusation({ entity, category }: ReplayedVerdict): string {
  return `${entity.value} ${category}`
}

/** A client that is busier than three in four: not a resolver or a server, which lead the list, and no idle one. */
function clientFor({ labels: [{ address, peer }] }: Clip): string {
  const fitting = clients.filter((each) => each.includes(':') === address.includes(':') && each !== peer && each !== address)
  return fitting[Math.floor(fitting.length / 4)]!
}

function describe({ entity, category, action }: ReplayedVerdict): string {
  return `${entity.kind} ${entity.value} ${category} ${action}`
}
