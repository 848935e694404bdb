// Goal: an attack is found for what it does among other people's traffic, whoever does it, and nobody else is blamed for it.
// Method: clips of attacks are merged into a background of many clients, the attacker once under an address of its own beside the clients
// and once as a client that also has benign traffic. The range's fixture where it is there, else the demo capture taken apart.
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { ReplayedVerdict } from '../../agent/evaluation/index.ts'
import { Bench, rule } from './bench-captures.ts'
import { clientsOf, freshAddress, implant, readGround } from './implant-ground.ts'
import type { Clip } from './implant-ground.ts'
import { alarms } from './same-verdicts.ts'

const ground = readGround()
const clients = clientsOf(ground)

/** Clips that today's detector does not find, or blames others for, by where they are implanted; with the reason. */
const FAILS: Readonly<Record<'fresh' | 'client', Readonly<Record<string, string>>>> = {
  fresh: {
    'demo-c2': 'regularity alone stays below an alert by design (bound of 6.5 against a prior of -6.9), and only the other'
      + ' traffic of a host'
      + ' lets the models add what is missing: who does nothing but beacon is not named',
  },
  client: {},
}

let bench: Bench

beforeAll(async () => {
  bench = await Bench.open()
})

afterAll(() => bench.close())

test('in the background alone nobody is alerted on or blocked', async () => {
  expect(alarms(await bench.replay(ground.packets)).map(describe)).toEqual([])
})

for (const clip of ground.clips) {
  const found = 'an attack among many clients is found and nobody else is blamed'
  rule(`${clip.id}: ${found}, from an address of its own`, FAILS.fresh[clip.id], () => (
    expectFound(clip, freshAddress(ground, clip, clientFor(clip)))
  ))
  rule(`${clip.id}: ${found}, from a busy client`, FAILS.client[clip.id], () => expectFound(clip, clientFor(clip)))
}

async function expectFound(clip: Clip, address: string): Promise<void> {
  const replayed = await bench.replay(implant(ground, clip, address))
  const [attack, ...others] = clip.labels
  const guilty = new Set([address, ...others.map((label) => label.address)])
  const raised = alarms(replayed)
  const isFound = raised.some(({ entity, category }) => (
    entity.value === address && category === attack.category && (entity.kind === 'victim') === (attack.role === 'victim')
  ))
  const blamed = raised.filter(({ entity }) => !guilty.has(entity.value))
  const all = raised.map(describe)
  expect({ clip: clip.id, address, isFound, othersBlamed: blamed.map(describe), all })
    .toEqual({ clip: clip.id, address, isFound: true, othersBlamed: [], all })
}

/** A client that is busier than three in four: not a resolver or a server, which lead the list, and no idle one. */
function clientFor({ labels: [{ address, peer }] }: Clip): string {
  const fitting = clients.filter((each) => each.includes(':') === address.includes(':') && each !== peer && each !== address)
  return fitting[Math.floor(fitting.length / 4)]!
}

function describe({ entity, category, action }: ReplayedVerdict): string {
  return `${entity.kind} ${entity.value} ${category} ${action}`
}
