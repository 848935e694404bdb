import type { FlowMetadata } from './flow-metadata.ts'

/** IPFIX flowEndReason (IANA, element 136) by name; undefined while the flow is alive. */
export type FlowEndReason = 'idleTimeout' | 'activeTimeout' | 'endOfFlow' | 'forcedEnd' | 'lackOfResources'

/** How far a TCP connection got, as the meter saw it. */
export type TcpState = 'notTcp' | 'synSent' | 'synReceived' | 'established' | 'closing' | 'closed' | 'reset' | 'midstream'

/** The order of TUNNEL_KINDS in native/src/decode_tunnel.h. `unlisted`: the table of contexts was full. */
export type TunnelKind =
  'ipInIp' | 'gre' | 'pptp' | 'erspan' | 'vxlan' | 'geneve' | 'teredo' | 'gtpU' | 'ayiya' | 'capwap' | 'unlisted'

/** The tunnel around a flow, as its outer packets say. */
export interface FlowTunnel {
  readonly kind: TunnelKind
  /** VNI, key or session; 0 where there is none, or where each direction has its own. */
  readonly id: number
  /** 1: the outer packets are in no tunnel themselves. */
  readonly depth: number
  /** The outer packets' two addresses, in the order of the first; none where they differ by direction (Teredo). */
  readonly addresses: readonly string[]
}

/**
 * Whether the source was told the destination's address by a DNS answer before the flow began. `unseen`: no answer to it passed here
 * lately (it may ask over HTTPS, or elsewhere), so nothing follows.
 */
export type NameLookup = 'unseen' | 'lookedUp' | 'notLookedUp'

/**
 * A named view of one flow event. IPFIX element names (RFC 7012, RFC 5103); source is the first sender.
 * Octets are layer 3. Times are milliseconds since the epoch with microseconds as fraction.
 */
export interface FlowRecord {
  readonly flowId: number
  readonly interfaceName: string
  readonly ipVersion: 4 | 6
  readonly sourceAddress: string
  readonly destinationAddress: string
  readonly sourceTransportPort: number
  readonly destinationTransportPort: number
  readonly protocolIdentifier: number
  /** The outermost tag, 0 none; an inner frame without tags has those of the outer one. */
  readonly vlanId: number
  /** The tag within it (IEEE 802.1ad), 0 none. */
  readonly innerVlanId: number
  readonly tunnel: FlowTunnel | undefined
  readonly communityId: string
  readonly flowStartMilliseconds: number
  readonly flowEndMilliseconds: number
  readonly packetDeltaCount: number
  readonly reversePacketDeltaCount: number
  readonly octetDeltaCount: number
  readonly reverseOctetDeltaCount: number
  readonly tcpControlBits: number
  readonly reverseTcpControlBits: number
  readonly tcpState: TcpState
  readonly icmpType: number
  readonly icmpCode: number
  readonly flowEndReason: FlowEndReason | undefined
  readonly nameLookup: NameLookup
  /** What the flow speaks; undefined where its packets did not show it. */
  readonly metadata: FlowMetadata | undefined
}
