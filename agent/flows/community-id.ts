/** EDGE: node:crypto, for its SHA-1 alone. */
import { hash } from 'node:crypto'

/** What a Community ID is made of. Addresses as they stand on the wire: 4 or 16 octets. */
export interface FlowTuple {
  readonly source: Uint8Array
  readonly destination: Uint8Array
  readonly protocol: number
  /** Ports; type and code for ICMP; absent for protocols without ports. */
  readonly sourcePort?: number
  readonly destinationPort?: number
}

const ICMP = 1
const ICMPV6 = 58
/** Protocols whose ports take part; for all others only addresses and protocol do. */
const WITH_PORTS = new Set([ICMP, 6, 17, ICMPV6, 132])

/** Message types with an answering type: the pair stands for the ports. (Community ID v1, tables of the reference implementation.) */
const ICMP_ANSWERS = new Map([[0, 8], [8, 0], [9, 10], [10, 9], [13, 14], [14, 13], [15, 16], [16, 15], [17, 18], [18, 17]])
const ICMPV6_ANSWERS = new Map([[128, 129], [129, 128], [130, 131], [131, 130], [133, 134], [134, 133], [135, 136], [136, 135],
  [139, 140], [140, 139], [144, 145], [145, 144]])

/**
 * Community ID v1: the same text for a flow in every tool, whichever way round its packets run.
 * `1:` and the base64 of SHA-1 over seed, addresses, protocol, a zero octet and ports, the smaller end first.
 * https://github.com/corelight/community-id-spec
 */
export function communityId(tuple: FlowTuple, seed = 0): string {
  const ends = orderedEnds(tuple)
  const hasPorts = WITH_PORTS.has(tuple.protocol)
  const octets = Buffer.alloc(2 + 2 * tuple.source.length + 2 + (hasPorts ? 4 : 0))
  octets.writeUInt16BE(seed)
  octets.set(ends.first, 2)
  octets.set(ends.second, 2 + ends.first.length)
  const rest = 2 + 2 * ends.first.length
  octets[rest] = tuple.protocol
  if (hasPorts) {
    octets.writeUInt16BE(ends.firstPort, rest + 2)
    octets.writeUInt16BE(ends.secondPort, rest + 4)
  }
  return `1:${hash('sha1', octets, 'base64')}`
}

interface Ends {
  readonly first: Uint8Array
  readonly second: Uint8Array
  readonly firstPort: number
  readonly secondPort: number
}

function orderedEnds(tuple: FlowTuple): Ends {
  const { source, destination } = tuple
  const { sourcePort, destinationPort, isOneWay } = equivalentPorts(tuple)
  const order = Buffer.compare(source, destination)
  if (isOneWay || order < 0 || (order === 0 && sourcePort < destinationPort)) {
    return { first: source, second: destination, firstPort: sourcePort, secondPort: destinationPort }
  }
  return { first: destination, second: source, firstPort: destinationPort, secondPort: sourcePort }
}

function equivalentPorts({ protocol, sourcePort = 0, destinationPort = 0 }: FlowTuple) {
  if (protocol !== ICMP && protocol !== ICMPV6) return { sourcePort, destinationPort, isOneWay: false }
  const answer = (protocol === ICMP ? ICMP_ANSWERS : ICMPV6_ANSWERS).get(sourcePort)
  return { sourcePort, destinationPort: answer ?? destinationPort, isOneWay: answer === undefined }
}
