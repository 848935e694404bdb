/** One packet of a capture file. Rewriting never changes it in place: `bytes` may be a view of the whole file. */
export interface CapturedPacket {
  /** Nanoseconds since the epoch; finer ticks of pcapng are cut off. */
  readonly atNs: bigint
  /** As in https://www.tcpdump.org/linktypes.html. */
  readonly linkType: number
  /** What was captured, from the link header on. */
  readonly bytes: Buffer
  /** Octets on the wire; at least as many as were captured. */
  readonly lengthOnWire: number
}

/** One packet out of one packet. */
export type Rewrite = (packet: CapturedPacket) => CapturedPacket

/** The link types whose network layer this toolkit finds, by their number in capture files. */
export const LINK_TYPE = { null: 0, ethernet: 1, raw: 101, loop: 108, linuxCooked: 113, ipv4: 228, ipv6: 229, linuxCooked2: 276 } as const

/** No packet of a capture is longer; what claims to be is no packet (as in the agent's own reader). */
export const PACKET_OCTETS_MAX = 262_144

/** A capture file that cannot be read, with the place in it (in its unpacked octets, where it is gzip) and the reason. */
export class CaptureFileError extends Error {
  readonly file: string
  readonly offset: number

  constructor(file: string, offset: number, reason: string) {
    super(`${file}: ${reason} (at octet ${offset})`)
    this.name = 'CaptureFileError'
    this.file = file
    this.offset = offset
  }
}
