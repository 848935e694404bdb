/** Seeds of the payload parsers: what real packets carry, in the forms that the fuzzers of native/fuzz take. */
import { ipLayer, networkLayer, PROTOCOL } from '../captures/layers.ts'
import type { CapturedPacket } from '../captures/index.ts'
import { firstPackets } from './first-packets.ts'

interface Segment {
  readonly protocol: number
  readonly sourcePort: number
  readonly destinationPort: number
  readonly payload: Buffer
}

type Writer = (capture: string) => Buffer[]

const [UDP_HEADER, ICMP_HEADER] = [8, 8]
const TLS_HANDSHAKE = 22
/** Bits 0 and 1 of a record's flags are its flow (native/fuzz/record_input.h); bit 2 its direction. */
const FROM_SERVER = 4

/** By fuzzer; each gives the seeds of one capture. */
export const PAYLOAD_WRITERS: Readonly<Record<string, Writer>> = {
  fuzz_dns: (capture) => segmentsOf(capture).filter((each) => isEither(each, [53, 5353]))
    .map(({ protocol, payload }) => Buffer.concat([Buffer.from([protocol === PROTOCOL.tcp ? 1 : 0]), payload])),
  fuzz_lines: (capture) => segmentsOf(capture).flatMap(lineSeed),
  fuzz_vpn: (capture) => segmentsOf(capture).flatMap(vpnSeed),
  fuzz_tls: (capture) => helloSeeds(capture, PROTOCOL.tcp, ({ payload }) => payload[0] === TLS_HANDSHAKE)
    .map((records) => Buffer.concat([Buffer.from([0]), records])),
  fuzz_quic: (capture) => helloSeeds(capture, PROTOCOL.udp, ({ payload }) => payload.length > 0 && payload[0]! >= 0xc0),
}

function segmentsOf(capture: string): Segment[] {
  return firstPackets(capture).map(segmentOf).filter((each): each is Segment => each !== undefined && each.payload.length > 0)
}

function segmentOf(packet: CapturedPacket): Segment | undefined {
  const network = networkLayer(packet)
  const ip = network === undefined ? undefined : ipLayer(packet.bytes, network.at)
  if (ip?.transportAt === undefined || ip.transportAt + 20 > ip.end) return undefined
  const at = ip.transportAt
  const { bytes } = packet
  if (ip.protocol === PROTOCOL.icmp || ip.protocol === PROTOCOL.icmpv6) {
    return { protocol: ip.protocol, sourcePort: 0, destinationPort: 0, payload: bytes.subarray(at, ip.end) }
  }
  const header = ip.protocol === PROTOCOL.udp ? UDP_HEADER : (bytes[at + 12]! >> 4) * 4
  return {
    protocol: ip.protocol, sourcePort: bytes.readUInt16BE(at), destinationPort: bytes.readUInt16BE(at + 2),
    payload: bytes.subarray(at + header, ip.end),
  }
}

/** The parser's number in fuzz_lines.cc, a flag for the server's side, the payload. */
function lineSeed({ protocol, sourcePort, destinationPort, payload }: Segment): Buffer[] {
  const ports = [sourcePort, destinationPort]
  const isIcmp = protocol === PROTOCOL.icmp || protocol === PROTOCOL.icmpv6
  if (isIcmp) return payload.length < ICMP_HEADER ? [] : [Buffer.concat([Buffer.from([4, protocol === PROTOCOL.icmp ? 1 : 0]), payload])]
  if (protocol !== PROTOCOL.tcp) return []
  const parser = [[22], [80, 8080, 8000, 3128], [21], [25, 587]].findIndex((some) => some.some((port) => ports.includes(port)))
  if (parser < 0) return []
  return [Buffer.concat([Buffer.from([parser, sourcePort < destinationPort ? 1 : 0]), payload])]
}

function vpnSeed({ protocol, sourcePort, destinationPort, payload }: Segment): Buffer[] {
  const ports = [sourcePort, destinationPort]
  const withHeader = (parser: number, flag: number): Buffer[] => [Buffer.concat([Buffer.from([parser, flag]), payload])]
  if (protocol === PROTOCOL.tcp) return ports.includes(1194) || ports.includes(443) ? withHeader(2, 0) : []
  if (protocol !== PROTOCOL.udp) return []
  if (ports.includes(500)) return withHeader(3, 0)
  if (ports.includes(4500)) return withHeader(3, 1)
  if (ports.includes(1194)) return withHeader(1, 1)
  return payload[0]! <= 4 && payload[1] === 0 ? withHeader(0, 0) : []
}

/** The packets of a capture that `isHello` takes, one seed for every two, as records of native/fuzz/record_input.h. */
function helloSeeds(capture: string, protocol: number, isHello: (segment: Segment) => boolean): Buffer[] {
  const records = segmentsOf(capture).filter((each) => each.protocol === protocol && isHello(each)).map((each) => {
    const { payload, sourcePort, destinationPort } = each
    const flags = sourcePort < destinationPort ? FROM_SERVER : 0
    return Buffer.concat([Buffer.from([flags, payload.length >> 8, payload.length & 0xff, 0, 0]), payload])
  })
  return Array.from({ length: Math.ceil(records.length / 2) }, (_, index) => Buffer.concat(records.slice(2 * index, 2 * index + 2)))
}

function isEither({ sourcePort, destinationPort }: Segment, ports: readonly number[]): boolean {
  return ports.includes(sourcePort) || ports.includes(destinationPort)
}
