import type { ControlClient } from '../../control/client.ts'
import { paintTrouble } from '../table.ts'
import type { Terminal } from '../terminal.ts'

/** How results are shown: for people, as indented JSON, or as the daemon sent them, one JSON document a line. */
export type OutputForm = 'human' | 'json' | 'raw'

/** What every verb works with. */
export interface Session {
  readonly client: ControlClient
  readonly terminal: Terminal
  readonly form: OutputForm
}

/** Prints one result in the form that was asked for. `human` is called only when people read it. */
export async function show(session: Session, result: unknown, human: () => string): Promise<void> {
  const { terminal, form } = session
  if (form === 'human') await terminal.out(terminal.isColoured ? paintTrouble(human()) : human())
  else await terminal.out(`${JSON.stringify(result, undefined, form === 'json' ? 2 : 0)}\n`)
}
