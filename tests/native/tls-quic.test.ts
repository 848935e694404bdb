// Goal: TLS and QUIC hellos are read as native/test says, and no octets at all make their readers fail.
// Method: the programs of native/test, and the fuzz targets with good hellos changed at random, all under the sanitizers;
// FUZZ_RUNS and FUZZ_SEED choose others.
import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterAll, expect, test } from 'vitest'
import { compileNative } from './native-program.ts'

const NATIVE = path.resolve(import.meta.dirname, '../../native')
const SOURCES = ['sha256', 'tls_hello', 'ja4', 'tls_reader', 'quic_initial', 'quic_protection', 'quic_reader']
const FLAGS = ['-std=c++20', '-O1', '-g1', '-fsanitize=address,undefined', '-fno-sanitize-recover=undefined']
const RUNS = process.env['FUZZ_RUNS'] ?? '3000'
const SEED = process.env['FUZZ_SEED'] ?? '20240607'
const FLOW_FROM_CLIENT = 5
const CUT_IN_HALF = 16

const execute = promisify(execFile)
const programs = compileNative(SOURCES.map((name) => `metadata/${name}`), ['-lcrypto'])
const folder = mkdtempSync(path.join(tmpdir(), 'phantommesh-tls-'))
afterAll(() => {
  programs.remove()
  rmSync(folder, { recursive: true })
})

const vectors = readFileSync(path.join(NATIVE, 'test/quic_vectors.h'), 'utf8')
const hello = vector('kRfcClientHello')
const initials = [vector('kRfc9001ClientInitial'), vector('kRfc9369ClientInitial')]

test.each(['tls_test', 'quic_test'])('%s', { timeout: 300_000 }, async (name) => {
  const { held, failed } = await programs.run(name)
  expect(failed).toEqual([])
  expect(held).toBeGreaterThan(0)
})

test('any octets as TLS and DTLS', { timeout: 300_000 }, async () => {
  const stream = tlsRecord(hello)
  const halves = [sent(FLOW_FROM_CLIENT, stream.subarray(0, 90)), sent(FLOW_FROM_CLIENT, stream.subarray(90))]
  const records = [tlsRecord(hello.subarray(0, 3)), tlsRecord(hello.subarray(3, 100)), tlsRecord(hello.subarray(100))]
  const seeds = [
    [Buffer.from([0]), sent(FLOW_FROM_CLIENT, stream)],
    [Buffer.from([0]), ...halves],
    [Buffer.from([0]), sent(FLOW_FROM_CLIENT, Buffer.concat(records)), sent(CUT_IN_HALF, stream)],
    [Buffer.from([1]), sent(FLOW_FROM_CLIENT, dtlsRecord(hello, 0, 80)), sent(FLOW_FROM_CLIENT, dtlsRecord(hello, 80, hello.length - 4))],
  ]
  expect(await fuzz('fuzz_tls', seeds.map((parts) => Buffer.concat(parts)))).toBe(`${RUNS} runs of seed ${SEED}\n`)
})

// A packet cut in half is opened without its tag, so that what changes in it changes in its frames too.
test('any octets as QUIC', { timeout: 300_000 }, async () => {
  const seeds = initials.flatMap((initial) => [sent(FLOW_FROM_CLIENT, initial), sent(FLOW_FROM_CLIENT | CUT_IN_HALF, initial)])
  expect(await fuzz('fuzz_quic', seeds)).toBe(`${RUNS} runs of seed ${SEED}\n`)
})

async function fuzz(name: string, seeds: readonly Buffer[]): Promise<string> {
  const program = path.join(folder, name)
  const sources = SOURCES.map((source) => path.join(NATIVE, 'src/metadata', `${source}.cc`))
  await execute('g++', [...FLAGS, path.join(NATIVE, 'fuzz', `${name}.cc`), ...sources, '-lcrypto', '-o', program])
  const inputs = seeds.map((seed, index) => {
    const file = path.join(folder, `${name}-${index}`)
    writeFileSync(file, seed)
    return file
  })
  const { stdout } = await execute(program, [RUNS, SEED, ...inputs])
  return stdout
}

/** A packet as native/fuzz/record_input.h takes it. */
function sent(flags: number, payload: Buffer): Buffer {
  const header = Buffer.alloc(5)
  header[0] = flags
  header.writeUInt16BE(payload.length, 1)
  return Buffer.concat([header, payload])
}

function tlsRecord(fragment: Buffer): Buffer {
  return Buffer.concat([Buffer.from([22, 3, 1, fragment.length >> 8, fragment.length & 0xff]), fragment])
}

/** A fragment of a handshake message's body, RFC 6347 section 4.2.2. */
function dtlsRecord(message: Buffer, from: number, to: number): Buffer {
  const header = Buffer.alloc(25)
  header.set([22, 0xfe, 0xfd])
  header.writeUInt16BE(12 + to - from, 11)
  message.copy(header, 13, 0, 4)
  header.writeUIntBE(from, 19, 3)
  header.writeUIntBE(to - from, 22, 3)
  return Buffer.concat([header, message.subarray(4 + from, 4 + to)])
}

function vector(name: string): Buffer {
  const [, text = ''] = new RegExp(`${name} =([^;]*);`).exec(vectors) ?? []
  return Buffer.from(text.replaceAll(/[^0-9a-f]/g, ''), 'hex')
}
