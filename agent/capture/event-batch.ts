import type { SharedRecords } from '../kit/index.ts'

/** Where one field of an event stands in its record. `count` is its number of elements. */
export interface EventField {
  readonly offset: number
  readonly type: 'f64' | 'f32' | 'u32' | 'u16' | 'i16' | 'u8'
  readonly count: number
}

/** The layout that the addon exports from `native/src/event_record.h`; no number of it is written in TypeScript. */
export interface EventLayout {
  readonly strideBytes: number
  readonly fields: Readonly<Record<string, EventField>>
}

/**
 * A run of events in memory shared with the addon: `length` records of `layout.strideBytes`, seen through one view a type.
 * Element `i` of field `f` of event `e` is `view[(e * strideBytes + f.offset) / bytesPerElement + i]`.
 * Valid until the next read of the same source.
 */
export interface EventBatch extends SharedRecords {
  readonly layout: EventLayout
}

/** A live interface as it stands. */
export interface CapturedInterface {
  /** Under which it is captured: as configured, or as it was called when it came by a pattern. */
  readonly name: string
  /** What the kernel calls it now; empty while it is gone. */
  readonly kernelName: string
  /** Place in the configured list; interfaces that came by one pattern share it. */
  readonly source: number
  readonly isOpen: boolean
  /** How often it was removed, or lost its name to another, since the start. */
  readonly timesLost: number
  readonly packets: number
  /** Packets that the kernel had no room for. */
  readonly dropped: number
  /** Packets longer than the interface's MTU: several that the kernel or the card made one (GRO, TSO). */
  readonly mergedPackets: number
}

/** What the meter counted since its start. Every event is accounted for: received = scored + shed + pending. */
export interface MeterCounters {
  readonly packets: number
  /** Packets within those packets (tunnels) that were metered too. */
  readonly tunnelledPackets?: number
  /** Tunnel headers with no IP packet behind them that could be read: ARP, encrypted, cut by the capture. */
  readonly innerUndecoded?: number
  /** Octets, layer 3, of all of them. */
  readonly octets: number
  readonly flows: number
  readonly activeFlows: number
  readonly hosts: number
  readonly pairs: number
  /** An event's interfaceIndex is the place in this list, which only grows. Empty for files. */
  readonly interfaces: readonly CapturedInterface[]
  readonly events: { readonly received: number; readonly scored: number; readonly shed: number; readonly pending: number }
  /** Jumps of packet time in a file; each started a new segment with fresh state. */
  readonly segments?: number
  /** Packets up to three seconds late, which took the time of the one before. */
  readonly reorderedPackets?: number
  /** Packets of a file that the filter turned away; of an interface the kernel does not tell. */
  readonly filteredPackets?: number
  /** Flows that began with an answer and went on as if it had been asked for: the capture shows one direction, or has just begun. */
  readonly questionsMissed?: number
  /** Hellos of TLS and QUIC that were read, cut by the capture, malformed ... */
  readonly metadata?: Readonly<Record<string, number>>
  /** Packets that gave no flow, by reason. */
  readonly undecoded: Readonly<Record<string, number>>
  /** Work dropped or ended early, by reason: kernel ring, flow table full, host table full ... */
  readonly dropped: Readonly<Record<string, number>>
}

/** A source of packets that already went through the meter. `capture` implements it on the addon; tests in memory. */
export interface PacketSource {
  /** The next events, or undefined at the end (of the file, or after `stop`). Waits while there is nothing. */
  next(): Promise<EventBatch | undefined>
  counters(): MeterCounters
  /** The interfaces that events name by their index, those of the last batch included. Cheap; the same list while none comes. */
  interfaces(): readonly Pick<CapturedInterface, 'name' | 'source'>[]
  /** How far a file has been read, 0..1; 0 for live interfaces. */
  progress(): number
  /** Ends the source: remaining flows end as forcedEnd, remaining events are delivered, then `next` gives undefined. */
  stop(): void
  close(): Promise<void>
}

/** `Cause` of native/src/event_record.h. */
export const CAUSE = { packetCount: 1, periodic: 2, flowEnd: 4, hostEvidence: 8, pairEvidence: 16 } as const

/** `Purpose` of native/src/event_record.h. */
export const PURPOSE = { score: 1, record: 2 } as const
