import type { EventLayout, MeterCounters } from '../agent/capture/index.ts'

/** What the addon says when a source cannot be opened or read on; `code` is one of agent/capture/errors.ts. */
export interface NativeProblem {
  readonly code: string
  /** The file or interface. */
  readonly place: string
  readonly reason: string
  /** Octets into the file (uncompressed); the link type's number where that is what is not known. */
  readonly offset: number
}

/** Every key must be there. One of `files`, `interfaces` and `feedBytes` says where packets come from; the others are empty, or 0. */
export interface NativeCaptureOptions {
  readonly files: readonly string[]
  /** A name, or the beginning of names with a `*` behind it. */
  readonly interfaces: readonly { readonly name: string; readonly isOptional: boolean }[]
  /** Room for packets that are pushed. */
  readonly feedBytes: number
  readonly filter: string
  readonly ringBytes: number
  readonly behaviour: boolean
  readonly recordFlows: boolean
  readonly readsMetadata: boolean
  readonly flowsMax: number
  readonly hostsMax: number
  readonly pairsMax: number
  readonly idleTimeoutMs: number
  readonly activeTimeoutMs: number
  readonly scoringEventsPerSecond: number
}

/** One capture on its own thread. Records come in `buffers`, in the order of `takeBatch`. */
export class Capture {
  /** Opens the source. Throws an Error with `problem: NativeProblem` when it cannot be opened. */
  constructor(options: NativeCaptureOptions, buffers: readonly ArrayBuffer[], onReady: () => void)
  start(): void
  /**
   * Gives back the batch taken before, and takes the next; undefined while there is none. `generation` grows when `counters` names
   * other interfaces than before.
   */
  takeBatch(): { readonly buffer: number; readonly length: number; readonly generation: number } | undefined
  /**
   * A packet for a capture that is fed; what it needs of `bytes` is copied. `facts`, which may be the same array each time: octets
   * that are here, octets on the wire, microseconds since the epoch, index of the interface, link type as capture files number it.
   * False: there was no room, and the packet is counted as dropped.
   */
  push(bytes: Uint8Array, facts: Float64Array): boolean
  /** True when no batch will come any more. */
  isEnded(): boolean
  /** Why reading ended early; known once it has ended. */
  failure(): NativeProblem | undefined
  counters(): MeterCounters
  progress(): number
  stop(): void
  close(): void
}

export const eventLayout: EventLayout

/** Who is at the other end of a connected Unix socket. */
export interface NativePeerCredentials {
  readonly pid: number
  readonly uid: number
  readonly gid: number
  /** Supplementary groups. */
  readonly groups: readonly number[]
}

/** Asks the kernel who connected (SO_PEERCRED, SO_PEERGROUPS). */
export function peerCredentials(fileDescriptor: number): NativePeerCredentials

/** One sd_notify(3) datagram, such as `READY=1`, to `socket` (the value of NOTIFY_SOCKET). */
export function notifySystemd(socket: string, message: string): void
