// A peer's whole suite against the meter: how many of its flows are found, and what differs.
import { openCaptureFiles } from '../../agent/capture/native-source.ts'
import type { MeterLimits } from '../../agent/capture/index.ts'
import { createFlowNamer } from '../../agent/flows/index.ts'
import type { FlowRecord } from '../../agent/flows/index.ts'
import { findFlows } from './find-flows.ts'
import type { Search } from './find-flows.ts'
import type { PeerCapture } from './peer-flows.ts'

/** nDPI has no timeouts, nor has Zeek that these captures would meet; joined captures have packets years apart. */
export const WITHOUT_TIMEOUTS: Partial<MeterLimits> = {
  idleTimeoutMs: 1e12, activeTimeoutMs: 1e12, closedLingerMs: 1e12, reorderMs: 1e12, jumpMs: 1e12,
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
export function summarise(comparisons: readonly Comparison[]): { captures: number, alike: number, flows: number, found: number, exact: number } {
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
