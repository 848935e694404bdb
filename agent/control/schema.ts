/**
 * Every request and answer of the control API, version 1. The shapes are the contract: the server checks what comes in,
 * the client checks what comes back, and the types of both are inferred from here.
 *
 * Instants end in AtMs (milliseconds since the epoch); decisions keep CrowdSec's field names and formats.
 */
import { z } from 'zod'
import { DURATION_MS_MAX, DURATION_MS_MIN } from './duration.ts'

/** What is judged, reported and enforced. */
export const modeSchema = z.enum(['off', 'observe', 'enforce'])

const categorySchema = z.enum([
  'scan', 'bruteforce', 'flood', 'c2', 'exfiltration', 'dns-tunnel', 'icmp-tunnel', 'exploit', 'vpn-abuse', 'malware',
])
const count = z.number().nonnegative()
const countsByReason = z.record(z.string(), count)

const checkSchema = z.object({
  ok: z.boolean(),
  /** Why not, or what was checked. */
  detail: z.string(),
})

const latencySchema = z.object({ count, p50Ms: z.number(), p99Ms: z.number() })

/** The whole state of the daemon on one screen. */
export const statusSchema = z.object({
  version: z.string(),
  node: z.string(),
  pid: z.int(),
  startedAtMs: z.number(),
  uptimeSeconds: z.number(),
  mode: modeSchema,
  modelVersion: z.string(),
  health: z.object({ startup: checkSchema, live: checkSchema, ready: checkSchema }),
  interfaces: z.array(z.object({
    name: z.string(),
    /** What the kernel calls it now; empty while it is gone. */
    kernelName: z.string(),
    side: z.enum(['outer', 'inner']),
    isOpen: z.boolean(),
    timesLost: count,
    packets: count,
    dropped: count,
    /** Longer than the MTU: several packets that the kernel or the card made one. */
    mergedPackets: count,
  })),
  meter: z.object({
    packets: count,
    octets: count,
    flows: count,
    activeFlows: count,
    hosts: count,
    pairs: count,
    events: z.object({ received: count, scored: count, shed: count, pending: count }),
    undecoded: countsByReason,
    dropped: countsByReason,
  }),
  alerts: count,
  decisions: z.object({ active: count, simulated: count }),
  enforcement: z.object({
    enforcer: z.enum(['kernel', 'dry-run', 'unreachable']),
    /** Elements that should be in the kernel, elements that were there when last read back, and for how long they have differed. */
    desired: count,
    actual: count,
    driftSeconds: count,
    neverBlock: count,
  }),
  /** Null until something was measured. */
  latency: z.object({ decision: latencySchema.nullable(), enforcement: latencySchema.nullable() }),
  /** Followers of the event stream, and what they were too slow to take. */
  followers: z.object({ connected: count, dropped: count }),
})

const entitySchema = z.object({
  kind: z.enum(['vpn-peer', 'inner-address', 'outer-address', 'victim']),
  value: z.string(),
})

/** One line of the list of alerts. */
export const alertSummarySchema = z.object({
  id: z.int(),
  observedAtMs: z.number(),
  entity: entitySchema,
  category: categorySchema,
  probability: z.number(),
  action: z.enum(['none', 'log', 'alert', 'rate-limit', 'block']),
  /** The address acted on; empty where nothing was. */
  target: z.string(),
  /** True where the mode kept the action from happening. */
  isSimulated: z.boolean(),
  heldBackBy: z.array(z.string()),
})

const contributionSchema = z.object({
  source: z.string(),
  /** Nats. The summand of the log-odds is weight * logLikelihoodRatio. */
  logLikelihoodRatio: z.number(),
  weight: z.number(),
  detail: z.string(),
})

/** The flow of the event that raised the alert, in EVE's words. */
const alertFlowSchema = z.object({
  in_iface: z.string(),
  src_ip: z.string(),
  src_port: z.int(),
  dest_ip: z.string(),
  dest_port: z.int(),
  proto: z.string(),
  community_id: z.string(),
  pkts_toserver: count,
  pkts_toclient: count,
  bytes_toserver: count,
  bytes_toclient: count,
})

/** An alert with all that led to it. */
export const alertSchema = alertSummarySchema.extend({
  logOdds: z.number(),
  /** At or above this log-odds the entity is alerted on; the least of the decision's thresholds. */
  thresholdLogOdds: z.number(),
  contributions: z.array(contributionSchema),
  sourceVerified: z.boolean(),
  modelVersion: z.string(),
  expectedCosts: z.partialRecord(z.enum(['none', 'log', 'alert', 'rate-limit', 'block']), z.number()),
  durationMs: z.number(),
  decidedAtMs: z.number(),
  /** Packet to verdict; null for capture files. */
  decisionLatencyMs: z.number().nullable(),
  /** What the enforcer answered; null where nothing was asked of it. */
  enforcement: z.object({
    outcome: z.enum(['enforced', 'refused', 'failed', 'dry-run']),
    reason: z.string(),
    latencyMs: z.number().nullable(),
  }).nullable(),
  flow: alertFlowSchema.nullable(),
})

