// What an input is, and the folder in which all of them lie.
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'

/** One thing done wrong. */
export interface BrokenInput {
  readonly name: string
  /** Program and words, as a shell would start them in the workplace. */
  readonly command: readonly string[]
  /** The code of the command line's contract (agent/commands/exit-code.ts). */
  readonly exitCode: number
  /** What the message must hold: the place, and what to do or what was expected. */
  readonly says: readonly string[]
}

/** The inputs of one kind, and what removes what they need besides files. */
export interface InputGroup {
  readonly inputs: readonly BrokenInput[]
  close(): Promise<void>
}

/** A folder for the files of all inputs. */
export interface Workplace {
  readonly folder: string
  readonly isRoot: boolean
  /** Writes a file there and gives its path. */
  file(name: string, content: string | Uint8Array, mode?: number): string
  close(): void
}

/** A new folder under the system's temporary folder, which anybody may read. */
export function openWorkplace(): Workplace {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'pm-inputs-'))
  chmodSync(folder, 0o755)
  return {
    folder,
    isRoot: process.getuid?.() === 0,
    file(name, content, mode = 0o644) {
      const file = path.join(folder, name)
      mkdirSync(path.dirname(file), { recursive: true })
      writeFileSync(file, content)
      chmodSync(file, mode)
      return file
    },
    close: () => rmSync(folder, { recursive: true, force: true }),
  }
}

/** Files need no closing. */
export async function nothingToClose(): Promise<void> {}
