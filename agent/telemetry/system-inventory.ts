/** EDGE. What the node is made of (systeminformation, rarely: it costs half a second) and how it fares (/proc, often: 0.05 ms). */
import { readdirSync, readFileSync } from 'node:fs'
import { cpu, mem, networkInterfaces, osInfo } from 'systeminformation'
import { healthOf } from './proc-health.ts'
import type { FormerHealth, Machine, NodeHealth } from './proc-health.ts'

/** Hardware and system of the node. No addresses: an inventory may leave the node in a debug bundle. */
export interface Inventory {
  readonly processor: string
  readonly cores: number
  readonly memoryBytes: number
  readonly distribution: string
  readonly kernel: string
  readonly architecture: string
  readonly interfaces: readonly {
    readonly name: string
    readonly type: string
    readonly state: string
    readonly mtu: number | null
    /** Null where the interface has no speed of its own. */
    readonly megabits: number | null
  }[]
}

/** USER_HZ, which Linux shows to programs as 100 on all architectures that Node runs on, and the page of x86-64 and most arm64. */
const TICKS_PER_SECOND = 100
const PAGE_BYTES = 4_096

/** Takes the inventory. Call it at the cadence of `health.inventoryMs`, never on the way of packets. */
export async function readInventory(): Promise<Inventory> {
  const [processor, memory, system, interfaces] = await Promise.all([cpu(), mem(), osInfo(), networkInterfaces()])
  return {
    processor: `${processor.manufacturer} ${processor.brand}`.trim(),
    cores: processor.cores,
    memoryBytes: memory.total,
    distribution: `${system.distro} ${system.release}`.trim(),
    kernel: system.kernel,
    architecture: system.arch,
    // Virtual interfaces have no speed; the kernel says -1.
    interfaces: [interfaces].flat().map(({ iface, type, operstate, mtu, speed }) => (
      { name: iface, type, state: operstate, mtu, megabits: speed !== null && speed > 0 ? speed : null }
    )),
  }
}

/** Samples the process and the node; give it the sample before for the share of CPU. Outside Linux all numbers are 0. */
export function readHealth(cores: number, before?: FormerHealth): NodeHealth {
  const machine: Machine = { cores, pageBytes: PAGE_BYTES, ticksPerSecond: TICKS_PER_SECOND }
  const texts = {
    stat: textOf('/proc/self/stat'),
    statm: textOf('/proc/self/statm'),
    loadavg: textOf('/proc/loadavg'),
    meminfo: textOf('/proc/meminfo'),
    openFiles: entriesOf('/proc/self/fd'),
  }
  return healthOf(texts, machine, before)
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}

function entriesOf(folder: string): number {
  try {
    return readdirSync(folder).length
  } catch {
    return 0
  }
}