/** One way in which the entity would have been allowed: without these contributions the log-odds stay below the threshold. */
const counterfactualSchema = z.object({
  without: z.array(z.string()),
  logOdds: z.number(),
  probability: z.number(),
})

/** An alert and what would have changed its verdict. */
export const explanationSchema = alertSchema.extend({
  wouldBeAllowedIf: z.array(counterfactualSchema),
})

/** A decision with CrowdSec's fields; `phantommesh` holds what CrowdSec has no field for. */
export const decisionSchema = z.object({
  id: z.int(),
  /** `phantommesh` for the agent's own, `phantomctl` for an operator's. */
  origin: z.string(),
  type: z.enum(['ban', 'throttle']),
  scope: z.enum(['Ip', 'Range']),
  value: z.string(),
  /** What remains, as Go writes durations: `59m58s`. */
  duration: z.string(),
  /** ISO 8601. */
  until: z.string(),
  scenario: z.string(),
  simulated: z.boolean(),
  phantommesh: z.object({
    /** The alert it came from; null for an operator's. */
    alertId: z.int().nullable(),
    /** Whether the last read-back saw it in the kernel; null before the first, and for simulated ones. */
    inKernel: z.boolean().nullable(),
    reason: z.string(),
  }),
})

const effectSchema = z.object({
  value: z.string(),
  duration: z.string(),
  scenario: z.string(),
})

/** What a change of mode would do, or did, to the kernel. */
export const modeChangeSchema = z.object({
  from: modeSchema,
  to: modeSchema,
  wouldEnforce: z.array(effectSchema),
  wouldLift: z.array(effectSchema),
  /** Entities above the threshold that a safety rule keeps out of reach in any mode. */
  heldBack: z.array(z.object({ value: z.string(), scenario: z.string(), heldBackBy: z.array(z.string()) })),
})

/** Which program answers, on what. */
export const versionSchema = z.object({
  version: z.string(),
  node: z.string(),
  modelVersion: z.string(),
  featureSchema: z.string(),
})

/** An address or prefix, v4 or v6, in text. */
export const targetSchema = z.union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()], {
  error: 'is not an address or prefix (like 192.0.2.7 or 2001:db8::/64)',
})

const limit = (preset: number) => z.coerce.number().int().min(1).max(1_000).default(preset)
const names = z.string().max(256).transform((text) => text.split(',').map((name) => name.trim()).filter((name) => name !== ''))

/** Which alerts, the newest first. */
export const alertQuerySchema = z.strictObject({
  limit: limit(50),
  category: categorySchema.optional(),
  entity: z.string().max(256).optional(),
})

/** Which decisions, the newest first. */
export const decisionQuerySchema = z.strictObject({ limit: limit(1_000), target: targetSchema.optional() })

/** An operator's decision. */
export const newDecisionSchema = z.strictObject({
  target: targetSchema,
  durationMs: z.int().min(DURATION_MS_MIN).max(DURATION_MS_MAX),
  reason: z.string().max(256).default(''),
})

/** Which mode to look at or to change to. */
export const modeRequestSchema = z.strictObject({ mode: modeSchema })

/** Which events, and whether to stay for those to come. */
export const eventQuerySchema = z.strictObject({
  /** Event types, separated by commas; all when absent. */
  type: names.default([]),
  /** How many of the latest to begin with. */
  last: z.coerce.number().int().min(0).max(1_000).default(20),
  follow: z.enum(['true', 'false']).default('false').transform((text) => text === 'true'),
})

/** The number of an alert or decision, from a path. */
export const identifierSchema = z.strictObject({ id: z.coerce.number().int().min(0) })

/** What every failed request answers. */
export const errorSchema = z.object({
  error: z.object({
    code: z.string(),
    message: z.string(),
    /** The field at fault (`body.durationMs`, `query.limit`), else the method and path. */
    place: z.string(),
  }),
})

/** {@link modeSchema} */
export type ControlMode = z.infer<typeof modeSchema>
/** {@link statusSchema} */
export type Status = z.infer<typeof statusSchema>
/** {@link alertSummarySchema} */
export type AlertSummary = z.infer<typeof alertSummarySchema>
/** {@link alertSchema} */
export type Alert = z.infer<typeof alertSchema>
/** {@link explanationSchema} */
export type Explanation = z.infer<typeof explanationSchema>
/** {@link decisionSchema} */
export type Decision = z.infer<typeof decisionSchema>
/** {@link modeChangeSchema} */
export type ModeChange = z.infer<typeof modeChangeSchema>
/** {@link versionSchema} */
export type Version = z.infer<typeof versionSchema>
/** {@link alertQuerySchema} */
export type AlertQuery = z.infer<typeof alertQuerySchema>
/** {@link decisionQuerySchema} */
export type DecisionQuery = z.infer<typeof decisionQuerySchema>
/** {@link newDecisionSchema} */
export type NewDecision = z.infer<typeof newDecisionSchema>
/** {@link eventQuerySchema} */
export type EventQuery = z.infer<typeof eventQuerySchema>
/** {@link errorSchema} */
export type ErrorAnswer = z.infer<typeof errorSchema>
