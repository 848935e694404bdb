// Tunnel and link headers made octet by octet, around packets of make-capture.ts.
import { ip } from './make-capture.ts'

const MAC = Buffer.from([2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2])

/** The ends of a tunnel. */
export interface Ends {
  readonly from: string
  readonly to: string
}

/** An Ethernet frame of any EtherType. */
export function frame(etherType: number, payload: Buffer): Buffer {
  return Buffer.concat([MAC, words16(etherType), payload])
}

/** An Ethernet frame around an IP packet. */
export function ipFrame(packet: Buffer): Buffer {
  return frame(etherTypeOf(packet), packet)
}

/** A VLAN tag with what follows it, to stand behind the EtherType `0x8100`. */
export function tag(id: number, etherType: number, payload: Buffer): Buffer {
  return Buffer.concat([words16(id, etherType), payload])
}

/** MPLS labels, outermost first, before `payload`. */
export function mpls(labels: readonly number[], payload: Buffer): Buffer {
  const bottomOfStack = (index: number) => (index === labels.length - 1 ? 256 : 0)
  return Buffer.concat([...labels.map((label, index) => words32(label * 4096 + bottomOfStack(index) + 64)), payload])
}

/** A PPPoE session packet; `protocol` as PPP writes it. */
export function pppoe(protocol: readonly number[], payload: Buffer): Buffer {
  const header = Buffer.concat([Buffer.from([0x11, 0]), words16(7, payload.length + protocol.length), Buffer.from(protocol)])
  return Buffer.concat([header, payload])
}

/** GRE version 0 with the fields that are given. */
export function gre(ends: Ends, protocol: number, fields: { key?: number, sequence?: number, payload: Buffer }): Buffer {
  const { key, sequence, payload } = fields
  const flags = (key === undefined ? 0 : 0x2000) | (sequence === undefined ? 0 : 0x1000)
  const words = [key, sequence].filter((each) => each !== undefined).map((each) => words32(each))
  return ip({ ...ends, protocol: 47 }, Buffer.concat([words16(flags, protocol), ...words, payload]))
}

/** GRE version 1 with a sequence number, as PPTP has it, around a PPP frame. */
export function pptp(ends: Ends, callId: number, ppp: Buffer): Buffer {
  return ip({ ...ends, protocol: 47 }, Buffer.concat([words16(0x3001, 0x880b, ppp.length, callId), words32(1), ppp]))
}

/** ERSPAN of type 1, 2 or 3 around an Ethernet frame. */
export function erspan(ends: Ends, type: 1 | 2 | 3, { session, payload }: { session: number, payload: Buffer }): Buffer {
  if (type === 1) return gre(ends, 0x88be, { payload })
  const header = type === 2
    ? Buffer.concat([words16(0x1000, session), words32(0)])
    : Buffer.concat([words16(0x2000, session), words32(0), words16(0, 1), Buffer.alloc(8)])
  return gre(ends, type === 2 ? 0x88be : 0x22eb, { sequence: 1, payload: Buffer.concat([header, payload]) })
}

/** A UDP datagram with `payload`; ends as `address:port`. */
export function datagram(from: string, to: string, payload: Buffer): Buffer {
  const [fromHost, fromPort] = split(from)
  const [toHost, toPort] = split(to)
  return ip({ from: fromHost, to: toHost, protocol: 17 }, Buffer.concat([words16(fromPort, toPort, 8 + payload.length, 0), payload]))
}

/** A VXLAN header before an Ethernet frame. */
export function vxlan(vni: number, payload: Buffer): Buffer {
  return Buffer.concat([Buffer.from([8, 0, 0, 0]), words32(vni * 256), payload])
}

/** A VXLAN-GPE header; `next` is 1 for IPv4, 2 for IPv6, 3 for Ethernet. */
export function vxlanGpe(vni: number, next: number, payload: Buffer): Buffer {
  return Buffer.concat([Buffer.from([0x0c, 0, 0, next]), words32(vni * 256), payload])
}

/** A Geneve header with `options` words of options. */
export function geneve(vni: number, protocol: number, { options = 0, payload }: { options?: number, payload: Buffer }): Buffer {
  return Buffer.concat([Buffer.from([options, 0]), words16(protocol), words32(vni * 256), Buffer.alloc(4 * options), payload])
}

/** A GTP-U G-PDU; `extensions` are whole extension headers without the octet that names the next. */
export function gtpU(teid: number, packet: Buffer, extensions: readonly Buffer[] = []): Buffer {
  const chain = extensions.length === 0
    ? Buffer.alloc(0)
    : Buffer.concat([Buffer.from([0, 0, 0, 0x85]), ...extensions.flatMap((each, index) => [
      each, Buffer.from([index === extensions.length - 1 ? 0 : 0x85]),
    ])])
  const flags = extensions.length === 0 ? 0x30 : 0x34
  return Buffer.concat([Buffer.from([flags, 255]), words16(chain.length + packet.length), words32(teid), chain, packet])
}

/** Teredo's authentication (with `id` and `value` octets) and origin indications. */
export function teredoIndications(id: number, value: number): Buffer {
  return Buffer.concat([Buffer.from([0, 1, id, value]), Buffer.alloc(id + value + 9, 0x61), Buffer.from([0, 0, 1, 2, 3, 4, 5, 6])])
}

/** An AYIYA header with an identity of 16 octets and a SHA-1 signature. */
export function ayiya(packet: Buffer): Buffer {
  return Buffer.concat([Buffer.from([0x41, 0x52, 0x11, 41]), words32(0), Buffer.alloc(16 + 20), packet])
}

/** A CAPWAP header of two words; the frame is 802.11 when `isNative`, else Ethernet. */
export function capwap(isNative: boolean, payload: Buffer): Buffer {
  return Buffer.concat([words32((2 << 19) | (1 << 9) | (isNative ? 0x100 : 0)), words32(0), payload])
}

/** An 802.11 data frame from a station to its access point; `isQos` with a QoS field. */
export function radioFrame(packet: Buffer, { isQos = false, isProtected = false, isSwapped = false } = {}): Buffer {
  const control = [isQos ? 0x88 : 0x08, isProtected ? 0x41 : 0x01]
  const header = Buffer.concat([Buffer.from(isSwapped ? control.toReversed() : control), Buffer.alloc(22), Buffer.alloc(isQos ? 2 : 0)])
  return Buffer.concat([header, Buffer.from([0xaa, 0xaa, 3, 0, 0, 0]), words16(etherTypeOf(packet)), packet])
}

/** The EtherType of an IP packet. */
export function etherTypeOf(packet: Buffer): number {
  return packet[0]! >> 4 === 6 ? 0x86dd : 0x0800
}

/** 16-bit numbers in network order. */
export function words16(...numbers: readonly number[]): Buffer {
  const bytes = Buffer.alloc(2 * numbers.length)
  numbers.forEach((number, index) => bytes.writeUInt16BE(number, 2 * index))
  return bytes
}

/** A 32-bit number in network order. */
export function words32(number: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(number)
  return bytes
}

function split(end: string): [string, number] {
  const at = end.lastIndexOf(':')
  return [end.slice(0, at).replaceAll(/[[\]]/g, ''), Number(end.slice(at + 1))]
}
