// Whether each flow that a peer lists is among the meter's, packet for packet.
import type { FlowRecord } from '../../agent/flows/index.ts'
import { formatAddress, parseAddress } from '../../agent/kit/index.ts'
import type { PeerFlow, Sent } from './peer-flows.ts'

interface OwnFlow {
  readonly icmpTypes: readonly number[]
  readonly ends: readonly [Sent, Sent]
  isTaken: boolean
}

/** What a peer lists and the meter does not have like it. */
export interface Search {
  /** No flow of the meter has the same ends and the same packets each way. */
  readonly missing: readonly PeerFlow[]
  /** One has, but its octets differ. */
  readonly otherOctets: readonly PeerFlow[]
}

/**
 * Looks every flow of the peer up among `records`; each record answers for one flow at most. The meter may have more: it meters the
 * outer packets of a tunnel and the inner ones, where a peer lists one of them.
 */
export function findFlows(flows: readonly PeerFlow[], records: readonly FlowRecord[]): Search {
  // nDPI keeps all ICMP between two hosts in one flow.
  const areIcmpTogether = flows.every((each) => each.icmpTypes === undefined)
  const own = Map.groupBy(areIcmpTogether ? icmpTogether(records) : records.map(ownFlow), (each) => keyOf(each.protocol, each.ends))
  const missing: PeerFlow[] = []
  const otherOctets: PeerFlow[] = []
  for (const flow of flows) {
    const samePackets = (own.get(keyOf(flow.protocol, flow.ends)) ?? []).filter((each) => !each.isTaken && isLike(flow, each))
    const found = samePackets.find((each) => isSent(flow.ends, each.ends, hasSameOctets)) ?? samePackets[0]
    if (found === undefined) {
      missing.push(flow)
      continue
    }
    found.isTaken = true
    if (!isSent(flow.ends, found.ends, hasSameOctets)) otherOctets.push(flow)
  }
  return { missing, otherOctets }
}

function isLike(flow: PeerFlow, own: OwnFlow): boolean {
  return (flow.icmpTypes === undefined || own.icmpTypes.some((type) => flow.icmpTypes!.includes(type))) &&
    isSent(flow.ends, own.ends, hasSamePackets)
}

/** Either side may be the source: peers guess the client, the meter takes who sent first. */
function isSent(ends: PeerFlow['ends'], own: OwnFlow['ends'], isSame: (one: Sent, other: Sent) => boolean): boolean {
  const matches = (one: Sent, other: Sent) => sameEnd(one, other) && isSame(one, other)
  return (matches(ends[0], own[0]) && matches(ends[1], own[1])) || (matches(ends[0], own[1]) && matches(ends[1], own[0]))
}

function sameEnd(one: Sent, other: Sent): boolean {
  return endName(one) === endName(other)
}

function hasSamePackets(one: Sent, other: Sent): boolean {
  return one.packets === other.packets
}

function hasSameOctets(one: Sent, other: Sent): boolean {
  return one.packets === other.packets && (one.octets === undefined || one.octets === other.octets)
}

/** Peers list ports for TCP and UDP only. */
function ownFlow(record: FlowRecord): OwnFlow & { protocol: number } {
  const hasPorts = record.protocolIdentifier === 6 || record.protocolIdentifier === 17
  return {
    protocol: record.protocolIdentifier,
    icmpTypes: [record.icmpType],
    ends: [
      {
        address: record.sourceAddress, port: hasPorts ? record.sourceTransportPort : 0,
        packets: record.packetDeltaCount, octets: record.octetDeltaCount,
      },
      {
        address: record.destinationAddress, port: hasPorts ? record.destinationTransportPort : 0,
        packets: record.reversePacketDeltaCount, octets: record.reverseOctetDeltaCount,
      },
    ],
    isTaken: false,
  }
}

/** The messages of one context between two hosts as one flow; other protocols as they are. */
function icmpTogether(records: readonly FlowRecord[]): (OwnFlow & { protocol: number })[] {
  const isIcmp = (record: FlowRecord) => record.protocolIdentifier === 1 || record.protocolIdentifier === 58
  const groups = Map.groupBy(records.filter(isIcmp), (record) =>
    `${keyOf(record.protocolIdentifier, ownFlow(record).ends)} ${record.vlanId} ${JSON.stringify(record.tunnel)}`)
  const sums = [...groups.values()].map((group) => {
    const first = ownFlow(group[0]!)
    const sent = (side: 0 | 1): Sent => {
      const end = first.ends[side]
      const all = group.map((record) => ownFlow(record).ends)
        .map((ends) => (sameEnd(ends[0], first.ends[0]) ? ends[side] : ends[1 - side]!))
      return { ...end, packets: sum(all.map((each) => each.packets)), octets: sum(all.map((each) => each.octets ?? 0)) }
    }
    return { ...first, ends: [sent(0), sent(1)] as const }
  })
  return [...records.filter((record) => !isIcmp(record)).map(ownFlow), ...sums]
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0)
}

function keyOf(protocol: number, ends: readonly [Sent, Sent]): string {
  return [String(protocol), ...ends.map(endName).toSorted()].join(' ')
}

/** As nDPI spells it, which writes every single zero group as `::`, so that not all of its addresses can be read. */
function endName({ address, port }: Sent): string {
  const parsed = parseAddress(address)
  const text = parsed === undefined ? address : formatAddress(parsed.bytes, address.includes(':') ? 6 : 4)
  return `${text.replace(/:0:/g, '::')} ${port}`
}
