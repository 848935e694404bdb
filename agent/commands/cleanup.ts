import { spawnSync } from 'node:child_process'
import { createControlClient } from '../control/client.ts'
import { ControlError } from '../control/errors.ts'
import { EXIT } from './exit-code.ts'
import { chooseSocket } from './installation.ts'
import { processTerminal } from './terminal.ts'

const NFT_MS_MAX = 10_000

/**
 * Removes the agent's table from the kernel with nothing but nft, so that it works when neither daemon nor enforcer does.
 * A running daemon would put its rules back within seconds; then nothing is touched and it says so.
 */
export async function cleanupCommand(): Promise<number> {
  const terminal = processTerminal()
  const socketPath = chooseSocket(process.env['PHANTOMMESH_SOCKET'])
  if (await isRunning(socketPath)) {
    terminal.err(`error: a daemon answers on ${socketPath} and would put its rules back; stop it first, or lift everything with ` +
      '\'phantomctl mode observe --confirm\'\n')
    return EXIT.failed
  }
  const nft = spawnSync('nft', ['delete', 'table', 'inet', 'phantommesh'], { encoding: 'utf8', timeout: NFT_MS_MAX })
  const { text, exitCode } = describeRemoval(nft.status, nft.error?.message ?? nft.stderr)
  if (exitCode === EXIT.ok) await terminal.out(`${text}\n`)
  else terminal.err(`error: ${text}\n`)
  return exitCode
}

/** What nft's answer means: its exit status, and its words (nft has no codes; the kernel's errno texts are stable). */
export function describeRemoval(status: number | null, words: string): { readonly text: string; readonly exitCode: number } {
  if (status === 0) return { text: 'removed table inet phantommesh from the kernel', exitCode: EXIT.ok }
  if (words.includes('No such file or directory')) return { text: 'nothing to remove: no table inet phantommesh', exitCode: EXIT.ok }
  if (words.includes('Operation not permitted')) return { text: 'this needs root: sudo phantomd cleanup', exitCode: EXIT.notPermitted }
  if (words.includes('ENOENT')) return { text: 'nft is not installed (Debian: apt install nftables)', exitCode: EXIT.failed }
  return { text: `nft could not remove the table: ${words.trim()}`, exitCode: EXIT.failed }
}

async function isRunning(socketPath: string): Promise<boolean> {
  try {
    await createControlClient(socketPath).version()
    return true
  } catch (error) {
    // Whoever answers at all, even with a refusal, is running.
    return !(error instanceof ControlError && error.code === 'CLIENT_NOT_REACHABLE')
  }
}
