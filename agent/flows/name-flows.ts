import type { EventBatch, EventField, EventLayout } from '../capture/index.ts'
import { formatAddress } from '../kit/index.ts'
import { communityId } from './community-id.ts'
import { createMetadataReader } from './flow-metadata.ts'
import type { FlowEndReason, FlowRecord, FlowTunnel, NameLookup, TcpState, TunnelKind } from './flow-record.ts'

/** Makes named records of events, on demand. */
export interface FlowNamer {
  /** The record of event `index` of the batch; a copy, so it outlives the batch. */
  name(batch: EventBatch, index: number): FlowRecord
}

/** The order of `TcpState` and `EndReason` in native/src/event_record.h. */
const TCP_STATES: readonly TcpState[] = [
  'notTcp', 'synSent', 'synReceived', 'established', 'closing', 'closed', 'reset', 'midstream',
]
const END_REASONS: readonly (FlowEndReason | undefined)[] = [
  undefined, 'idleTimeout', 'activeTimeout', 'endOfFlow', 'forcedEnd', 'lackOfResources',
]
/** The order of `NameLookup` there. */
const NAME_LOOKUPS: readonly NameLookup[] = ['unseen', 'lookedUp', 'notLookedUp']
/** The order of `TunnelKind` in native/src/decode_tunnel.h. */
const TUNNEL_KINDS: readonly (TunnelKind | undefined)[] = [
  undefined, 'ipInIp', 'gre', 'pptp', 'erspan', 'vxlan', 'geneve', 'teredo', 'gtpU', 'ayiya', 'capwap', 'unlisted',
]
const ICMP_PROTOCOLS = new Set([1, 58])

/** What an event's interfaceIndex stands for: fixed names, a file having one for all, or what is asked each time. */
export type InterfaceNames = readonly string[] | ((index: number) => string | undefined)

/** Names flows, and the interfaces that they were seen on. */
export function createFlowNamer(layout: EventLayout, interfaceNames: InterfaceNames): FlowNamer {
  const nameOf = typeof interfaceNames === 'function' ? interfaceNames : (index: number) => interfaceNames[index]
  const read = createReaders(layout)
  const readMetadata = createMetadataReader(layout)
  return {
    name(batch, index) {
      const at = (readElement: ReadElement) => readElement(batch, index)
      const ipVersion = at(read.ipVersion) === 4 ? 4 : 6
      const source = octetsOf(batch, index, { field: read.source, ipVersion })
      const destination = octetsOf(batch, index, { field: read.destination, ipVersion })
      const protocolIdentifier = at(read.protocolIdentifier)
      const sourceTransportPort = at(read.sourceTransportPort)
      const destinationTransportPort = at(read.destinationTransportPort)
      const icmpType = at(read.icmpType)
      const icmpCode = at(read.icmpCode)
      const isIcmp = ICMP_PROTOCOLS.has(protocolIdentifier)
      return {
        flowId: at(read.flowId),
        interfaceName: nameOf(at(read.interfaceIndex)) ?? '',
        ipVersion,
        sourceAddress: formatAddress(source, ipVersion),
        destinationAddress: formatAddress(destination, ipVersion),
        sourceTransportPort,
        destinationTransportPort,
        protocolIdentifier,
        vlanId: at(read.vlanId),
        innerVlanId: at(read.innerVlanId),
        tunnel: tunnelOf(batch, index, read),
        communityId: communityId({
          source,
          destination,
          protocol: protocolIdentifier,
          sourcePort: isIcmp ? icmpType : sourceTransportPort,
          destinationPort: isIcmp ? icmpCode : destinationTransportPort,
        }),
        flowStartMilliseconds: at(read.flowStartMilliseconds),
        flowEndMilliseconds: at(read.flowEndMilliseconds),
        packetDeltaCount: at(read.packetDeltaCount),
        reversePacketDeltaCount: at(read.reversePacketDeltaCount),
        octetDeltaCount: at(read.octetDeltaCount),
        reverseOctetDeltaCount: at(read.reverseOctetDeltaCount),
        tcpControlBits: at(read.tcpControlBits),
        reverseTcpControlBits: at(read.reverseTcpControlBits),
        tcpState: TCP_STATES[at(read.tcpState)]!,
        icmpType,
        icmpCode,
        flowEndReason: END_REASONS[at(read.flowEndReason)],
        nameLookup: NAME_LOOKUPS[at(read.nameLookup)]!,
        metadata: readMetadata(batch, index),
      }
    },
  }
}

