import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { seededRandom } from '../../agent/kit/index.ts'
import type { Finished } from '../lab/lab.ts'
import { PLAN, clientAddress } from './plan.ts'
import { type Stage, cue, pause } from './stage.ts'

/** What really happened, for the manifest. */
export interface Incident {
  readonly category: 'scan' | 'bruteforce' | 'c2'
  readonly entity: string
  readonly peer: string
  readonly fromMs: number
  readonly toMs: number
  readonly tool: string
}

/** The three attacks. Each resolves to what it did, or throws when the tool did not do it. */
export function attacks(stage: Stage, seed: number): Promise<Incident>[] {
  return [scan(stage), guessPasswords(stage), callHome(stage, seed)]
}

async function scan(stage: Stage): Promise<Incident> {
  const { client, target, ports, afterMs } = PLAN.scan
  const host = stage.network.clients[client]
  if (host === undefined) throw new Error('no such client')
  await cue(stage, afterMs)
  return during({ category: 'scan', entity: clientAddress(client), peer: target, tool: `nmap -sS -T4 -p ${ports}` }, async () => {
    const result = await stage.lab.run(host, ['nmap', '-sS', '-Pn', '-n', '-T4', '-p', ports, target])
    if (result.exitCode !== 0) throw new Error(`nmap failed: ${result.output}`)
  })
}

async function guessPasswords(stage: Stage): Promise<Incident> {
  const { source, users, passwords, afterMs } = PLAN.bruteForce
  const guesses = path.join(stage.lab.folder, 'passwords')
  const names = path.join(stage.lab.folder, 'users')
  writeFileSync(guesses, Array.from({ length: passwords }, (_, index) => `guess-${index}\n`).join(''))
  writeFileSync(names, users.map((user) => `${user}\n`).join(''))
  await cue(stage, afterMs)
  return during({ category: 'bruteforce', entity: source, peer: PLAN.jumpHost, tool: 'hydra -t 4 -w 2 ssh' }, async () => {
    // hydra has no option for its own address: a route with that source, for this one target, gives it one.
    const { namespace } = stage.network.outside
    stage.lab.ip('-n', namespace, 'rule', 'add', 'to', PLAN.jumpHost, 'uidrange', `${GUESSER}-${GUESSER}`, 'table', '77')
    stage.lab.ip('-n', namespace, 'route', 'add', 'default', 'via', PLAN.gateway.outside, 'src', source, 'table', '77')
    const words = ['hydra', '-I', '-t', '4', '-w', '2', '-L', names, '-P', guesses, `ssh://${PLAN.jumpHost}`]
    const asGuesser = ['setpriv', `--reuid=${GUESSER}`, '--clear-groups', 'env', `HOME=${stage.lab.folder}`]
    const result = await stage.lab.run(stage.network.outside, [...asGuesser, ...words])
    if (!isCompleted(result)) throw new Error(`hydra failed: ${result.output}`)
  })
}

/** A user id nobody has: only so that the routing rule above can tell hydra from the rest. */
const GUESSER = 47_077

function isCompleted(hydra: Finished): boolean {
  return /1 of 1 target .*completed|0 valid password/.test(hydra.output)
}

/** An implant's check-in: TLS to its own server, a small answer, a fixed period with a little jitter. */
async function callHome(stage: Stage, seed: number): Promise<Incident> {
  const { client, server, name, periodMs, jitterMs, afterMs } = PLAN.beacon
  const host = stage.network.clients[client]
  if (host === undefined) throw new Error('no such client')
  const random = seededRandom(seed + 999)
  await cue(stage, afterMs)
  const tool = `curl over TLS every ${periodMs} ms ± ${jitterMs} ms`
  return during({ category: 'c2', entity: clientAddress(client), peer: server, tool }, async () => {
    let answered = 0
    let dueAtMs = Date.now()
    do {
      const result = await stage.lab.run(host, ['curl', '-s', '-k', '-m', '5', '-o', '/dev/null', `https://${name}/f0`])
      if (result.exitCode === 0) answered += 1
      dueAtMs += periodMs + jitterMs * (2 * random.uniform() - 1)
    } while (await pause(stage, dueAtMs - Date.now()))
    if (answered < 20) throw new Error(`only ${answered} check-ins were answered`)
  })
}

async function during(what: Omit<Incident, 'fromMs' | 'toMs'>, act: () => Promise<void>): Promise<Incident> {
  const fromMs = Date.now()
  await act()
  return { ...what, fromMs, toMs: Date.now() }
}
