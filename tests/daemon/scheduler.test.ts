import { expect, test } from 'vitest'
import { Scheduler } from '../../agent/daemon/scheduler.ts'
import { silentLogger } from '../../agent/kit/index.ts'
import { SimulatedClock } from '../fixtures/simulated-clock.ts'

test('each task runs at its own pace, the first time one period from now', async () => {
  const { clock, scheduler, ran } = scheduled()
  scheduler.every({ name: 'fast', everyMs: 1_000, run: ran('fast') })
  scheduler.every({ name: 'slow', everyMs: 2_500, run: ran('slow') })
  await clock.advance(999)
  expect(ran.log).toEqual([])
  await clock.advance(4_001)
  expect(ran.log).toEqual(['fast 1000', 'fast 2000', 'slow 2500', 'fast 3000', 'fast 4000', 'slow 5000', 'fast 5000'])
})

test('a task never overlaps itself: its next period begins when it has finished', async () => {
  const { clock, scheduler, ran } = scheduled()
  const run = async (): Promise<void> => {
    ran('begin')()
    await new Promise<void>((resolve) => { clock.after(3_000, resolve) })
    ran('end')()
  }
  scheduler.every({ name: 'long', everyMs: 1_000, run })
  await clock.advance(6_000)
  expect(ran.log).toEqual(['begin 1000', 'end 4000', 'begin 5000'])
})

test('a task that fails is named in the log and tried again; the others do not notice', async () => {
  const errors: object[] = []
  const { clock, scheduler, ran } = scheduled((data) => errors.push(data))
  scheduler.every({ name: 'broken', everyMs: 1_000, run: () => { throw new Error('no') } })
  scheduler.every({ name: 'whole', everyMs: 1_000, run: ran('whole') })
  await clock.advance(2_000)
  expect(errors).toMatchObject([{ task: 'broken' }, { task: 'broken' }])
  expect(ran.log).toEqual(['whole 1000', 'whole 2000'])
})

test('after stop nothing begins, not even what was under way or comes later', async () => {
  const { clock, scheduler, ran } = scheduled()
  scheduler.every({ name: 'a', everyMs: 1_000, run: () => { void scheduler.stop() } })
  scheduler.every({ name: 'b', everyMs: 5_000, run: ran('b') })
  await clock.advance(1_000)
  scheduler.every({ name: 'c', everyMs: 1, run: ran('c') })
  await clock.advance(60_000)
  expect([ran.log, clock.pending]).toEqual([[], 0])
})

test('stop waits for what is under way', async () => {
  const { clock, scheduler, ran } = scheduled()
  const run = () => new Promise<void>((resolve) => { clock.after(3_000, resolve) })
  scheduler.every({ name: 'long', everyMs: 1_000, run })
  await clock.advance(1_000)
  const stopping = scheduler.stop().then(ran('stopped'))
  await clock.advance(3_000)
  await stopping
  expect(ran.log).toEqual(['stopped 4000'])
})

function scheduled(onError: (data: object) => void = () => {}) {
  const clock = new SimulatedClock()
  const log: string[] = []
  const ran = Object.assign((name: string) => () => { log.push(`${name} ${clock.monotonicMs()}`) }, { log })
  return { clock, ran, scheduler: new Scheduler(clock, { ...silentLogger, error: onError }) }
}
