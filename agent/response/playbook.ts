import type { Verdict } from '../decision/index.ts'
import type { DesiredBlock } from './reconciler.ts'

/** Unverified or merely suspicious sources are kept out for no longer (architecture section 3, evidence of origin). */
const SHORT_BLOCK_MS_MAX = 60_000

/**
 * The enforcement that a verdict asks for; none for `none`, `log` and `alert`.
 *
 * `rate-limit` becomes a block of at most a minute: the weakest measure the table has, and the alternative that the design allows.
 * Whether it is carried out or only rehearsed is the choice of the Enforcer behind it (`isSimulated`).
 */
export function enforcementOf(verdict: Verdict): DesiredBlock | undefined {
  const { action, target, durationMs, decidedAtMs } = verdict
  if (target === '' || (action !== 'block' && action !== 'rate-limit')) return undefined
  const limitedMs = action === 'rate-limit' ? Math.min(durationMs, SHORT_BLOCK_MS_MAX) : durationMs
  return { target, untilMs: decidedAtMs + limitedMs }
}
