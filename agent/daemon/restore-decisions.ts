import type { ActiveDecision, Decider } from '../decision/index.ts'
import type { Clock, Logger } from '../kit/index.ts'
import type { Responder } from './responder.ts'

/** What the run before left, and who takes it over. */
export interface Restoration {
  readonly stored: readonly ActiveDecision[]
  readonly decider: Decider
  readonly responder: Responder
  readonly clock: Clock
  readonly logger: Logger
}

/**
 * Decisions of the run before: those that still hold are put back into the kernel, the others forgotten. What was real and is not any
 * more, because the mode changed in between, leaves the kernel as well: it would go on cutting somebody off that nobody sees.
 */
export async function restoreDecisions({ stored, decider, responder, clock, logger }: Restoration): Promise<void> {
  const nowMs = clock.wallMs()
  const left = decider.mode === 'off' ? stored : decider.restore(stored, nowMs)
  await responder.lift(left, 'ended')
  const isReal = new Set(decider.active().filter(({ simulated }) => !simulated).map(({ value }) => value))
  const demoted = stored.filter(({ value, simulated, untilMs }) => !simulated && untilMs > nowMs && !isReal.has(value))
  await responder.release(demoted)
  const known = new Map(stored.map(({ id, simulated }) => [id, simulated]))
  await responder.remember(decider.active().filter(({ id, simulated }) => known.get(id) !== simulated))
  const results = await responder.enforce(decider.active())
  const restored = decider.active().length
  const enforced = results.filter(({ outcome }) => outcome === 'enforced').length
  if (stored.length > 0) logger.info({ restored, enforced, released: demoted.length, ended: left.length }, 'Decisions of the run before')
}
