// Fixtures shared by the tests of this folder.
import type { AlertRecord, Verdict } from '../../agent/decision/index.ts'
import type { FlowRecord } from '../../agent/flows/index.ts'

/** A finished TCP connection of 2017-04-07T22:24:37.251547Z. */
export const FLOW: FlowRecord = {
  flowId: 1_676_750_115_612_680,
  interfaceName: 'eth0',
  ipVersion: 4,
  sourceAddress: '198.51.100.7',
  destinationAddress: '192.0.2.10',
  sourceTransportPort: 48_864,
  destinationTransportPort: 22,
  protocolIdentifier: 6,
  vlanId: 0,
  innerVlanId: 0,
  tunnel: undefined,
  communityId: '1:gE24Ut4kbE9ZLNmx2YBKyXm5Yr4=',
  flowStartMilliseconds: 1_491_603_875_900.25,
  flowEndMilliseconds: 1_491_603_877_251.547,
  packetDeltaCount: 4,
  reversePacketDeltaCount: 3,
  octetDeltaCount: 240,
  reverseOctetDeltaCount: 180,
  tcpControlBits: 0x1b,
  reverseTcpControlBits: 0x13,
  tcpState: 'closed',
  icmpType: 0,
  icmpCode: 0,
  flowEndReason: 'endOfFlow', nameLookup: 'unseen', metadata: undefined,
}

/** A block of the source of FLOW. */
export const VERDICT: Verdict = {
  id: 7,
  category: 'scan',
  action: 'block',
  target: '198.51.100.7',
  durationMs: 600_000,
  decidedAtMs: 1_491_603_877_253,
  isSimulated: false,
  heldBackBy: [],
  expectedCosts: { none: 97, block: 19.9 },
  posterior: {
    entity: { kind: 'outer-address', value: '198.51.100.7' },
    category: 'scan',
    probability: 0.97,
    logOdds: 3.5,
    contributions: [{ source: 'scan.random-walk', logLikelihoodRatio: 8, weight: 0.5, detail: '6 of 6 first contacts failed' }],
    sourceVerified: true,
    observedAtMs: 1_491_603_877_251.547,
    modelVersion: '1',
    eventIndex: 0,
  },
}

/** The alert of VERDICT. */
export const ALERT: AlertRecord = {
  verdict: VERDICT, flow: FLOW, decisionLatencyMs: 1.5, enforcement: { outcome: 'enforced', reason: '', latencyMs: 4 },
}
