// Goal: the privileged program keeps to the contract of every Enforcer, against the kernel's own sets.
// Method: the program runs in a network namespace of its own; the host's ruleset is never touched.
import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { systemClock } from '../../agent/daemon/system-clock.ts'
import { EnforcerClient } from '../../agent/response/index.ts'
import { enforcerContract } from '../contracts/enforcer.contract.ts'
import { Namespaces, whyNoEnforcer } from './namespaces.ts'

const obstacle = whyNoEnforcer()

describe.skipIf(obstacle !== '')(`the enforcer program${obstacle === '' ? '' : ` (skipped: ${obstacle})`}`, () => {
  let net: Namespaces

  beforeAll(() => {
    net = new Namespaces()
    net.add('alone')
  })
  afterAll(() => net.remove())

  enforcerContract('program', async (caps = {}) => {
    const { child, socketPath } = await net.startEnforcer(
      'alone',
      ...option('--elements-max', caps.elementsMax),
      ...option('--duration-max-seconds', caps.durationMsMax === undefined ? undefined : caps.durationMsMax / 1000),
      ...option('--new-blocks-per-minute', caps.newBlocksPerMinute),
    )
    const enforcer = new EnforcerClient({ socketPath, clock: systemClock })
    return {
      enforcer,
      // The kernel's own clock ends the ban, so this second has to pass.
      pass: (durationMs) => wait(durationMs),
      close: async () => {
        await enforcer.cleanup()
        await enforcer.close()
        await net.stop(child)
      },
    }
  })

  test.each([
    ['the rules are flushed', 'flush chain inet phantommesh prerouting'],
    ['a chain is deleted', 'delete chain inet phantommesh prerouting'],
    ['a rule is put before ours', 'insert rule inet phantommesh prerouting accept'],
    ['the table sleeps', 'add table inet phantommesh { flags dormant; }'],
    ['a policy is changed', 'add chain inet phantommesh output { type filter hook output priority -310; policy drop; }'],
  ])('a ban stays in force when %s', async (_what, tampering) => {
    const { child, socketPath } = await net.startEnforcer('alone')
    const enforcer = new EnforcerClient({ socketPath, clock: systemClock })
    await enforcer.block([{ target: '192.0.2.7', durationMs: 60_000 }])
    const table = (): string => net.run('alone', 'nft', '-s', '-t', 'list', 'table', 'inet', 'phantommesh')
    const before = table().split('\n').toSorted()
    net.run('alone', 'nft', tampering)
    expect(table().split('\n').toSorted()).not.toEqual(before)
    expect(await enforcer.list()).toMatchObject([{ target: '192.0.2.7' }])
    expect(table().split('\n').toSorted()).toEqual(before)
    await enforcer.cleanup()
    await enforcer.close()
    await net.stop(child)
  })

  test('elements put in by hand without an end are listed, and a ban beside them works', async () => {
    const { child, socketPath } = await net.startEnforcer('alone')
    const enforcer = new EnforcerClient({ socketPath, clock: systemClock })
    await enforcer.block([{ target: '192.0.2.7', durationMs: 60_000 }])
    net.run('alone', 'nft', 'add element inet phantommesh v4 { 192.0.2.9, 198.51.100.0/24 }')
    expect((await enforcer.list()).map(({ target }) => target)).toEqual(
      ['192.0.2.7', '192.0.2.9', '198.51.100.0/24'])
    expect(await enforcer.block([{ target: '198.51.100.8', durationMs: 60_000 }])).toMatchObject([{ outcome: 'enforced' }])
    expect(await enforcer.unblock(['198.51.100.8'])).toMatchObject([{ outcome: 'enforced' }])
    expect((await enforcer.list()).map(({ target }) => target)).toContain('198.51.100.9')
    await enforcer.cleanup()
    await enforcer.close()
    await net.stop(child)
  })

  test('the rules that somebody flushed while nothing was blocked are back with the next ban', async () => {
    const { child, socketPath } = await net.startEnforcer('alone')
    const enforcer = new EnforcerClient({ socketPath, clock: systemClock })
    const ban = [{ target: '192.0.2.7', durationMs: 60_000 }]
    await enforcer.block(ban)
    await enforcer.unblock(['192.0.2.7'])
    net.run('alone', 'nft', 'flush', 'chain', 'inet', 'phantommesh', 'prerouting')
    // The look of the reconciler: it sees the ruleset as it now is, and finds nothing to put right.
    expect(await enforcer.list()).toEqual([])
    expect(await enforcer.block(ban)).toMatchObject([{ outcome: 'enforced' }])
    expect(net.run('alone', 'nft', 'list', 'chain', 'inet', 'phantommesh', 'prerouting')).toContain('ip saddr @v4')
    await enforcer.cleanup()
    await enforcer.close()
    await net.stop(child)
  })
})

function option(name: string, value: number | undefined): string[] {
  return value === undefined ? [] : [name, String(value)]
}
