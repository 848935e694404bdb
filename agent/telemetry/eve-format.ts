/** How Suricata writes single values in EVE. */
import type { FlowRecord } from '../flows/index.ts'

/** `2017-04-07T22:24:37.251547+0000`: ISO 8601 with microseconds, as Suricata's CreateIsoTimeString; always UTC here. */
export function eveTimestamp(atMs: number): string {
  const microseconds = Math.round(atMs * 1_000)
  const wholeMs = Math.floor(microseconds / 1_000)
  const rest = String(microseconds - wholeMs * 1_000).padStart(3, '0')
  return `${new Date(wholeMs).toISOString().slice(0, 23)}${rest}+0000`
}

const TCP_STATES = {
  synSent: 'syn_sent', synReceived: 'syn_recv', established: 'established', midstream: 'established', closing: 'fin_wait1',
  closed: 'closed', reset: 'closed', notTcp: 'none',
} as const

/** EVE's `tcp` object: flags in hexadecimal, both ways (ts: to server, tc: to client), those set by name, and the state. */
export function tcpObject(flow: FlowRecord): object {
  const flags = flow.tcpControlBits | flow.reverseTcpControlBits
  return {
    tcp_flags: hexFlags(flags),
    tcp_flags_ts: hexFlags(flow.tcpControlBits),
    tcp_flags_tc: hexFlags(flow.reverseTcpControlBits),
    ...namedFlags(flags),
    state: TCP_STATES[flow.tcpState],
  }
}

const FLAG_NAMES = ['fin', 'syn', 'rst', 'psh', 'ack', 'urg', 'ecn', 'cwr'] as const

function namedFlags(flags: number): object {
  return Object.fromEntries(FLAG_NAMES.filter((_, bit) => (flags & (1 << bit)) !== 0).map((name) => [name, true]))
}

function hexFlags(flags: number): string {
  return (flags & 0xff).toString(16).padStart(2, '0')
}

/** EVE's word for how far a flow got: TCP by its state, all others by whether anybody answered. */
export function flowState(flow: FlowRecord): 'new' | 'established' | 'closed' {
  if (flow.tcpState === 'notTcp') return flow.reversePacketDeltaCount > 0 ? 'established' : 'new'
  if (flow.tcpState === 'closed' || flow.tcpState === 'reset') return 'closed'
  return flow.tcpState === 'synSent' || flow.tcpState === 'synReceived' ? 'new' : 'established'
}

/**
 * EVE's word for why a flow record ended. Suricata lets a closed flow time out, so endOfFlow is its `timeout` with state closed;
 * `forced` is its word for pruning under pressure, `shutdown` for the end of the run. The IPFIX word stands in `phantommesh`.
 */
export function flowReason(reason: FlowRecord['flowEndReason']): 'timeout' | 'forced' | 'shutdown' | 'unknown' {
  if (reason === 'lackOfResources') return 'forced'
  if (reason === 'forcedEnd') return 'shutdown'
  return reason === undefined ? 'unknown' : 'timeout'
}
