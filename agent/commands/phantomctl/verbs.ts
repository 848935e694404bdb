/** What each verb of phantomctl does: ask, show, and say with which code to leave. */
import { ControlError } from '../../control/errors.ts'
import type { ControlMode } from '../../control/schema.ts'
import { EXIT } from '../exit-code.ts'
import { packageVersion } from '../installation.ts'
import { printable } from '../table.ts'
import { formatAlert, formatAlerts, formatExplanation } from './format-alerts.ts'
import { formatDecisions, formatModeChange } from './format-decisions.ts'
import { readEvent } from './format-event.ts'
import type { StreamEvent } from './format-event.ts'
import { formatStatus } from './format-status.ts'
import { show } from './session.ts'
import type { Session } from './session.ts'

/** The checks of `status --check`, for orchestrators. */
export const CHECKS = ['live', 'ready', 'startup'] as const

/** `status`: everything at a glance, or one check; exit 1 where it is not well. */
export async function showStatus(session: Session, options: { readonly check?: (typeof CHECKS)[number] }): Promise<number> {
  const status = await session.client.status()
  const { health } = status
  if (options.check === undefined) {
    await show(session, status, () => formatStatus(status, session.terminal.width))
    return health.startup.ok && health.live.ok && health.ready.ok ? EXIT.ok : EXIT.failed
  }
  const check = health[options.check]
  await show(session, check, () => `${options.check}: ${check.ok ? 'ok' : 'NOT OK'}, ${printable(check.detail)}\n`)
  return check.ok ? EXIT.ok : EXIT.failed
}

/** `alerts list` */
export async function listAlerts(session: Session, options: { limit: number; category?: string; entity?: string }): Promise<number> {
  const alerts = await session.client.alerts(options)
  await show(session, alerts, () => formatAlerts(alerts, session.terminal.width))
  return EXIT.ok
}

/** `alerts show ID` */
export async function showAlert(session: Session, id: number): Promise<number> {
  const alert = await session.client.alert(id)
  await show(session, alert, () => formatAlert(alert, session.terminal.width))
  return EXIT.ok
}

/** `alerts explain ID` */
export async function explainAlert(session: Session, id: number): Promise<number> {
  const explanation = await session.client.explanation(id)
  await show(session, explanation, () => formatExplanation(explanation, session.terminal.width))
  return EXIT.ok
}

/** `decisions list` */
export async function listDecisions(session: Session, options: { limit: number; target?: string }): Promise<number> {
  const decisions = await session.client.decisions(options)
  await show(session, decisions, () => formatDecisions(decisions, session.terminal.width))
  return EXIT.ok
}

/** `decisions add TARGET` */
export async function addDecision(session: Session, target: string, options: { duration: number; reason: string }): Promise<number> {
  const decision = await session.client.addDecision({ target, durationMs: options.duration, reason: options.reason })
  const what = decision.simulated ? 'recorded only: the mode keeps it from the kernel' : 'in force'
  const { id, type, value, duration } = decision
  await show(session, decision, () => `${printable(`Decision ${id}: ${type} of ${value} for ${duration}, ${what}.`)}\n`)
  return EXIT.ok
}

/** `decisions delete ID|TARGET` */
export async function deleteDecisions(session: Session, selector: string): Promise<number> {
  const { client } = session
  const deleted = /^\d+$/.test(selector) ? await client.deleteDecision(Number(selector)) : await client.deleteDecisionsOn(selector)
  await show(session, deleted, () => deleted.map(({ id, value }) => `${printable(`Lifted decision ${id} on ${value}.`)}\n`).join(''))
  return EXIT.ok
}

/** `mode`: shows it, previews a change, or makes it. What touches the kernel, or may from now on, needs `--confirm`. */
export async function changeMode(
  session: Session, mode: ControlMode | undefined, options: { readonly preview?: boolean; readonly confirm?: boolean },
): Promise<number> {
  const { client, terminal } = session
  if (mode === undefined) {
    const current = await client.mode()
    await show(session, { mode: current }, () => `${current}\n`)
    return EXIT.ok
  }
  const preview = await client.previewMode(mode)
  const effects = preview.wouldEnforce.length + preview.wouldLift.length
  const touchesKernel = preview.to !== preview.from && (preview.to === 'enforce' || effects > 0)
  if (options.preview === true || (touchesKernel && options.confirm !== true)) {
    await show(session, preview, () => formatModeChange(preview, 'would', terminal.width))
    if (options.preview === true) return EXIT.ok
    terminal.err(`error: nothing was changed; repeat with --confirm: phantomctl mode ${mode} --confirm\n`)
    return EXIT.usage
  }
  const change = await client.setMode(mode)
  await show(session, change, () => formatModeChange(change, 'did', terminal.width))
  return EXIT.ok
}

/** `events`: the latest, and with `--follow` those to come until the daemon stops. Heartbeats are shown in the raw form only. */
export async function showEvents(session: Session, options: { follow?: boolean; type?: string; last: number }): Promise<number> {
  const { client, terminal, form } = session
  let dropped = 0
  for await (const line of client.events({ type: options.type, last: options.last, follow: options.follow === true })) {
    const event = readEvent(line)
    const droppedSince = (event?.dropped ?? dropped) - dropped
    if (droppedSince > 0) terminal.err(`${droppedSince} events were dropped here: this reader is too slow\n`)
    dropped += droppedSince
    if (form === 'raw' || event?.type !== 'heartbeat') await terminal.out(`${form === 'human' ? wordsOf(event, line) : line}\n`)
  }
  if (options.follow === true) terminal.err('the daemon has ended the stream\n')
  return EXIT.ok
}

/** `metrics`: Prometheus text, in JSON as one string. */
export async function showMetrics(session: Session): Promise<number> {
  const metrics = await session.client.metrics()
  if (session.form === 'raw') await session.terminal.out(metrics)
  else await show(session, { metrics }, () => metrics)
  return EXIT.ok
}

/** `version`: of this program and of the daemon. That no daemon runs is an answer here, not a failure. */
export async function showVersion(session: Session): Promise<number> {
  const own = packageVersion()
  const daemon = await session.client.version().catch((error: unknown) => {
    if (error instanceof ControlError && error.code === 'CLIENT_NOT_REACHABLE') return null
    throw error
  })
  const words = daemon === null
    ? 'phantomd does not answer'
    : `phantomd ${daemon.version} on ${daemon.node}, models ${daemon.modelVersion}, features ${daemon.featureSchema}`
  await show(session, { phantomctl: own, daemon }, () => `phantomctl ${own}\n${printable(words)}\n`)
  return EXIT.ok
}

function wordsOf(event: StreamEvent | undefined, line: string): string {
  return event?.words ?? printable(line)
}
