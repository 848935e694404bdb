// A peer's captures through the meter: how many of the peer's flows are found.
import { WITHOUT_TIMERS } from '../../agent/capture/meter-limits.ts'
import { openCaptureFiles } from '../../agent/capture/native-source.ts'
import type { MeterLimits } from '../../agent/capture/index.ts'
import { createFlowNamer } from '../../agent/flows/index.ts'
import type { FlowRecord } from '../../agent/flows/index.ts'
import { findFlows } from './find-flows.ts'
import type { Search } from './find-flows.ts'
import type { Peer, PeerCapture } from './peer-flows.ts'

/** Each peer's own timers, so that what differs is not only when a flow ends. */
export const TIMERS: Readonly<Record<Peer, Partial<MeterLimits>>> = {
  // ndpiReader has none, and some of its captures have packets years apart.
  ndpi: WITHOUT_TIMERS,
  // Zeek's init-bare.zeek: tcp_inactivity_timeout 5 min, tcp_close_delay 5 s; no bound on a connection's age.
  zeek: { idleTimeoutMs: 300_000, activeTimeoutMs: 1e12, closedLingerMs: 5_000 },
}

/** One capture's outcome. */
export interface Comparison extends Search {
  readonly capture: PeerCapture
}

/** Meters the capture under `limits` and looks the peer's flows up. */
export async function compareCapture(capture: PeerCapture, limits: Partial<MeterLimits>): Promise<Comparison> {
  return { capture, ...findFlows(capture.flows, await meterFlows(capture.file, limits)) }
}

/** Sums over captures. */
export interface Summary {
  readonly captures: number
  /** Captures of which every flow is found. */
  readonly alike: number
  readonly flows: number
  /** Flows with equal ends and packets each way. */
  readonly found: number
  /** Of these, those with equal octets too, where the peer counts layer 3. */
  readonly exact: number
}

/** Counts what was found. */
export function summarise(comparisons: readonly Comparison[]): Summary {
  const sum = (number: (each: Comparison) => number) => comparisons.reduce((total, each) => total + number(each), 0)
  const flows = sum((each) => each.capture.flows.length)
  const missing = sum((each) => each.missing.length)
  return {
    captures: comparisons.length,
    alike: comparisons.filter((each) => each.missing.length === 0).length,
    flows,
    found: flows - missing,
    exact: flows - missing - sum((each) => each.otherOctets.length),
  }
}

async function meterFlows(file: string, limits: Partial<MeterLimits>): Promise<FlowRecord[]> {
  const source = openCaptureFiles([file], { behaviour: false, ...limits })
  const records: FlowRecord[] = []
  for (let batch = await source.next(); batch !== undefined; batch = await source.next()) {
    const namer = createFlowNamer(batch.layout, ['file'])
    for (let index = 0; index < batch.length; index++) records.push(namer.name(batch, index))
  }
  await source.close()
  return records
}
