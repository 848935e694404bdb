import { eventLayout } from '../../native/index.js'
import { createEventFields, eventField, PURPOSE } from '../capture/index.ts'
import type { EventBatch } from '../capture/index.ts'
import type { Config } from '../config/index.ts'
import { EnforcerError } from '../response/index.ts'
import type { Enforcer } from '../response/index.ts'
import { createDetection } from './create-detection.ts'
import type { OpenModels } from './create-detection.ts'

/** Batches of a rehearsal. After so many V8 has compiled what a scan runs through, and ONNX Runtime has made its buffers. */
const REHEARSALS = 100
const EVENTS = 16
/** 100::/64 is discard-only (RFC 6666): no host has such an address. */
const NOBODY = '100::'

/**
 * Judges scans that nobody made, in rooms of their own that are thrown away: without it the first verdict of a fresh process takes
 * ten times as long as those after it. Only the models are the real ones, and they remember nothing.
 */
export async function rehearseDetection(config: Config, models: OpenModels): Promise<void> {
  let verdicts = 0
  const { pipeline } = createDetection({
    config, models, mode: 'enforce', neverBlock: [], nextId: () => (verdicts += 1), decisionTimeMs: (observedAtMs) => observedAtMs,
    onScoringFailure: (error) => { throw error },
  })
  for (let round = 0; round < REHEARSALS; round++) await pipeline.step(scanBatch(round))
}

/** Blocks and frees an address that nobody has: the table stands before the first attacker comes, and the way to it is proven. */
export async function rehearseEnforcement(enforcer: Enforcer): Promise<void> {
  try {
    await enforcer.block([{ target: NOBODY, durationMs: 1_000 }])
    await enforcer.unblock([NOBODY])
  } catch (error) {
    // The monitor finds the same trouble with its first reading, and keeps saying so.
    if (!(error instanceof EnforcerError)) throw error
  }
}

/** One source that is refused by port after port of one host. */
function scanBatch(round: number): EventBatch {
  const buffer = new ArrayBuffer(EVENTS * eventLayout.strideBytes)
  const batch: EventBatch = {
    layout: eventLayout, length: EVENTS,
    u8: new Uint8Array(buffer), u16: new Uint16Array(buffer), i16: new Int16Array(buffer),
    u32: new Uint32Array(buffer), f32: new Float32Array(buffer), f64: new Float64Array(buffer),
  }
  for (let index = 0; index < EVENTS; index++) {
    const trials = index + 1
    const atMs = 1_000_000 + 1_000 * round + index
    // Documentation addresses (RFC 5737): 192.0.2.0/24 scans 198.51.100.1.
    setFields(batch, index, {
      observedAtMs: [atMs], flowStartMilliseconds: [atMs], flowEndMilliseconds: [atMs], flowId: [EVENTS * round + trials],
      sourceAddress: [192, 0, 2, round % 256], destinationAddress: [198, 51, 100, 1], ipVersion: [4], protocolIdentifier: [6],
      sourceTransportPort: [50_000], destinationTransportPort: [trials], purpose: [PURPOSE.score], cause: [1],
      packetDeltaCount: [1], reversePacketDeltaCount: [1], octetDeltaCount: [44], reverseOctetDeltaCount: [40],
      lengthMean: [44, 40], lengthMin: [44, 40], lengthMax: [44, 40], firstCount: [2], firstLengths: [44, -40],
      synCount: [1, 0], rstCount: [0, 1], tcpState: [6], isFirstContact: [1], contactFailed: [1], returnPathProven: [0],
      sourceTrialsFailed: [trials], sourceFlows: windows(trials), sourceContactsFailed: windows(trials), sourceDistinctPeers: windows(1),
      sourceDistinctPorts: windows(trials), sourceResetsReceived: windows(trials), pairFlows: windows(trials),
      pairContactsFailed: windows(trials), pairDistinctPorts: windows(trials), pairFlowsTotal: [trials],
    })
  }
  return batch
}

/** A counter that shows the same over all five windows. */
function windows(count: number): number[] {
  return Array.from({ length: 5 }, () => count)
}

function setFields(batch: EventBatch, index: number, values: Readonly<Record<string, readonly number[]>>): void {
  for (const [name, elements] of Object.entries(values)) {
    const { view, stride, offset } = eventField(FIELDS, name)
    batch[view].set(elements, index * stride + offset)
  }
}

const FIELDS = createEventFields(eventLayout)
