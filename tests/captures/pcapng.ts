// pcapng files of one named interface, which the toolkit itself has no need to write.
import type { CapturedPacket } from '../../scripts/captures/index.ts'
import { block } from '../capture/make-capture.ts'

const OPTION_NAME = 2
const OPTION_RESOLUTION = 9
const NANOSECONDS = 9

/** All packets, of one link type, as they came from an interface of this name; times in nanoseconds. */
export function pcapng(interfaceName: string, packets: readonly CapturedPacket[]): Buffer {
  const section = Buffer.alloc(16, 0xff)
  section.writeUInt32LE(0x1a2b3c4d, 0)
  section.writeUInt32LE(1, 4)
  const description = Buffer.alloc(8)
  description.writeUInt16LE(packets[0]?.linkType ?? 1, 0)
  const options = [option(OPTION_NAME, Buffer.from(interfaceName)), option(OPTION_RESOLUTION, Buffer.from([NANOSECONDS])), Buffer.alloc(4)]
  return Buffer.concat([
    block(0x0a0d0d0a, section), block(1, Buffer.concat([description, ...options])), ...packets.map((packet) => block(6, enhanced(packet))),
  ])
}

function option(code: number, value: Buffer): Buffer {
  const padded = Buffer.alloc(4 + Math.ceil(value.length / 4) * 4)
  padded.writeUInt16LE(code, 0)
  padded.writeUInt16LE(value.length, 2)
  value.copy(padded, 4)
  return padded
}

function enhanced({ atNs, bytes, lengthOnWire }: CapturedPacket): Buffer {
  const body = Buffer.alloc(20 + bytes.length)
  body.writeUInt32LE(Number(atNs >> 32n), 4)
  body.writeUInt32LE(Number(atNs & 0xffff_ffffn), 8)
  body.writeUInt32LE(bytes.length, 12)
  body.writeUInt32LE(lengthOnWire, 16)
  bytes.copy(body, 20)
  return body
}
