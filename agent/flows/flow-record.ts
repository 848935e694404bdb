import type { FlowMetadata } from './flow-metadata.ts'

/** IPFIX flowEndReason (IANA, element 136) by name; undefined while the flow is alive. */
export type FlowEndReason = 'idleTimeout' | 'activeTimeout' | 'endOfFlow' | 'forcedEnd' | 'lackOfResources'

/** How far a TCP connection got, as the meter saw it. */
export type TcpState = 'notTcp' | 'synSent' | 'synReceived' | 'established' | 'closing' | 'closed' | 'reset' | 'midstream'

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
  readonly vlanId: number
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
