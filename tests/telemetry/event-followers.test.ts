import { expect, test } from 'vitest'
import { EventFollowers } from '../../agent/telemetry/index.ts'

const FOLLOW = { type: [], last: 0, follow: true }

test('a follower gets what comes, in order, and of the types it asked for', async () => {
  const followers = create()
  const all = followers.subscribe(FOLLOW)!
  const alerts = followers.subscribe({ ...FOLLOW, type: ['alert'] })!
  followers.publish('flow', 'f')
  followers.publish('alert', 'a')
  expect([await all.next(), await all.next(), await alerts.next()]).toEqual(['f', 'a', 'a'])
})

test('a follower begins with the latest lines of its types', async () => {
  const followers = create()
  for (let line = 0; line < 2_500; line++) followers.publish(line % 2 === 0 ? 'flow' : 'alert', String(line))
  const late = followers.subscribe({ type: ['flow'], last: 3, follow: false })!
  expect(await drain(late)).toEqual(['2494', '2496', '2498'])
  expect(await drain(followers.subscribe({ type: [], last: 1_000, follow: false })!)).toHaveLength(1_000)
  expect(followers.connected).toBe(0)
})

test('a waiting follower wakes when a line comes, and when it closes', async () => {
  const followers = create()
  const follower = followers.subscribe(FOLLOW)!
  const first = follower.next()
  followers.publish('flow', 'f')
  expect(await first).toBe('f')
  const second = follower.next()
  follower.close()
  follower.close()
  expect(await second).toBeUndefined()
  expect(followers.connected).toBe(0)
})

test('a slow follower loses the newest lines, counted even after it left, and delays nobody', async () => {
  const followers = create()
  const slow = followers.subscribe(FOLLOW)!
  const quick = followers.subscribe(FOLLOW)!
  for (const line of ['1', '2', '3', '4', '5']) {
    followers.publish('flow', line)
    expect(await quick.next()).toBe(line)
  }
  expect([await slow.next(), await slow.next(), await slow.next(), slow.dropped]).toEqual(['1', '2', '3', 2])
  followers.publish('flow', '6')
  expect(await slow.next()).toBe('6')
  slow.close()
  expect(followers.dropped).toBe(2)
})

test('past the number of followers nobody is let in until one leaves', () => {
  const followers = create()
  const first = followers.subscribe(FOLLOW)!
  followers.subscribe(FOLLOW)
  expect(followers.subscribe(FOLLOW)).toBeUndefined()
  first.close()
  expect(followers.subscribe(FOLLOW)).toBeDefined()
  followers.close()
  expect(followers.connected).toBe(0)
})

function create(): EventFollowers {
  return new EventFollowers({ followersMax: 2, queueMax: 3 })
}

async function drain(follower: { next(): Promise<string | undefined> }): Promise<string[]> {
  const lines: string[] = []
  for (let line = await follower.next(); line !== undefined; line = await follower.next()) lines.push(line)
  return lines
}
