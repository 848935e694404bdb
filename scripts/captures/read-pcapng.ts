import { CaptureFileError, PACKET_OCTETS_MAX } from './captured-packet.ts'
import type { CapturedPacket } from './captured-packet.ts'

/** The type of a section header block, the same in either byte order. */
export const PCAPNG_MAGIC = 0x0a0d0d0a

const BLOCK = { interface: 1, obsoletePacket: 2, simplePacket: 3, enhancedPacket: 6 } as const
const OPTION = { end: 0, resolution: 9, offset: 14 } as const
const BYTE_ORDER_MAGIC = 0x1a2b3c4d
/** Each block ends with its length once more. */
const TRAILER = 4
const INTERFACES_MAX = 65_536
const NS_PER_SECOND = 1_000_000_000n

interface Interface {
  readonly linkType: number
  readonly snapLength: number
  readonly ticksPerSecond: bigint
  readonly offsetNs: bigint
}

interface Block {
  readonly type: number
  readonly start: number
  readonly length: number
}

/** The packets of a pcapng file (draft-ietf-opsawg-pcapng), every interface and section of it. Throws CaptureFileError. */
export function* readPcapng(file: string, content: Buffer): Generator<CapturedPacket> {
  const section = new Section(file, content)
  for (let at = 0; at < content.length;) {
    const block = section.blockAt(at)
    if (block.type === BLOCK.interface) section.describeInterface(block)
    const packet = section.packetIn(block)
    if (packet !== undefined) yield packet
    at += block.length
  }
}

/** Byte order and interfaces hold until the next section header. */
class Section {
  readonly #file: string
  readonly #content: Buffer
  #isLittle = true
  #interfaces: Interface[] = []
  /** A simple packet has no time of its own: it gets that of the packet before. */
  #lastNs = 0n

  constructor(file: string, content: Buffer) {
    this.#file = file
    this.#content = content
  }

  blockAt(start: number): Block {
    if (start + 12 > this.#content.length) throw this.#broken(start, 'a block header is cut')
    if (this.#content.readUInt32LE(start) === PCAPNG_MAGIC) this.#startSection(start)
    const block = { type: this.#word(start), start, length: this.#word(start + 4) }
    if (block.length < 12 || block.length % 4 !== 0) throw this.#broken(start, `a block claims ${block.length} octets`)
    if (start + block.length > this.#content.length) throw this.#broken(start, 'a block is cut')
    if (this.#word(start + block.length - TRAILER) !== block.length) throw this.#broken(start, 'the two lengths of a block differ')
    return block
  }

  describeInterface({ start, length }: Block): void {
    if (length < 20) throw this.#broken(start, 'an interface description is too short')
    if (this.#interfaces.length >= INTERFACES_MAX) throw this.#broken(start, `more than ${INTERFACES_MAX} interfaces`)
    let [ticksPerSecond, offsetNs] = [1_000_000n, 0n]
    for (const { code, at, octets } of this.#options(start + 16, start + length - TRAILER)) {
      if (code === OPTION.resolution && octets === 1) ticksPerSecond = this.#ticksPerSecond(at)
      if (code === OPTION.offset && octets === 8) offsetNs = BigInt.asIntN(64, this.#long(at)) * NS_PER_SECOND
    }
    this.#interfaces.push({ linkType: this.#half(start + 8), snapLength: this.#word(start + 12), ticksPerSecond, offsetNs })
  }

  packetIn(block: Block): CapturedPacket | undefined {
    const { type, start, length } = block
    if (type === BLOCK.simplePacket) return this.#simplePacketIn(block)
    if (type !== BLOCK.enhancedPacket && type !== BLOCK.obsoletePacket) return undefined
    if (length < 32) throw this.#broken(start, 'a packet block is too short')
    const from = this.#interfaceOf(start, type === BLOCK.enhancedPacket ? this.#word(start + 8) : this.#half(start + 8))
    const ticks = BigInt(this.#word(start + 12)) << 32n | BigInt(this.#word(start + 16))
    this.#lastNs = ticks * NS_PER_SECOND / from.ticksPerSecond + from.offsetNs
    const captured = this.#word(start + 20)
    if (captured > length - 32 || captured > PACKET_OCTETS_MAX) throw this.#broken(start, `a packet claims ${captured} octets`)
    return this.#packet(from, { at: start + 28, captured, wire: this.#word(start + 24) })
  }

  #simplePacketIn({ start, length }: Block): CapturedPacket {
    if (length < 16) throw this.#broken(start, 'a packet block is too short')
    const from = this.#interfaceOf(start, 0)
    const wire = this.#word(start + 8)
    const captured = Math.min(wire, length - 16, from.snapLength === 0 ? wire : from.snapLength)
    return this.#packet(from, { at: start + 12, captured, wire })
  }

  #packet({ linkType }: Interface, { at, captured, wire }: { at: number; captured: number; wire: number }): CapturedPacket {
    return { atNs: this.#lastNs, linkType, bytes: this.#content.subarray(at, at + captured), lengthOnWire: Math.max(captured, wire) }
  }

  #interfaceOf(start: number, number: number): Interface {
    const found = this.#interfaces[number]
    if (found === undefined) throw this.#broken(start, `a packet names interface ${number}, which is not described`)
    return found
  }

  #startSection(start: number): void {
    this.#isLittle = this.#content.readUInt32LE(start + 8) === BYTE_ORDER_MAGIC
    if (!this.#isLittle && this.#content.readUInt32BE(start + 8) !== BYTE_ORDER_MAGIC) {
      throw this.#broken(start, 'the byte-order magic makes no sense')
    }
    this.#interfaces = []
  }

  * #options(start: number, end: number): Generator<{ readonly code: number; readonly at: number; readonly octets: number }> {
    for (let at = start; at + 4 <= end;) {
      const [code, octets] = [this.#half(at), this.#half(at + 2)]
      if (code === OPTION.end || at + 4 + octets > end) return
      yield { code, at: at + 4, octets }
      at += 4 + Math.ceil(octets / 4) * 4
    }
  }

  #ticksPerSecond(at: number): bigint {
    const value = this.#content[at]!
    const exponent = BigInt(value & 0x7f)
    if (exponent > (value & 0x80 ? 63n : 19n)) throw this.#broken(at, 'a timestamp resolution makes no sense')
    return (value & 0x80 ? 2n : 10n) ** exponent
  }

  #half(at: number): number {
    return this.#isLittle ? this.#content.readUInt16LE(at) : this.#content.readUInt16BE(at)
  }

  #word(at: number): number {
    return this.#isLittle ? this.#content.readUInt32LE(at) : this.#content.readUInt32BE(at)
  }

  #long(at: number): bigint {
    return this.#isLittle ? this.#content.readBigUInt64LE(at) : this.#content.readBigUInt64BE(at)
  }

  #broken(at: number, reason: string): CaptureFileError {
    return new CaptureFileError(this.#file, at, reason)
  }
}
