// Goal: the privileged program keeps to the contract of every Enforcer, against the kernel's own sets.
// Method: the program runs in a network namespace of its own; the host's ruleset is never touched.
import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, beforeAll, describe } from 'vitest'
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
})

function option(name: string, value: number | undefined): string[] {
  return value === undefined ? [] : [name, String(value)]
}
