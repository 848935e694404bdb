import type { FeatureDefinition, FeatureSchema } from './feature-schema.ts'

const SHARE: readonly [number, number] = [0, 1]
/** ln(1 + 10^13): no counter of a flow or host gets there. */
const LOG_MAX = 30

// Where the features come from.
const RFC5103 = 'RFC 5103, RFC 7012: counters of a bidirectional flow'
const PCR = 'Bullard, Gerth: Producer Consumer Ratio, FloCon 2014'
const MOORE = 'Moore, Zuev, Crogan: Discriminators for use in flow-based classification, QMUL RR-05-13'
const FIRST = 'Bernaille, Teixeira, Salamatian: Early application identification, CoNEXT 2006'
const RFC9293 = 'RFC 9293: control bits and states of TCP'
const RFC6335 = 'RFC 6335 section 6: system, user and dynamic ports; the class, never the number'
const JUNG = 'Jung, Paxson, Berger, Balakrishnan: Threshold random walk, IEEE S&P 2004'
const FANOUT = 'Karagiannis, Papagiannaki, Faloutsos: BLINC (social level), SIGCOMM 2005'
const WANG = 'Wang, Zhang, Shin: Detecting SYN flooding attacks, INFOCOM 2002'
const ROSSOW = 'Rossow: Amplification hell, NDSS 2014'
const RITA = 'RITA beacon analysis (Active Countermeasures): dispersion of gaps and sizes'
const HOFSTEDE = 'Hofstede, Hendriks, Sperotto, Pras: SSH compromise detection using NetFlow/IPFIX, CCR 2014'

/**
 * What a row describes, in column order. `ln` means the natural logarithm of 1 + x, so that tails do not rule distances.
 * No address, port number, TTL, date or MAC is a feature: a model must not learn the network it was trained in.
 */
export const FEATURE_SCHEMA: FeatureSchema = {
  version: '1.0.0',
  features: [
    ...logs('octets', RFC5103, ['flow.octets', 'flow.reverseOctets']),
    ...logs('packets', RFC5103, ['flow.packets', 'flow.reversePackets']),
    balance('flow.producerConsumerRatio'),
    ...logs('milliseconds', RFC5103, ['flow.duration']),
    ...logs('octets', MOORE, ['flow.meanLength', 'flow.reverseMeanLength']),
    ...variations(MOORE, ['flow.lengthVariation', 'flow.reverseLengthVariation']),
    ...logs('milliseconds', MOORE, ['flow.meanGap', 'flow.reverseMeanGap']),
    ...variations(MOORE, ['flow.gapVariation', 'flow.reverseGapVariation']),
    ...shares(MOORE, ['flow.payloadShare', 'flow.reversePayloadShare']),
    ...firstLengths(4),
    ...shares(FIRST, ['flow.turnShare']),
    ...shares(RFC9293, ['flow.synShare', 'flow.resetShare', 'flow.pushShare', 'flow.handshakeProgress']),
    ...shares(JUNG, ['flow.contactFailed']),
    ...shares(RFC6335, ['flow.destinationPortClass']),
    ...shares('IANA protocol numbers: what the transport is', ['flow.isTcp', 'flow.isUdp']),
    ...logs('flows per minute', FANOUT, ['source.flowRate10s', 'source.flowRate1h']),
    ...shares(JUNG, ['source.failedContactShare60s', 'source.failedContactShare1h']),
    ...shares(FANOUT, ['source.peersPerFlow60s']),
    ...logs('contacts per peer', FANOUT, ['source.portsPerPeer60s']),
    balance('source.producerConsumerRatio1h'),
    ...shares(WANG, ['source.unansweredSynsPerFlow60s']),
    ...shares(RFC9293, ['source.resetsPerFlow60s']),
    ...logs('packets per minute', 'RFC 792, RFC 4443: volume of ICMP', ['source.icmpRate60s']),
    ...logs('flows per minute', FANOUT, ['destination.flowRate10s']),
    ...shares(WANG, ['destination.unansweredSynShare10s', 'destination.handshakeShare60s']),
    ...shares(FANOUT, ['destination.peersPerFlow60s', 'destination.portsPerFlow60s']),
    balance('destination.producerConsumerRatio60s'),
    ...logs('packets per minute', ROSSOW, ['destination.unsolicitedRate60s']),
    ...logs('flows per minute', HOFSTEDE, ['pair.flowRate60s', 'pair.flowRate1h']),
    ...shares(JUNG, ['pair.failedContactsPerFlow1h']),
    ...logs('ports', FANOUT, ['pair.ports1h']),
    balance('pair.producerConsumerRatio1h'),
    ...variations(RITA, ['pair.burstGapVariation', 'pair.burstOctetsVariation']),
    ...variations(HOFSTEDE, ['pair.endedFlowPacketsVariation', 'pair.endedFlowOctetsVariation']),
  ],
}

/** Natural logarithms of 1 + x. The bound is generous: it only keeps a broken counter from leaving the scale. */
function logs(unit: string, source: string, names: readonly string[]): FeatureDefinition[] {
  return names.map((name) => ({ name, unit: `ln ${unit}`, range: [0, LOG_MAX], source }))
}

function shares(source: string, names: readonly string[]): FeatureDefinition[] {
  return names.map((name) => ({ name, unit: 'share', range: SHARE, source }))
}

/** Coefficients of variation: deviation / mean. */
function variations(source: string, names: readonly string[]): FeatureDefinition[] {
  return names.map((name) => ({ name, unit: 'deviation / mean', range: [0, 10], source }))
}

/** What was sent as a share of all: 1 only produces, -1 only consumes. */
function balance(name: string): FeatureDefinition {
  return { name, unit: 'share', range: [-1, 1], source: PCR }
}

function firstLengths(count: number): FeatureDefinition[] {
  const range = [-LOG_MAX, LOG_MAX] as const
  return Array.from({ length: count }, (_, index) => (
    { name: `flow.firstLength${index}`, unit: 'ln octets, negative: reverse', range, source: FIRST }
  ))
}
