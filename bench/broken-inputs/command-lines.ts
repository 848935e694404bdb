// Words on the command line that mean nothing, and a daemon that is not there.
import path from 'node:path'
import { nothingToClose } from './input.ts'
import type { BrokenInput, InputGroup, Workplace } from './input.ts'

const DEMO = path.resolve(import.meta.dirname, '../../tests/fixtures/demo/demo.yaml')

/** Words, exit code, and words of the answer. */
const WRONG: readonly (readonly [words: string, exitCode: number, ...says: string[]])[] = [
  ['phantomd', 2, 'Usage'],
  ['phantomd chek', 2, 'Did you mean check?'],
  ['phantomd check --conf x', 2, '--conf', '--config'],
  ['phantomd check --config', 2, '--config', 'argument missing'],
  ['phantomd check stray', 2, 'too many arguments'],
  ['phantomd replay', 2, "missing required argument 'files'"],
  ['phantomd meter', 2, "missing required argument 'files'"],
  ['phantomd evaluate', 2, '--manifest'],
  ['phantomd train --manifest x.yaml', 2, '--out <dir>'],
  ['phantomd train --manifest x.yaml --out y --seed z', 2, 'whole number'],
  ['phantomd evaluate --manifest absent.yaml', 1, 'absent.yaml'],
  ['phantomd evaluate --manifest words.yaml', 1, 'words.yaml:1:'],
  [`phantomd train --manifest ${DEMO} --out models-out`, 1, 'cross-fitting needs 3 of each'],
  ['phantomctl', 2, 'Usage'],
  ['phantomctl statsu', 2, 'Did you mean status?'],
  ['phantomctl --output xml status', 2, 'human'],
  ['phantomctl --socket none.sock status', 3, 'none.sock'],
  ['phantomctl --socket words.yaml status', 3, 'words.yaml'],
  ['phantomctl --socket none.sock mode protect', 2, 'enforce'],
  ['phantomctl --socket none.sock alerts show x', 2, 'x'],
  ['phantomctl --socket none.sock decisions add', 2, 'missing required argument'],
  ['phantomctl --socket none.sock decisions add 192.0.2.7 --duration soon', 2, 'soon'],
]

/** Both programs. */
export async function commandInputs(place: Workplace): Promise<InputGroup> {
  place.file('words.yaml', 'only words\n')
  const inputs = WRONG.map(([words, exitCode, ...says]): BrokenInput => {
    const [program, ...rest] = words.split(' ')
    return { name: `\`${words.replace(DEMO, 'demo.yaml')}\``, command: [`bin/${program}`, ...rest], exitCode, says }
  })
  return { inputs, close: nothingToClose }
}
