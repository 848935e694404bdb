import { expect, test } from 'vitest'
import type { EnforcementResult, Enforcer, EnforcerCaps } from '../../agent/response/index.ts'

/** An Enforcer and its time. */
export interface EnforcerSubject {
  readonly enforcer: Enforcer
  /** Lets that much time pass for the bans. */
  readonly pass: (durationMs: number) => Promise<void>
  readonly close: () => Promise<void>
}

/** What a test may set; the rest are the defaults. */
export type CapsUnderTest = Partial<Pick<EnforcerCaps, 'elementsMax' | 'durationMsMax' | 'newBlocksPerMinute'>>

const MINUTE_MS = 60_000
const enforced = { outcome: 'enforced', reason: '' }
const refused = (reason: string): object => ({ outcome: 'refused', reason })

/** What every Enforcer keeps to; `open` gives one that blocks nothing yet. */
export function enforcerContract(name: string, open: (caps?: CapsUnderTest) => Promise<EnforcerSubject>): void {
  const rule = (what: string, body: (subject: EnforcerSubject) => Promise<void>, caps?: CapsUnderTest): void => {
    // oxlint-disable-next-line vitest/expect-expect -- the body asserts
    test(`${name}: ${what}`, async () => {
      const subject = await open(caps)
      try {
        await body(subject)
      } finally {
        await subject.close()
      }
    })
  }

  rule('a blocked address is listed with the time it has left, in both families', async ({ enforcer }) => {
    expect(await block(enforcer, ['192.0.2.7', '2001:db8::7', '198.51.100.0/24', '2001:db8:1::/56'])).toEqual([
      enforced, enforced, enforced, enforced,
    ])
    const list = await enforcer.list()
    expect(list.map(({ target }) => target)).toEqual(['192.0.2.7', '198.51.100.0/24', '2001:db8::7', '2001:db8:1::/56'])
    for (const { remainingMs } of list) {
      expect(remainingMs).toBeGreaterThan(MINUTE_MS - 10_000)
      expect(remainingMs).toBeLessThanOrEqual(MINUTE_MS)
    }
  })

  rule('blocking again renews, and never shortens', async ({ enforcer }) => {
    await block(enforcer, ['192.0.2.7'], MINUTE_MS)
    await block(enforcer, ['192.0.2.7'], 10 * MINUTE_MS)
    await block(enforcer, ['192.0.2.7'], 2 * MINUTE_MS)
    const [only, ...others] = await enforcer.list()
    expect(others).toEqual([])
    expect(only?.remainingMs).toBeGreaterThan(9 * MINUTE_MS)
  })

  rule('a ban ends by itself', async ({ enforcer, pass }) => {
    await enforcer.block([{ target: '192.0.2.7', durationMs: 1_000 }, { target: '192.0.2.8', durationMs: MINUTE_MS }])
    await pass(1_100)
    expect(await targets(enforcer)).toEqual(['192.0.2.8'])
  })

  rule('an unblocked address is free, and unblocking what is free is fine', async ({ enforcer }) => {
    await block(enforcer, ['192.0.2.7', '2001:db8::7', '192.0.2.9'])
    expect(outcomes(await enforcer.unblock(['192.0.2.7', '2001:db8::7', '203.0.113.1']))).toEqual([enforced, enforced, enforced])
    expect(await targets(enforcer)).toEqual(['192.0.2.9'])
  })

  rule('a prefix over blocked hosts leaves the longer bans their own ends', async ({ enforcer }) => {
    await block(enforcer, ['192.0.2.1'], MINUTE_MS)
    await block(enforcer, ['192.0.2.2'], 10 * MINUTE_MS)
    await block(enforcer, ['192.0.2.0/30'], 5 * MINUTE_MS)
    const minutes = (await enforcer.list()).map(({ target, remainingMs }) => [target, Math.ceil(remainingMs / MINUTE_MS)])
    expect(minutes).toEqual([['192.0.2.0/31', 5], ['192.0.2.2', 10], ['192.0.2.3', 5]])
  })

  rule('a host freed inside a blocked prefix is free, the rest is not', async ({ enforcer }) => {
    await block(enforcer, ['192.0.2.0/30'])
    await enforcer.unblock(['192.0.2.1'])
    expect(await targets(enforcer)).toEqual(['192.0.2.0', '192.0.2.2/31'])
  })

  rule('what must never be blocked is refused', async ({ enforcer }) => {
    const builtIn = [
      '127.0.0.1', '::1', '169.254.1.1', 'fe80::1', '224.0.0.251', 'ff02::1', '0.0.0.0', '::', '255.255.255.255', '::ffff:127.0.0.1',
    ]
    expect(await block(enforcer, builtIn)).toEqual(builtIn.map(() => refused('never-block')))
    await enforcer.neverBlock(['203.0.113.0/24', '2001:db8:9::/48'])
    expect(await block(enforcer, ['203.0.113.5', '2001:db8:9::5', '203.0.113.0/25', '203.0.114.5'])).toEqual([
      refused('never-block'), refused('never-block'), refused('never-block'), enforced,
    ])
    expect(await targets(enforcer)).toEqual(['203.0.114.5'])
  })

  rule('a new never-block list lifts the bans that contradict it, and the list before it is gone', async ({ enforcer }) => {
    await block(enforcer, ['203.0.113.5', '203.0.113.64/26', '2001:db8::5', '192.0.2.7'])
    await enforcer.neverBlock(['203.0.113.0/27', '203.0.113.70', '2001:db8::/64'])
    expect(await targets(enforcer)).toEqual(['192.0.2.7'])
    await enforcer.neverBlock([])
    expect(await block(enforcer, ['203.0.113.5'])).toEqual([enforced])
  })

  rule('a never-block list with nonsense in it changes nothing', async ({ enforcer }) => {
    await enforcer.neverBlock(['203.0.113.5'])
    await expect(enforcer.neverBlock(['198.51.100.1', 'everybody'])).rejects.toThrow('everybody')
    expect(await block(enforcer, ['203.0.113.5', '198.51.100.1'])).toEqual([refused('never-block'), enforced])
  })

  rule('wide prefixes are refused, all of the Internet first', async ({ enforcer }) => {
    const wide = ['0.0.0.0/0', '::/0', '198.0.0.0/8', '198.51.100.0/23', '2001:db8::/55', '2001:db8::/32']
    expect(await block(enforcer, wide)).toEqual(wide.map(() => refused('too-wide')))
  })

  rule('a batch with bad elements enforces the good ones', async ({ enforcer }) => {
    const bad = [
      '', 'example.org', '192.0.2.300', '192.0.2.7/33', '192.0.2.1/24', '2001:db8::/129', '192.0.2.7; drop', '"', '192.0.2.7/+8', '1.2.3',
    ]
    const batch = ['192.0.2.7', ...bad, '192.0.2.8']
    expect(await block(enforcer, batch)).toEqual([enforced, ...bad.map(() => refused('invalid-target')), enforced])
    expect(outcomes(await enforcer.unblock(['"', '192.0.2.7']))).toEqual([refused('invalid-target'), enforced])
    expect(await targets(enforcer)).toEqual(['192.0.2.8'])
  })

  rule('a result names its request, in the order of the requests', async ({ enforcer }) => {
    const batch = ['2001:DB8::0:7', 'x', '192.0.2.7/32']
    expect((await enforcer.block(batch.map((target) => ({ target, durationMs: MINUTE_MS })))).map(({ target }) => target)).toEqual(batch)
    expect(await targets(enforcer)).toEqual(['192.0.2.7', '2001:db8::7'])
  })

  rule('too short and too long bans are refused', async ({ enforcer }) => {
    for (const durationMs of [0, 999, 3_600_001, -5, Number.NaN]) {
      expect(outcomes(await enforcer.block([{ target: '192.0.2.7', durationMs }]))).toEqual([refused('invalid-duration')])
    }
    expect(outcomes(await enforcer.block([{ target: '192.0.2.7', durationMs: 3_600_000 }]))).toEqual([enforced])
  }, { durationMsMax: 3_600_000 })

  rule('past the number of elements new bans are refused, renewals are not', async ({ enforcer }) => {
    expect(await block(enforcer, hosts(0, 4))).toEqual([enforced, enforced, enforced, refused('cap')])
    expect(await block(enforcer, hosts(0, 3), 2 * MINUTE_MS)).toEqual([enforced, enforced, enforced])
    await enforcer.unblock(['192.0.2.0'])
    expect(await block(enforcer, ['192.0.2.9'])).toEqual([enforced])
  }, { elementsMax: 3 })

  rule('past the pace new bans are refused, renewals are not', async ({ enforcer }) => {
    const results = await block(enforcer, hosts(0, 6))
    expect(results.slice(0, 4)).toEqual([enforced, enforced, enforced, enforced])
    expect(results.slice(4)).toEqual([refused('pace'), refused('pace')])
    expect(await block(enforcer, hosts(0, 4), 2 * MINUTE_MS)).toEqual([enforced, enforced, enforced, enforced])
  }, { newBlocksPerMinute: 4 })

  rule('more than one batch may be asked for at once', async ({ enforcer }) => {
    const many = [...hosts(0, 256), ...Array.from({ length: 256 }, (_, i) => `2001:db8::${(i + 1).toString(16)}`)]
    expect(await block(enforcer, many)).toEqual(many.map(() => enforced))
    // Neighbours of equal end stay elements of their own, each with its own end to come.
    expect(await enforcer.list()).toHaveLength(512)
    await enforcer.unblock(many)
    expect(await enforcer.list()).toEqual([])
  })

  rule('after cleanup nothing is blocked, and blocking works again', async ({ enforcer }) => {
    await block(enforcer, ['192.0.2.7'])
    await enforcer.cleanup()
    await enforcer.cleanup()
    expect(await enforcer.list()).toEqual([])
    expect(await block(enforcer, ['192.0.2.7'])).toEqual([enforced])
    expect(await targets(enforcer)).toEqual(['192.0.2.7'])
  })
}

async function block(enforcer: Enforcer, all: readonly string[], durationMs = MINUTE_MS): Promise<object[]> {
  return outcomes(await enforcer.block(all.map((target) => ({ target, durationMs }))))
}

function outcomes(results: readonly EnforcementResult[]): object[] {
  return results.map(({ outcome, reason }) => ({ outcome, reason }))
}

async function targets(enforcer: Enforcer): Promise<string[]> {
  return (await enforcer.list()).map(({ target }) => target)
}

function hosts(from: number, to: number): string[] {
  return Array.from({ length: to - from }, (_, i) => `192.0.2.${from + i}`)
}
