// Goal: a daemon that may starts the enforcer where nobody serves the socket, and only so often; one that may not never does.
// Method: a shell script in place of the program. Only root may start it: elsewhere the rules for root are skipped with a word.
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { defaultConfig } from '../../agent/config/index.ts'
import { EnforcerProcess } from '../../agent/daemon/enforcer-process.ts'
import { silentLogger } from '../../agent/kit/index.ts'
import type { Logger } from '../../agent/kit/index.ts'
import { settled, SimulatedClock } from '../fixtures/simulated-clock.ts'

const isRoot = process.getuid?.() === 0
/** Notes its words, says that it listens, and stays until it is told to end. */
const STAYS = 'echo "$@" >> "$0.log"; echo listening; echo grumble >&2; trap "exit 0" TERM; while :; do sleep 0.05; done'
const ENDS = 'echo "$@" >> "$0.log"; exit 3'

test.skipIf(!isRoot)('it is started once with the caps of the configuration, and ended with the daemon (needs root)', async () => {
  const { enforcer, starts } = program(STAYS)
  await enforcer.keep()
  await enforcer.keep()
  await enforcer.stop()
  expect(starts()).toHaveLength(1)
  const { elementsMax, prefixLength4Min } = defaultConfig('/srv').response
  expect(starts()[0]).toContain(`--exit-with-parent --elements-max ${elementsMax} --prefix-min-v4 ${prefixLength4Min} `)
  await enforcer.keep()
  expect(starts()).toHaveLength(1)
})

test.skipIf(!isRoot)('one that keeps ending is started five times a minute, and that is said once (needs root)', async () => {
  const said: string[] = []
  const { enforcer, starts, clock } = program(ENDS, { ...silentLogger, error: (_data, message) => { said.push(message) } })
  for (let round = 0; round < 8; round++) await keepAndEnd(enforcer)
  expect([starts().length, said]).toEqual([5, [expect.stringContaining('Enforcer keeps ending')]])
  await clock.advance(60_000)
  await keepAndEnd(enforcer)
  expect(starts()).toHaveLength(6)
})

test('where somebody serves the socket, none is started', async () => {
  const { enforcer, starts, socketPath } = program(STAYS)
  const server = createServer().listen(socketPath)
  await enforcer.keep()
  server.close()
  await enforcer.stop()
  expect(starts()).toEqual([])
})

test('without the program nothing happens', async () => {
  const { enforcer, folder } = program('')
  await enforcer.keep()
  await enforcer.stop()
  expect(existsSync(path.join(folder, 'run'))).toBe(false)
})

/** `keep` resolves with the program's end or with its first words; here it has ended, and that has been noticed a turn later. */
async function keepAndEnd(enforcer: EnforcerProcess): Promise<void> {
  await enforcer.keep()
  await settled()
}

function program(script: string, logger: Logger = silentLogger) {
  const folder = mkdtempSync(path.join(tmpdir(), 'pm-enforcer-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const file = path.join(folder, 'native/build/phantommesh-enforcer')
  if (script !== '') {
    mkdirSync(path.dirname(file), { recursive: true })
    writeFileSync(file, `#!/bin/sh\n${script}\n`)
    chmodSync(file, 0o755)
  }
  const clock = new SimulatedClock()
  const socketPath = path.join(folder, 'enforcer.sock')
  const enforcer = new EnforcerProcess({ root: folder, socketPath, response: defaultConfig('/srv').response, clock, logger })
  const starts = (): string[] => (existsSync(`${file}.log`) ? readFileSync(`${file}.log`, 'utf8').trim().split('\n') : [])
  return { enforcer, starts, clock, folder, socketPath }
}
