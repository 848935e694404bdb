// Capture files: cut, corrupt, of no known kind, or none at all. What can be read of a file is read; the message says where it broke.
import { readFileSync, mkdirSync } from 'node:fs'
import path from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { nothingToClose } from './input.ts'
import type { BrokenInput, InputGroup, Workplace } from './input.ts'

const DEMO = path.resolve(import.meta.dirname, '../../tests/fixtures/demo/gateway.pcap.gz')
const HEADER = 24
const RECORD = 16
const PACKETS = 64

/** Every kind of broken capture, through `phantomd meter`; some through `replay` and beside a sound file too. */
export async function captureInputs(place: Workplace): Promise<InputGroup> {
  const sound = firstPackets(gunzipSync(readFileSync(DEMO)))
  const ng = pcapng(sound)
  const packed = gzipSync(sound)
  mkdirSync(path.join(place.folder, 'folder.pcap'), { recursive: true })
  const meter = (name: string, content: Uint8Array | string, ...says: readonly string[]): BrokenInput => {
    place.file(name, content)
    return { name, command: ['bin/phantomd', 'meter', name], exitCode: 1, says: [name, ...says] }
  }
  place.file('sound.pcap', sound)
  place.file('secret.pcap', sound, 0o000)
  const first = sound.readUInt32LE(HEADER + 8)
  const inputs = [
    meter('zero-length.pcap', '', 'not a capture file: the file is empty'),
    meter('text.pcap', 'these are words\n', 'not a capture file'),
    meter('text.gz', gzipSync('these are words\n'), 'not a capture file'),
    { name: 'folder.pcap', command: ['bin/phantomd', 'meter', 'folder.pcap'], exitCode: 1, says: ['folder.pcap: cannot be read'] },
    { name: 'absent.pcap', command: ['bin/phantomd', 'meter', 'absent.pcap'], exitCode: 1, says: ['absent.pcap: cannot be read'] },
    {
      name: 'a sound file, then an absent one', exitCode: 1, says: ['absent.pcap'],
      command: ['bin/phantomd', 'meter', 'sound.pcap', 'absent.pcap'],
    },
    {
      name: 'secret.pcap (mode 000)', exitCode: 1, says: ['secret.pcap: cannot be read'],
      command: [...asNobody(place), 'bin/phantomd', 'meter', 'secret.pcap'],
    },
    meter('link-type-147.pcap', withWord(sound, 20, 147), 'link type 147'),
    meter('record-too-long.pcap', withWord(sound, HEADER + 8, 0x7fffffff), 'corrupt at byte'),
    ...[1, 3, 10, 23].map((at) => meter(`header-cut-at-${at}.pcap`, sound.subarray(0, at))),
    ...[1, 15, 16, 17, 16 + first - 1, 16 + first + 5].map((at) => (
      meter(`record-cut-at-${HEADER + at}.pcap`, sound.subarray(0, HEADER + at), 'truncated at byte')
    )),
    ...[3, 11, 27, 30, 45, 60, ng.length - 1, ng.length - 21].map((at) => meter(`cut-at-${at}.pcapng`, ng.subarray(0, at))),
    meter('block-length-0.pcapng', withWord(ng, 28 + 4, 0), 'at byte'),
    meter('block-length-odd.pcapng', withWord(ng, 28 + 4, 21), 'at byte'),
    meter('interface-unknown.pcapng', withWord(ng, 48 + 8, 7), 'at byte'),
    ...[1, 2, 9, 17, 100, packed.length - 9, packed.length - 1].map(
      (at) => meter(`cut-at-${at}.pcap.gz`, packed.subarray(0, at), ...(at < 3 ? [] : ['truncated at byte']))
    ),
    meter('flipped-bits.pcap.gz', flipped(packed, packed.length >> 1)),
    meter('wrong-checksum.pcap.gz', flipped(packed, packed.length - 8)),
    {
      name: 'replay of a cut file', command: ['bin/phantomd', 'replay', 'record-cut-at-41.pcap'], exitCode: 1, says: ['truncated at byte'],
    },
    {
      name: 'output into a full disk', exitCode: 1, says: ['/dev/full', 'are missing'],
      command: ['bin/phantomd', 'meter', DEMO, '--output', '/dev/full'],
    },
    {
      name: 'output into no folder', exitCode: 1, says: ['none/eve.json: cannot be written'],
      command: ['bin/phantomd', 'meter', 'sound.pcap', '--output', 'none/eve.json'],
    },
    {
      name: 'summary into no folder', command: ['bin/phantomd', 'replay', 'sound.pcap', '--summary-json', 'none/sum.json'],
      exitCode: 1, says: ['none/sum.json: cannot be written'],
    },
  ]
  return { inputs, close: nothingToClose }
}

/** Words that make root somebody who may not read everything. */
export function asNobody({ isRoot }: Workplace): readonly string[] {
  return isRoot ? ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups'] : []
}

function firstPackets(file: Buffer): Buffer {
  let end = HEADER
  for (let packet = 0; packet < PACKETS; packet++) end += RECORD + file.readUInt32LE(end + 8)
  return Buffer.from(file.subarray(0, end))
}

/** The same packets as section header, one interface, enhanced packet blocks (draft-ietf-opsawg-pcapng). */
function pcapng(file: Buffer): Buffer {
  const blocks = [block(0x0a0d0d0a, words(0x1a2b3c4d, 1, 0xffffffff, 0xffffffff)), block(1, words(1, 0x40000))]
  for (let at = HEADER; at < file.length;) {
    const [seconds, micros, length, wire] = [0, 4, 8, 12].map((offset) => file.readUInt32LE(at + offset))
    const time = BigInt(seconds!) * 1_000_000n + BigInt(micros!)
    const padded = Buffer.alloc((length! + 3) & ~3)
    file.copy(padded, 0, at + RECORD, at + RECORD + length!)
    blocks.push(block(6, Buffer.concat([words(0, Number(time >> 32n), Number(time & 0xffffffffn), length!, wire!), padded])))
    at += RECORD + length!
  }
  return Buffer.concat(blocks)
}

function block(type: number, body: Buffer): Buffer {
  const length = body.length + 12
  return Buffer.concat([words(type, length), body, words(length)])
}

function words(...values: readonly number[]): Buffer {
  const buffer = Buffer.alloc(4 * values.length)
  values.forEach((value, index) => buffer.writeUInt32LE(value, 4 * index))
  return buffer
}

function withWord(file: Buffer, offset: number, value: number): Buffer {
  const changed = Buffer.from(file)
  changed.writeUInt32LE(value, offset)
  return changed
}

function flipped(file: Buffer, offset: number): Buffer {
  const changed = Buffer.from(file)
  for (let at = offset; at < Math.min(file.length, offset + 8); at++) changed[at] = changed[at]! ^ 0xff
  return changed
}
