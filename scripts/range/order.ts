import path from 'node:path'
import { parseArgs } from 'node:util'
import { SCENARIOS } from './scenarios.ts'
import type { Scenario } from './scenarios.ts'

/** What to play. */
export interface Order {
  readonly name: string
  readonly scenario: Scenario
  readonly minutes: number
  readonly seed: number
  readonly out: string
  /** The mode of the agent on the gateways; undefined: there is none. */
  readonly agent: 'observe' | 'enforce' | undefined
}

const MINUTES = { min: 1, max: 60 } as const

/** A wrong word on the command line, said to whoever typed it. */
class WrongOrder extends Error {}

/** Reads the command line. Undefined when there is nothing to play: then the answer or the error was printed and the exit code set. */
export function readOrder(words: readonly string[]): Order | undefined {
  try {
    const values = parse(words)
    if (!values.list) return understand(values)
    printList()
  } catch (error) {
    if (!(error instanceof WrongOrder) && !(error instanceof TypeError)) throw error
    console.error(`range: ${error.message}`)
    process.exitCode = 2
  }
  return undefined
}

function parse(words: readonly string[]) {
  return parseArgs({
    args: [...words],
    options: {
      scenario: { type: 'string', default: 'benign' }, minutes: { type: 'string' }, seed: { type: 'string', default: '1' },
      out: { type: 'string' }, only: { type: 'string' }, agent: { type: 'string' }, list: { type: 'boolean', default: false },
    },
  }).values
}

function understand(values: ReturnType<typeof parse>): Order {
  const { scenario: name, out, agent } = values
  const known = SCENARIOS[name]
  if (known === undefined) throw new WrongOrder(`--scenario ${name} is none of ${Object.keys(SCENARIOS).join(', ')}`)
  if (out === undefined) throw new WrongOrder('--out DIR is missing')
  if (agent !== undefined && agent !== 'observe' && agent !== 'enforce') {
    throw new WrongOrder(`--agent ${agent} is neither observe nor enforce`)
  }
  const scenario = { ...known, attacks: chosen(name, known, values.only) }
  return { name, scenario, minutes: minutesOf(values.minutes, known), seed: seedOf(values.seed), out: path.resolve(out), agent }
}

function chosen(name: string, { attacks }: Scenario, only: string | undefined): Scenario['attacks'] {
  if (only === undefined) return attacks
  const wanted = only.split(',')
  const missing = wanted.filter((each) => !attacks.some((attack) => attack.name === each))
  if (missing.length > 0) throw new WrongOrder(`--only: ${name} has no ${missing.join(', ')} (--list shows what it has)`)
  return attacks.filter((attack) => wanted.includes(attack.name))
}

function minutesOf(text: string | undefined, { minutes: usual }: Scenario): number {
  const minutes = Number(text ?? usual)
  if (minutes >= MINUTES.min && minutes <= MINUTES.max) return minutes
  throw new WrongOrder(`--minutes ${text} is not ${MINUTES.min} to ${MINUTES.max}`)
}

function seedOf(text: string): number {
  const seed = Number(text)
  if (text !== '' && Number.isSafeInteger(seed) && seed >= 0) return seed
  throw new WrongOrder(`--seed ${text} is not a whole number from 0 on`)
}

function printList(): void {
  for (const [name, { what, minutes, attacks }] of Object.entries(SCENARIOS)) {
    console.log(`${name}: ${what} (${minutes} minutes, ${attacks.length} attacks)`)
    for (const attack of attacks) console.log(`    ${attack.category}  ${attack.name}  ${attack.place}, ${attack.seconds} s`)
  }
}
