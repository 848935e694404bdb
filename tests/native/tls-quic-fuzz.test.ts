// Goal: no octets at all make the readers of TLS and QUIC hellos fail.
// Method: the fuzz targets with good hellos changed at random, under the sanitizers; FUZZ_RUNS and FUZZ_SEED choose others.
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { NOTHING_FOUND, runFuzzer } from './native-program.ts'

const NATIVE = path.resolve(import.meta.dirname, '../../native')
const FLOW_FROM_CLIENT = 5
const CUT_IN_HALF = 16

const vectors = readFileSync(path.join(NATIVE, 'test/quic_vectors.h'), 'utf8')
const hello = vector('kRfcClientHello')
const initials = [vector('kRfc9001ClientInitial'), vector('kRfc9369ClientInitial')]

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
  expect(await runFuzzer('fuzz_tls', seeds.map((parts) => Buffer.concat(parts)))).toBe(NOTHING_FOUND)
})

// A packet cut in half is opened without its tag, so that what changes in it changes in its frames too.
test('any octets as QUIC', { timeout: 300_000 }, async () => {
  const seeds = initials.flatMap((initial) => [sent(FLOW_FROM_CLIENT, initial), sent(FLOW_FROM_CLIENT | CUT_IN_HALF, initial)])
  expect(await runFuzzer('fuzz_quic', seeds)).toBe(NOTHING_FOUND)
})

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
