// Goal: the committed demo capture gives its three attackers and nobody else, the same every time, and every event is accounted for.
// Method: replay() as `phantomd replay` calls it, with the shipped models, on a memory store.
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { defaultConfig } from '../../agent/config/index.ts'
import type { Config } from '../../agent/config/index.ts'
import { openSubject } from '../../agent/daemon/capture-replay.ts'
import { openModels } from '../../agent/daemon/create-detection.ts'
import type { OpenModels } from '../../agent/daemon/create-detection.ts'
import { EventOutput } from '../../agent/daemon/event-output.ts'
import { replay } from '../../agent/daemon/replay.ts'
import type { ReplayResult } from '../../agent/daemon/replay.ts'
import { EventBroadcast } from '../../agent/control/event-broadcast.ts'
import { readManifests } from '../../agent/evaluation/index.ts'
import type { KeyValueStore } from '../../agent/kit/index.ts'
import { silentLogger } from '../../agent/kit/index.ts'
import { AlertRepository, DecisionRepository, openMemoryStore } from '../../agent/storage/index.ts'

const ROOT = path.resolve(import.meta.dirname, '../..')
const FOLDER = path.join(ROOT, 'tests/fixtures/demo')
const CAPTURE = path.join(FOLDER, 'gateway.pcap.gz')
const [demo] = readManifests([path.join(FOLDER, 'demo.yaml')])
const LABELLED = new Map(demo!.labels.map(({ address, category }) => [address, category]))
const standard = defaultConfig(ROOT)

let models: OpenModels

beforeAll(async () => {
  models = await openModels(standard)
})

afterAll(() => models.inference.close())

test('exactly the three labelled entities are alerted on, each first for what its label says', async () => {
  const { result } = await replayed()
  expect(firstCategories(result)).toEqual(LABELLED)
})

test('twice the same capture, twice the same verdicts', async () => {
  const [first, second] = [await replayed(), await replayed()]
  expect(second.result.alerts).toEqual(first.result.alerts)
  expect(second.events).toEqual(first.events)
})

test('every event is one line of EVE, flows are counted, and every decision has its line', async () => {
  const { result, events } = await replayed()
  const ofType = (type: string) => events.filter((event) => event['event_type'] === type)
  expect(ofType('flow')).toHaveLength(result.counters.flows)
  expect(ofType('alert')).toHaveLength(result.alertCount)
  expect(ofType('decision')).toHaveLength(result.decisionCount)
  expect(events.filter((event) => !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+0000$/.test(String(event['timestamp'])))).toEqual([])
  expect(ofType('flow').filter((event) => !/^1:[\w+/]{27}=$/.test(String(event['community_id'])))).toEqual([])
})

test('alerts and decisions are in the store, and nothing claims to be in the kernel', async () => {
  const { result, store } = await replayed({ ...standard, mode: 'enforce' })
  const kept = await (await AlertRepository.open(store, standard.storage)).newest(1_000)
  expect(kept.toReversed().map(({ verdict }) => verdict)).toEqual(result.alerts.map(({ verdict }) => verdict))
  const blocked = new Set(blocksOf(result).map(({ verdict }) => verdict.target))
  expect(new Set((await new DecisionRepository(store).all()).map(({ value }) => value))).toEqual(blocked)
  expect(blocked.size).toBeGreaterThanOrEqual(2)
  expect(new Set(blocksOf(result).map(({ enforcement }) => enforcement?.outcome))).toEqual(new Set(['dry-run']))
})

test('received = scored + shed + pending; with budget enough nothing is shed', async () => {
  const { result } = await replayed()
  expect(accounted(result)).toBe(true)
  expect(result.counters.events.shed).toBe(0)
})

test('a small budget sheds, still accounts for every event, and still finds all three', async () => {
  const { result } = await replayed({ ...standard, scoring: { ...standard.scoring, eventsPerSecond: 100 } })
  expect(result.counters.events.shed).toBeGreaterThan(100)
  expect(accounted(result)).toBe(true)
  expect(firstCategories(result)).toEqual(LABELLED)
})

