/**
 * flows: native flow events in, named flow records out.
 *
 * In:     EventBatch, a view of the addon's shared memory, valid until the next read.
 * Out:    FlowRecord, with IPFIX element names (IANA ipfix registry; RFC 7012, RFC 5103).
 * Units:  milliseconds since the epoch, layer-3 octets.
 * Bounds: one record per event, made on demand.
 * Throws: nothing. A broken argument is a bug and fails an assertion.
 */
export type { Application, DnsMetadata, FlowMetadata, TlsMetadata, VpnHandshake } from './flow-metadata.ts'
export type { FlowEndReason, FlowRecord, FlowTunnel, NameLookup, TcpState, TunnelKind } from './flow-record.ts'
export { communityId } from './community-id.ts'
export type { FlowTuple } from './community-id.ts'
export { createFlowNamer } from './name-flows.ts'
export type { FlowNamer, InterfaceNames } from './name-flows.ts'
