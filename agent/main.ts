/** phantomd: the daemon and its tools. */
import { runPhantomd } from './commands/run-phantomd.ts'
import { endQuietlyOnBrokenPipe, processTerminal } from './commands/terminal.ts'

endQuietlyOnBrokenPipe()
process.exitCode = await runPhantomd(process.argv.slice(2), processTerminal())
