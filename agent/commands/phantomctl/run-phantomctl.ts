import { Argument, Command, CommanderError, InvalidArgumentError, Option } from 'commander'
import { createControlClient } from '../../control/client.ts'
import { DURATION_MS_MAX, DURATION_MS_MIN, parseDuration } from '../../control/duration.ts'
import { ControlError } from '../../control/errors.ts'
import { describeFailure, EXIT } from '../exit-code.ts'
import { chooseSocket } from '../installation.ts'
import { printable } from '../table.ts'
import type { Terminal } from '../terminal.ts'
import type { OutputForm, Session } from './session.ts'
import {
  addDecision, changeMode, CHECKS, deleteDecisions, explainAlert, listAlerts, listDecisions, showAlert, showEvents, showMetrics, showStatus,
  showVersion,
} from './verbs.ts'

interface GlobalOptions {
  readonly socket?: string
  readonly output: OutputForm
}

type Run = (work: (session: Session) => Promise<number>) => Promise<void>

/** Runs one command line; resolves with the exit code. `socketOfEnvironment` is PHANTOMMESH_SOCKET. */
export async function runPhantomctl(argv: readonly string[], terminal: Terminal, socketOfEnvironment?: string): Promise<number> {
  let exitCode: number = EXIT.ok
  const program = new Command('phantomctl')
  const run: Run = async (work) => {
    const { socket, output } = program.opts<GlobalOptions>()
    const client = createControlClient(chooseSocket(socket ?? socketOfEnvironment))
    exitCode = await work({ client, terminal, form: output })
  }
  describeProgram(program, terminal)
  addReadingVerbs(program, run)
  addAlerts(program, run)
  addDecisions(program, run)
  addMode(program, run)
  try {
    await program.parseAsync(argv, { from: 'user' })
    return exitCode
  } catch (error) {
    // Commander has already said what was wrong with the words.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage
    return reportFailure(error, terminal)
  }
}

function describeProgram(program: Command, terminal: Terminal): void {
  program
    .description('Asks and steers the phantomd of this machine.')
    .option('--socket <file>', 'control socket (default: PHANTOMMESH_SOCKET, else .phantommesh/agent.sock of the checkout, ' +
      'else /run/phantommesh/agent.sock)')
    .addOption(new Option('-o, --output <form>', 'for people, as indented JSON, or as the daemon sent it')
      .choices(['human', 'json', 'raw']).default('human'))
    .exitOverride()
    .configureOutput({
      writeOut: (text) => { void terminal.out(text) },
      writeErr: (text) => terminal.err(text),
      getOutHelpWidth: () => Math.min(terminal.width, 120),
      getErrHelpWidth: () => Math.min(terminal.width, 120),
    })
    .showHelpAfterError('(phantomctl --help shows the verbs; phantomctl help VERB one of them)')
}

function addReadingVerbs(program: Command, run: Run): void {
  program.command('status').description('state of the daemon; exit 1 where it is not well')
    .addOption(new Option('--check <name>', 'only this check').choices([...CHECKS]))
    .action((options: { check?: (typeof CHECKS)[number] }) => run((session) => showStatus(session, options)))
  program.command('events').description('the latest events, one a line')
    .option('-f, --follow', 'stay for those to come')
    .option('--type <names>', 'only these event types, separated by commas')
    .option('--last <n>', 'how many of the latest to begin with, 0 to 1000', wholeNumber, 20)
    .action((options: { follow?: boolean; type?: string; last: number }) => run((session) => showEvents(session, options)))
  program.command('metrics').description('all metrics, in the text format of Prometheus').action(() => run(showMetrics))
  program.command('version').description('versions of this program and of the daemon').action(() => run(showVersion))
}

function addAlerts(program: Command, run: Run): void {
  const alerts = program.command('alerts').description('what was found')
  alerts.command('list').description('the latest alerts, the newest first')
    .option('--limit <n>', 'at most so many, 1 to 1000', wholeNumber, 50)
    .option('--category <name>', 'only this category').option('--entity <name>', 'only this entity')
    .action((options: { limit: number; category?: string; entity?: string }) => run((session) => listAlerts(session, options)))
  alerts.command('show').description('one alert: what, who, when, what was done').argument('<id>', 'its number', wholeNumber)
    .action((id: number) => run((session) => showAlert(session, id)))
  alerts.command('explain').description('one alert with every reason, in numbers, and what would have changed the verdict')
    .argument('<id>', 'its number', wholeNumber)
    .action((id: number) => run((session) => explainAlert(session, id)))
}

function addDecisions(program: Command, run: Run): void {
  const decisions = program.command('decisions').description('what is in force')
  decisions.command('list').description('active decisions, the newest first')
    .option('--limit <n>', 'at most so many, 1 to 1000', wholeNumber, 1_000)
    .option('--target <address>', 'only those on this address or prefix')
    .action((options: { limit: number; target?: string }) => run((session) => listDecisions(session, options)))
  decisions.command('add').description('block an address or prefix').argument('<target>', 'like 192.0.2.7 or 2001:db8::/64')
    .addOption(new Option('--duration <time>', 'like 90s, 1h30m or 7d').argParser(duration).default(3_600_000, '1h'))
    .option('--reason <words>', 'why, for whoever reads it later', '')
    .action((target: string, options: { duration: number; reason: string }) => run((session) => addDecision(session, target, options)))
  decisions.command('delete').description('lift one decision, or all on a target')
    .argument('<id|target>', 'a number, or an address or prefix')
    .action((selector: string) => run((session) => deleteDecisions(session, selector)))
}

function addMode(program: Command, run: Run): void {
  program.command('mode').description('show the mode, or change it')
    .addArgument(new Argument('[mode]', 'the mode to change to').choices(['off', 'observe', 'enforce']))
    .addOption(new Option('--preview', 'only show what would be enforced and lifted').conflicts('confirm'))
    .option('--confirm', 'do it; needed for whatever touches the kernel')
    .action((mode: 'off' | 'observe' | 'enforce' | undefined, options: { preview?: boolean; confirm?: boolean }) =>
      run((session) => changeMode(session, mode, options)))
}

function reportFailure(error: unknown, terminal: Terminal): number {
  const { text, exitCode } = describeFailure(error)
  terminal.err(`${text.split('\n').map(printable).join('\n')}\n`)
  if (error instanceof ControlError) terminal.err(adviceFor(error))
  return exitCode
}

function adviceFor({ problem }: ControlError): string {
  if (problem.code === 'CLIENT_NOT_REACHABLE') {
    return 'Is it running? Start it with \'systemctl start phantommesh-agent\', or from a checkout with \'sudo bin/phantomd run\';\n' +
      'name another socket with --socket FILE or PHANTOMMESH_SOCKET.\n'
  }
  if (problem.code === 'CLIENT_NOT_PERMITTED') {
    return 'Use sudo, or join the group of the socket: \'sudo usermod -aG phantommesh "$USER"\', then log in again.\n'
  }
  return ''
}

function wholeNumber(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('It must be a whole number.')
  return Number(text)
}

function duration(text: string): number {
  const durationMs = parseDuration(text)
  if (durationMs === undefined) throw new InvalidArgumentError('It must be a duration like 90s, 1h30m or 7d.')
  if (durationMs < DURATION_MS_MIN || durationMs > DURATION_MS_MAX) throw new InvalidArgumentError('It must be between 1s and 7d.')
  return durationMs
}
