// Goal: no octets on its socket harm the privileged program.
// Method: its readers, compiled with the address and undefined-behaviour sanitizers, read mutated requests; then the real program
//         gets garbage over its socket and still answers.
import { spawnSync } from 'node:child_process'
import { chmodSync, copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { systemClock } from '../../agent/daemon/system-clock.ts'
import { integerBelow, seededRandom } from '../../agent/kit/index.ts'
import { EnforcerClient } from '../../agent/response/index.ts'
import { Namespaces, whyNoEnforcer } from './namespaces.ts'

const SOURCES = path.resolve(import.meta.dirname, '../../native/enforcer')
const SEED = 20_261_123
const ROUNDS = 200_000

test(`200 000 mutated requests leave the sanitizers silent (seed ${SEED})`, () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'pm-fuzz-'))
  const program = path.join(folder, 'fuzz')
  const sources = ['test/protocol_fuzz.cc', 'protocol.cc', 'interval.cc'].map((file) => path.join(SOURCES, file))
  const flags = ['-std=c++20', '-O1', '-g1', '-fsanitize=address,undefined', '-fno-sanitize-recover=all']
  try {
    const built = spawnSync('g++', [...flags, ...sources, '-o', program], { encoding: 'utf8' })
    expect(built.stderr).toBe('')
    const ran = spawnSync(program, [String(ROUNDS), String(SEED)], { encoding: 'utf8' })
    expect(ran).toMatchObject({ status: 0, stderr: '' })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

const obstacle = whyNoEnforcer()

describe.skipIf(obstacle !== '')(`the enforcer program${obstacle === '' ? '' : ` (skipped: ${obstacle})`}`, () => {
  let net: Namespaces

  beforeAll(() => {
    net = new Namespaces()
    net.add('fuzz')
  })
  afterAll(() => net.remove())

  test(`garbage on the socket is answered or cut off, and the next client is served (seed ${SEED})`, async () => {
    const { child, socketPath } = await net.startEnforcer('fuzz')
    const random = seededRandom(SEED)
    for (let round = 0; round < 50; round += 1) {
      const garbage = Uint8Array.from({ length: 1 + integerBelow(random, 4_000) }, () => integerBelow(random, 256))
      await say(socketPath, round % 2 === 0 ? garbage : Buffer.concat([garbage, Buffer.from('\n')]))
    }
    // The program hangs up on a line that does not end; whether its last words arrive before the reset is chance.
    await say(socketPath, Buffer.alloc(600 << 10, 'x'))
    expect(await say(socketPath, Buffer.from('{"id":9,"command":"list"}\n'))).toBe('{"id":9,"elements":[]}\n')

    const client = new EnforcerClient({ socketPath, clock: systemClock })
    expect(await client.list()).toEqual([])
    expect((await client.status()).malformed).toBeGreaterThan(20)
    await client.close()
    expect(child.exitCode).toBeNull()
    await net.stop(child)
  })

  test('a user who is not allowed is told so', async () => {
    const { socketPath } = await net.startEnforcer('fuzz')
    // Folder and socket are opened wide, so that only the credentials decide; the checkout itself may be closed to others.
    spawnSync('chmod', ['-R', 'a+rwX', net.folder])
    const node = path.join(net.folder, 'node')
    copyFileSync(process.execPath, node)
    chmodSync(node, 0o755)
    const script = `require('net').connect('${socketPath}').on('data', (text) => console.log(String(text)))`
    const ran = spawnSync(node, ['-e', script], { uid: 65_534, gid: 65_534, encoding: 'utf8' })
    expect(ran).toMatchObject({ status: 0, stdout: expect.stringContaining('not permitted') })
  })
})

/** Sends the octets, ends, and returns all that came back. */
async function say(socketPath: string, octets: Uint8Array): Promise<string> {
  const socket = connect(socketPath)
  let answer = ''
  socket.on('data', (text) => {
    answer += text.toString()
  })
  socket.on('error', () => {})
  const closed = new Promise((resolve) => {
    socket.on('close', resolve)
  })
  socket.end(octets)
  await closed
  return answer
}
