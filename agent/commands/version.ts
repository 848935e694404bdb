import { EXIT } from './exit-code.ts'
import { packageVersion } from './installation.ts'
import { processTerminal } from './terminal.ts'

/** The version of this program and of what runs it. */
export async function versionCommand(): Promise<number> {
  const { node, modules } = process.versions
  await processTerminal().out(`phantomd ${packageVersion()} (Node ${node}, ABI ${modules}, ${process.platform}-${process.arch})\n`)
  return EXIT.ok
}
