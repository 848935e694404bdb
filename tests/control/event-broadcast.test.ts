import { expect, test } from 'vitest'
import { EventBroadcast } from '../../agent/control/event-broadcast.ts'
import { streamLines } from '../../agent/control/event-stream.ts'
import { manualClock } from './fake-control.ts'

const ALL = { type: [], last: 0, follow: true }

test('a follower gets the types it asked for, in order', async () => {
  const broadcast = new EventBroadcast()
  const follower = broadcast.subscribe({ ...ALL, type: ['alert'] })!
  for (const [type, line] of [['flow', 'a'], ['alert', 'b'], ['alert', 'c']] as const) broadcast.publish(type, () => line)
  expect(await follower.next()).toEqual(['b', 'c'])
})

test('an event that nobody wants is never formatted', () => {
  const broadcast = new EventBroadcast({ forgottenTypes: ['flow'] })
  broadcast.subscribe({ ...ALL, type: ['alert'] })
  broadcast.publish('flow', () => { throw new Error('formatted') })
  expect(broadcast.counts()).toEqual({ connected: 1, dropped: 0 })
})

test('past its bound a follower loses the newest, counted, and keeps what it had', async () => {
  const broadcast = new EventBroadcast({ linesMax: 2 })
  const [slow, quick] = [broadcast.subscribe(ALL)!, broadcast.subscribe(ALL)!]
  broadcast.publish('alert', () => '1')
  expect(await quick.next()).toEqual(['1'])
  for (const line of ['2', '3']) broadcast.publish('alert', () => line)
  expect([slow.dropped, quick.dropped]).toEqual([1, 0])
  expect(await slow.next()).toEqual(['1', '2'])
})

test('drops stay counted after their follower has gone', () => {
  const broadcast = new EventBroadcast({ linesMax: 1 })
  const follower = broadcast.subscribe(ALL)!
  for (const line of ['1', '2', '3']) broadcast.publish('alert', () => line)
  follower.close()
  follower.close()
  expect(broadcast.counts()).toEqual({ connected: 0, dropped: 2 })
})

test('the history gives the latest that match, and then ends for who does not follow', async () => {
  const broadcast = new EventBroadcast({ historyMax: 3 })
  for (const line of ['1', '2', '3', '4', '5', '6', '7']) broadcast.publish('alert', () => line)
  const reader = broadcast.subscribe({ type: ['alert'], last: 2, follow: false })!
  expect(await reader.next()).toEqual(['6', '7'])
  expect(await reader.next()).toBeUndefined()
  expect(broadcast.counts().connected).toBe(0)
})

test('one follower more than allowed is turned away, and let in when another leaves', () => {
  const broadcast = new EventBroadcast({ followersMax: 1 })
  const first = broadcast.subscribe(ALL)!
  expect(broadcast.subscribe(ALL)).toBeUndefined()
  first.close()
  expect(broadcast.subscribe(ALL)).toBeDefined()
})

test('what waited at the close is still given, what comes later is not', async () => {
  const broadcast = new EventBroadcast()
  const follower = broadcast.subscribe(ALL)!
  broadcast.publish('alert', () => '1')
  follower.close()
  broadcast.publish('alert', () => '2')
  expect([await follower.next(), await follower.next()]).toEqual([['1'], undefined])
})

test('whoever waits is woken by the close', async () => {
  const follower = new EventBroadcast().subscribe(ALL)!
  const waiting = follower.next()
  follower.close()
  expect(await waiting).toBeUndefined()
})

test('a quiet stream beats, a stream with drops says how many, and it ends with its subscription', async () => {
  const clock = manualClock()
  const broadcast = new EventBroadcast({ linesMax: 1 })
  const follower = broadcast.subscribe(ALL)!
  const stream = streamLines(follower, { clock, heartbeatMs: 10_000 })

  const beat = stream.next()
  clock.advance(10_000)
  expect((await beat).value).toBe('{"timestamp":"2026-11-23T18:00:10.000Z","event_type":"heartbeat","phantommesh":{"dropped":0}}\n')

  for (const line of ['1', '2']) broadcast.publish('alert', () => line)
  expect((await stream.next()).value).toBe('1\n')
  expect((await stream.next()).value).toContain('"dropped":1')

  follower.close()
  expect((await stream.next()).done).toBe(true)
})