test('off judges nothing, observe simulates, enforce means it', async () => {
  const simulated = async (mode: Config['mode']) => {
    const { result } = await replayed({ ...standard, mode })
    return [...new Set(blocksOf(result).map(({ verdict }) => verdict.isSimulated))]
  }
  expect(await simulated('off')).toEqual([])
  expect(await simulated('observe')).toEqual([true])
  expect(await simulated('enforce')).toEqual([false])
})

test('whoever is on the never-block list is alerted on and left alone', async () => {
  const attacker = '203.0.113.77'
  const { result } = await replayed({ ...standard, mode: 'enforce', response: { ...standard.response, neverBlock: [attacker] } })
  const about = result.alerts.filter(({ verdict }) => verdict.posterior.entity.value === attacker)
  expect(about.map(({ verdict }) => verdict.action)).not.toContain('block')
  expect(about.flatMap(({ verdict }) => verdict.heldBackBy)).toContain('never-block')
})

test('a file that breaks off gives what stood before, and says where it broke', async () => {
  const { result } = await replayed(standard, [CAPTURE, path.join(FOLDER, 'README.md')])
  expect(result.failure).toMatchObject({ code: 'CAPTURE_FILE_FORMAT_UNKNOWN' })
  expect(blocksOf(result)).not.toEqual([])
})

test('a file that cannot be opened is refused before anything is judged', async () => {
  await expect(replayed(standard, [path.join(FOLDER, 'absent.pcap')])).rejects.toMatchObject({ code: 'CAPTURE_FILE_UNREADABLE' })
})

test('as a subject of an evaluation the agent gives flows, hosts, activity and the same verdicts', async () => {
  const subject = await openSubject(standard)
  const capture = await subject.replay(CAPTURE, { labels: demo!.labels })
  await subject.close()
  const { result } = await replayed()
  expect(capture.packets).toBe(result.counters.packets)
  expect(capture.flows).toHaveLength(result.counters.flows)
  expect(capture.flows.filter(({ score }) => !(score >= 0 && score <= 1))).toEqual([])
  expect(capture.hosts).toEqual(expect.arrayContaining(demo!.labels.map(({ address }) => address)))
  expect(capture.activity.map((steps) => steps.length > 0)).toEqual([true, true, true])
  const heard = capture.verdicts.filter(({ action }) => action !== 'log')
  expect(heard.map(({ entity, atMs }) => [entity, atMs])).toEqual(
    result.alerts.map(({ verdict: { posterior } }) => [posterior.entity, posterior.observedAtMs]))
  expect(subject.thresholds['alertPosterior']).toBeLessThan(subject.thresholds['blockPosterior']!)
})

test('an evaluation rejects what cannot be read to its end, and stops when told', async () => {
  const subject = await openSubject(standard)
  await expect(
    subject.replay(path.join(FOLDER, 'README.md'), { labels: [] })
  ).rejects.toMatchObject({ code: 'CAPTURE_FILE_FORMAT_UNKNOWN' })
  await expect(subject.replay(CAPTURE, { labels: [], signal: AbortSignal.abort() })).rejects.toThrow('abort')
  await subject.close()
})

interface Replayed {
  readonly result: ReplayResult
  readonly events: readonly Record<string, unknown>[]
  readonly store: KeyValueStore
}

async function replayed(config = standard, files: readonly string[] = [CAPTURE]): Promise<Replayed> {
  const broadcast = new EventBroadcast({ linesMax: 100_000, historyMax: 1 })
  const follower = broadcast.subscribe({ type: [], last: 0, follow: true })!
  const store = openMemoryStore()
  const output = new EventOutput({ writer: undefined, writtenTypes: new Set(), broadcast })
  const result = await replay({ files, config, models, store, output, logger: silentLogger }, () => {})
  follower.close()
  const lines = await follower.next()
  return { result, store, events: (lines ?? []).map((line): Record<string, unknown> => JSON.parse(line)) }
}

/** For what each entity was first alerted on. */
function firstCategories({ alerts }: ReplayResult): Map<string, string> {
  return new Map(alerts.map(({ verdict }) => [verdict.posterior.entity.value, verdict.category] as const).reverse())
}

function blocksOf({ alerts }: ReplayResult) {
  return alerts.filter(({ verdict }) => verdict.action === 'block')
}

function accounted({ counters: { events } }: ReplayResult): boolean {
  return events.received > 0 && events.received === events.scored + events.shed + events.pending
}
