import type { Cancel, Clock } from '../kit/index.ts'
import type { EventSubscription } from './agent-control.ts'

/** How a stream of events shows that it is alive. */
export interface StreamOptions {
  readonly clock: Clock
  /** A heartbeat follows this long after the last line. */
  readonly heartbeatMs: number
}

/**
 * A subscription as text for the wire: JSON lines, with a heartbeat line where there was nothing to say or where lines were
 * dropped: `{"event_type":"heartbeat","timestamp":…,"phantommesh":{"dropped":0}}`. Ends when the subscription does.
 */
export async function* streamLines(subscription: EventSubscription, options: StreamOptions): AsyncGenerator<string> {
  const { clock, heartbeatMs } = options
  let reportedDrops = 0
  let pending = subscription.next()
  for (;;) {
    const lines = await orAfter(pending, clock, heartbeatMs)
    if (lines === undefined) return
    if (lines !== 'late') {
      pending = subscription.next()
      yield `${lines.join('\n')}\n`
    }
    if (lines === 'late' || subscription.dropped > reportedDrops) {
      reportedDrops = subscription.dropped
      yield heartbeat(clock.wallMs(), reportedDrops)
    }
  }
}

async function orAfter<T>(pending: Promise<T>, clock: Clock, delayMs: number): Promise<T | 'late'> {
  let cancel: Cancel | undefined
  const late = new Promise<'late'>((resolve) => {
    cancel = clock.after(delayMs, () => resolve('late'))
  })
  try {
    return await Promise.race([pending, late])
  } finally {
    cancel?.()
  }
}

function heartbeat(wallMs: number, dropped: number): string {
  return `${JSON.stringify({ timestamp: new Date(wallMs).toISOString(), event_type: 'heartbeat', phantommesh: { dropped } })}\n`
}
