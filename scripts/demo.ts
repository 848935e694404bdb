// npm run demo: a recorded gateway through the whole agent, what it found, and one finding explained.
import path from 'node:path'
import { formatExplanation } from '../agent/commands/phantomctl/format-alerts.ts'
import { describeAlerts } from '../agent/commands/replay.ts'
import { describeSummary } from '../agent/commands/capture-run.ts'
import { createProgressBar, processTerminal } from '../agent/commands/terminal.ts'
import { defaultConfig } from '../agent/config/index.ts'
import { describeAlert } from '../agent/control/describe-decided.ts'
import { explainAlert } from '../agent/control/explain-alert.ts'
import { openModels, policyOf } from '../agent/daemon/create-detection.ts'
import { replay } from '../agent/daemon/replay.ts'
import { summarise } from '../agent/daemon/summary.ts'
import { systemClock } from '../agent/daemon/system-clock.ts'
import { actionThreshold, isContainment } from '../agent/decision/index.ts'
import { silentLogger } from '../agent/kit/index.ts'
import { openMemoryStore } from '../agent/storage/index.ts'

const ROOT = path.resolve(import.meta.dirname, '..')
const CAPTURE = 'tests/fixtures/demo/gateway.pcap.gz'
const WIDTH_MAX = 120

const terminal = processTerminal()
const width = Math.min(terminal.width, WIDTH_MAX)
const config = defaultConfig(ROOT)
const policy = policyOf(config)

await terminal.out(`Four minutes at the inside of a VPN gateway (${CAPTURE}): 14 clients browse, copy, log in and are polled; one of them
scans a server, one calls home every six seconds, and a stranger guesses passwords. The agent sees headers and timing only.\n\n`)
const bar = createProgressBar('replaying', terminal, systemClock)
const startedAtMs = systemClock.monotonicMs()
const models = await openModels(config)
const result = await replay(
  { files: [path.join(ROOT, CAPTURE)], config, models, store: openMemoryStore(), output: undefined, logger: silentLogger },
  (fraction, alerts) => bar.update(fraction, `${alerts} alerts`),
)
bar.end()
await models.inference.close()
if (result.failure !== undefined) throw result.failure

await terminal.out(`What was found, in the time of the capture:\n\n${describeAlerts(result, { width })}\n`)
const explained = result.alerts.findLast(({ verdict }) => isContainment(verdict.action)) ?? result.alerts.at(-1)
if (explained !== undefined) {
  const threshold = actionThreshold('alert', policy.decision.costs, policy.available) ?? 1
  const alert = describeAlert(explained, Math.log(threshold / (1 - threshold)))
  await terminal.out('One of them in full, as `phantomctl alerts explain` shows it on a running agent:\n\n')
  await terminal.out(`${formatExplanation(explainAlert(alert), width)}\n`)
}
const summary = summarise({
  counters: result.counters, alerts: result.alertCount, decisions: result.decisionCount, elapsedMs: systemClock.monotonicMs() - startedAtMs,
})
await terminal.out(`${describeSummary(summary)}; ${summary.events.scored} events judged, ${summary.events.shed} shed.
Nothing was blocked: a replay never touches the kernel, and the mode is \`observe\` until you say otherwise.

Where to go next
  bin/phantomd replay YOUR.pcap            the same on a capture of yours
  sudo bin/phantomd run                    watch the interface of the default route (mode: observe)
  bin/phantomctl status                    what it sees; alerts list, alerts explain ID, events --follow
  docs/architecture.md                     how it works;  docs/measurements.md  how well\n`)
