/** phantomctl: a thin client of the daemon's control socket. */
import { runPhantomctl } from './commands/phantomctl/run-phantomctl.ts'
import { endQuietlyOnBrokenPipe, processTerminal } from './commands/terminal.ts'

endQuietlyOnBrokenPipe()
process.exitCode = await runPhantomctl(process.argv.slice(2), processTerminal(), process.env['PHANTOMMESH_SOCKET'])
