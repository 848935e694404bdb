// What the programs say to inputs that are broken, missing or forbidden: every message names the place, and the exit code is the right one.
//
//   npm run bench:inputs [-- GROUP]        (as root all inputs, else those that need no root; about half a minute)
//
// Prints a table of input, exit code and first words; exits with 1 where a program hung, crashed, left with another code, or did not name
// the place. Daemons are started in a network namespace of their own, so that nothing of this machine is watched or changed.
import { spawnSync } from 'node:child_process'
import path from 'node:path'
import { captureInputs } from './broken-inputs/captures.ts'
import { commandInputs } from './broken-inputs/command-lines.ts'
import { configInputs } from './broken-inputs/configurations.ts'
import { daemonInputs } from './broken-inputs/daemons.ts'
import type { BrokenInput } from './broken-inputs/input.ts'
import { openWorkplace } from './broken-inputs/input.ts'
import { modelInputs } from './broken-inputs/models.ts'

const ROOT = path.resolve(import.meta.dirname, '..')
const ANSWER_MS_MAX = 20_000
const WORDS_MAX = 230

const place = openWorkplace()
const groups = [captureInputs, configInputs, modelInputs, daemonInputs, commandInputs]
let failures = 0
try {
  process.stdout.write('| input | exit | message |\n|---|---|---|\n')
  for (const group of groups) {
    if (process.argv[2] !== undefined && !group.name.startsWith(process.argv[2])) continue
    const made = await group(place)
    failures += made.inputs.filter((input) => !row(input)).length
    await made.close()
  }
} finally {
  place.close()
}
process.stdout.write(
  `\n${failures === 0 ? 'every message names its place' : `${failures} answers are not as they must be (marked with !)`}\n`
)
process.exitCode = failures === 0 ? 0 : 1

/** Runs one input and prints its row; whether the answer is as it must be. */
function row({ name, command, exitCode, says }: BrokenInput): boolean {
  const [program, ...args] = command.map((word) => word.replace(/^bin\//, `${ROOT}/bin/`))
  const { status, signal, stdout, stderr } = spawnSync(program!, args, { cwd: place.folder, encoding: 'utf8', timeout: ANSWER_MS_MAX })
  const words = `${stderr}${stdout}`
  const isRight = status === exitCode && says.every((each) => words.includes(each)) && !words.includes('unexpected error')
  const shown = lastWords(stderr === '' ? stdout : stderr).replaceAll(`${place.folder}/`, '').replaceAll('|', '\\|')
  process.stdout.write(`| ${isRight ? '' : '! '}${name} | ${status ?? signal} | ${shown.slice(0, WORDS_MAX)} |\n`)
  return isRight
}

/** Log lines of a daemon's start and what was read before the trouble are not the message. */
function lastWords(text: string): string {
  const lines = text.trim().split('\n').filter(
    (line) => !line.startsWith('{') && !/^[\d,]+ packets, /.test(line) && !line.startsWith('(phantom')
  )
  return lines.join(' ⏎ ')
}
