import { DEFAULT_CAPS, DryRunEnforcer } from '../../agent/response/index.ts'
import { enforcerContract } from '../contracts/enforcer.contract.ts'

enforcerContract('dry run', async (caps) => {
  let nowMs = 5_000
  const enforcer = new DryRunEnforcer(() => nowMs, { ...DEFAULT_CAPS, ...caps })
  return {
    enforcer,
    pass: async (durationMs) => {
      nowMs += durationMs
    },
    close: () => enforcer.close(),
  }
})
