import { Command, CommanderError, InvalidArgumentError } from 'commander'
import { describeFailure, EXIT } from './exit-code.ts'
import type { Terminal } from './terminal.ts'

type Verb = (options: object) => Promise<number>

/** Runs one command line of phantomd; resolves with the exit code. Each verb is a file of its own, loaded only when called. */
export async function runPhantomd(argv: readonly string[], terminal: Pick<Terminal, 'out' | 'err'>): Promise<number> {
  let exitCode: number = EXIT.ok
  const program = new Command('phantomd').configureOutput({
    writeOut: (text) => { void terminal.out(text) },
    writeErr: (text) => terminal.err(text),
  })
  addVerbs(program, (code) => { exitCode = code })
  try {
    await program.parseAsync(argv, { from: 'user' })
    return exitCode
  } catch (error) {
    // Commander has already said what was wrong with the words.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage
    const failure = describeFailure(error)
    terminal.err(`${failure.text}\n`)
    return failure.exitCode
  }
}

function addVerbs(program: Command, finish: (exitCode: number) => void): void {
  program.description('Watches packet metadata on a gateway, decides, and acts in its own firewall.')
    .exitOverride()
    .showHelpAfterError('(phantomd --help shows the verbs; phantomd help VERB one of them)')
  const verb = (name: string, description: string) => program.command(name).description(description)
    .action(async (...args: unknown[]) => {
      const command = args.at(-1)
      if (!(command instanceof Command)) return
      finish(await (await loadVerb(name))({ ...command.opts(), ...(command.args.length > 0 ? { files: command.args } : {}) }))
    })
  const config = ['--config <file>', 'configuration (default: /etc/phantommesh/agent.yaml, or all defaults where there is none)'] as const
  const files = ['<files...>', 'pcap or pcapng, also .gz'] as const
  const output = ['--output <file>', 'write events there, one JSON object a line; - for standard output'] as const
  const summary = ['--summary-json <file>', 'write the counts there'] as const
  const manifest = ['--manifest <file...>', 'labelled captures, as YAML'] as const

  verb('run', 'the daemon').option(...config)
  verb('replay', 'capture files through the whole pipeline, in packet time, as fast as it goes').argument(...files)
    .option(...config).option(...output).option('--state <dir>', 'keep the state there').option(...summary)
  verb('meter', 'capture files into flow records only: no host tables, no scoring').argument(...files)
    .option(...output).option(...summary).option('--no-timers', 'end flows with their file only: no timeouts, no segments')
  verb('check', 'test the configuration: exit 0, or 5 with every problem and its line').option(...config)
  verb('train', 'base models from labelled captures; same seed, same models').requiredOption(...manifest)
    .requiredOption('--out <dir>', 'where the models go').option('--seed <n>', 'seed of every random choice', wholeNumber, 1)
    .option('--config <file>', 'configuration that names the node\'s key, which signs (default: as for run)')
  verb('evaluate', 'detection quality on labelled captures').requiredOption(...manifest)
    .option('--models <dir>', 'models to evaluate (default: the shipped ones)')
    .option('--config <file>', 'configuration that says whose models are trusted; nothing else of it is used')
    .option('--json <file>', 'write the whole report there')
  verb('cleanup', 'remove what the agent put into the kernel')
  verb('version', 'the version of this program')
}

/** Loads `<name>.ts` beside this file; the verbs pull in the addon, ONNX Runtime and level only when they need them. */
async function loadVerb(name: string): Promise<Verb> {
  const module: Readonly<Record<string, unknown>> = await import(new URL(`${name}.ts`, import.meta.url).href)
  const verb = module[`${name}Command`]
  if (!isVerb(verb)) throw new TypeError(`agent/commands/${name}.ts does not export ${name}Command`)
  return verb
}

function isVerb(value: unknown): value is Verb {
  return typeof value === 'function'
}

function wholeNumber(text: string): number {
  if (!/^\d{1,10}$/.test(text)) throw new InvalidArgumentError('It must be a whole number.')
  return Number(text)
}