type ReadElement = (batch: EventBatch, index: number) => number

const BYTES = { f64: 8, f32: 4, u32: 4, u16: 2, i16: 2, u8: 1 } as const

/** Functions that read one element of one field each; the places are computed once. */
function createReaders(layout: EventLayout) {
  const field = (name: string): EventField => {
    const found = layout.fields[name]
    if (found === undefined) throw new Error(`The event layout has no field ${name}.`)
    return found
  }
  const read = (name: string, element = 0): ReadElement => {
    const { type, offset } = field(name)
    const stride = layout.strideBytes / BYTES[type]
    const first = offset / BYTES[type] + element
    return (batch, index) => batch[type][index * stride + first]!
  }
  return {
    flowId: read('flowId'),
    interfaceIndex: read('interfaceIndex'),
    ipVersion: read('ipVersion'),
    source: field('sourceAddress'),
    destination: field('destinationAddress'),
    sourceTransportPort: read('sourceTransportPort'),
    destinationTransportPort: read('destinationTransportPort'),
    protocolIdentifier: read('protocolIdentifier'),
    vlanId: read('vlanId'),
    innerVlanId: read('innerVlanId'),
    tunnelKind: read('tunnelKind'),
    tunnelId: read('tunnelId'),
    tunnelDepth: read('tunnelDepth'),
    tunnelIpVersion: read('tunnelIpVersion'),
    tunnelSource: field('tunnelSource'),
    tunnelDestination: field('tunnelDestination'),
    flowStartMilliseconds: read('flowStartMilliseconds'),
    flowEndMilliseconds: read('flowEndMilliseconds'),
    packetDeltaCount: read('packetDeltaCount'),
    reversePacketDeltaCount: read('reversePacketDeltaCount'),
    octetDeltaCount: read('octetDeltaCount'),
    reverseOctetDeltaCount: read('reverseOctetDeltaCount'),
    tcpControlBits: read('tcpControlBits'),
    reverseTcpControlBits: read('tcpControlBits', 1),
    tcpState: read('tcpState'),
    icmpType: read('icmpType'),
    icmpCode: read('icmpCode'),
    flowEndReason: read('flowEndReason'),
    nameLookup: read('nameLookup'),
  }
}

function tunnelOf(batch: EventBatch, index: number, read: ReturnType<typeof createReaders>): FlowTunnel | undefined {
  const kind = TUNNEL_KINDS[read.tunnelKind(batch, index)]
  if (kind === undefined) return undefined
  const version = read.tunnelIpVersion(batch, index)
  const ipVersion = version === 6 ? 6 : 4
  const end = (field: EventField) => formatAddress(octetsOf(batch, index, { field, ipVersion }), ipVersion)
  return {
    kind,
    id: read.tunnelId(batch, index),
    depth: read.tunnelDepth(batch, index),
    addresses: version === 0 ? [] : [end(read.tunnelSource), end(read.tunnelDestination)],
  }
}

/** The octets of an address as they stand on the wire. */
function octetsOf(batch: EventBatch, index: number, { field, ipVersion }: { field: EventField; ipVersion: 4 | 6 }): Uint8Array {
  const start = index * batch.layout.strideBytes + field.offset
  return batch.u8.subarray(start, start + (ipVersion === 4 ? 4 : 16))
}
