/** One interface through the npm package `pcap`: what it hands over, how it fails, and how it is closed for good. */
import { CaptureError, captureError } from './errors.ts'

/** As much as the native backend copies of a packet that a parser reads (native/src/snap_tail.h); here of every packet. */
const SNAP_LENGTH = 2_048
/** The kernel hands a block over after so long. */
const RETIRE_MS = 1
/** `pcap_dispatch` was told to stop (PCAP_ERROR_BREAK, pcap/pcap.h); the package then frees the handle. */
const BREAK = -2
/** No link type has this number. */
const UNKNOWN_LINK_TYPE = 65_535
const SMALL_RING_BYTES = 1 << 20

/** LINKTYPE_ names of the package, as capture files number them. */
const LINK_TYPES: Readonly<Record<string, number>> = {
  LINKTYPE_NULL: 0, LINKTYPE_ETHERNET: 1, LINKTYPE_RAW: 101, LINKTYPE_LINUX_SLL: 113,
}

/** What is used of a session of the binding. */
interface Binding {
  open_live(
    name: string, filter: string, bufferBytes: number, snapLength: number, dumpFile: string, onPacket: () => void,
    isMonitor: boolean, timeoutMs: number, onWarning: () => void, isPromiscuous: boolean,
  ): string
  /** Writes each packet that is there into `bytes` and `header`, and calls `onPacket`; below 0: it failed, or was told to stop. */
  dispatch(bytes: Buffer, header: Buffer): number
  stats(): { readonly ps_drop: number }
  close(): void
}

/**
 * What is used of the package: its binding. The package's own sessions poll by a handle that nothing takes out of the event loop
 * again, so a process that had opened one would never end by itself.
 */
export interface PcapPackage {
  readonly PcapSession: new () => Binding
}

/** A packet; `bytes` hold the next one when the listener has returned. */
export interface PcapPacket {
  readonly bytes: Uint8Array
  readonly length: number
  readonly wireLength: number
  readonly timestampUs: number
  readonly linkType: number
}

/** An open interface. */
export interface PcapSession {
  /** libpcap gave it up: it went down, or is gone. */
  readonly hasFailed: boolean
  /** Hands over every packet that is there. */
  dispatch(): void
  /** Packets that the kernel had no room for. */
  dropped(): number
  /**
   * Ends it. False: the kernel's ring is still held. libpcap notices that it is to stop only when one more packet comes; asked again
   * after that, it is released.
   */
  close(): boolean
}

/** What a session is opened with. */
export interface PcapChoice {
  readonly name: string
  readonly filter: string
  readonly ringBytes: number
}

/** The package, or a CaptureError that says what is missing. */
export function loadPcap(load: () => unknown): PcapPackage {
  try {
    const loaded = load()
    if (!isPackage(loaded)) throw new Error('it has no PcapSession')
    return loaded
  } catch (error) {
    const reason = `the npm package pcap is not usable (${firstLineOf(error)}); install libpcap-dev and run \`npm run setup\`, `
      + 'or set capture.backend to native'
    throw new CaptureError({ code: 'CAPTURE_BACKEND_MISSING', place: 'node-pcap', reason }, `capture backend node-pcap: ${reason}`)
  }
}

/** Opens an interface; `take` gets its packets when they are dispatched. Throws CaptureError. */
export function openPcapSession(pcap: PcapPackage, choice: PcapChoice, take: (packet: PcapPacket) => void): PcapSession {
  const bytes = Buffer.alloc(SNAP_LENGTH)
  // Four numbers of 32 bits: seconds, microseconds, octets captured, octets on the wire.
  const header = Buffer.alloc(16)
  let linkType = 0
  let isClosed = false
  const binding = new pcap.PcapSession()
  const link = openLive(pcap, { ...choice, binding }, () => {
    if (isClosed) return
    const timestampUs = header.readUInt32LE(0) * 1_000_000 + header.readUInt32LE(4)
    take({ bytes, length: Math.min(header.readUInt32LE(8), bytes.length), wireLength: header.readUInt32LE(12), timestampUs, linkType })
  })
  // What the package has no name for it calls "Unknown linktype N"; the meter counts what it cannot decode.
  linkType = LINK_TYPES[link] ?? Number(/\d+$/.exec(link)?.[0] ?? UNKNOWN_LINK_TYPE)
  let hasFailed = false
  let isReleased = false
  let droppedAtEnd = 0
  return {
    get hasFailed() {
      return hasFailed
    },
    dispatch() {
      if (!isClosed && binding.dispatch(bytes, header) < 0) hasFailed = true
    },
    dropped: () => (isClosed ? droppedAtEnd : binding.stats().ps_drop),
    close() {
      if (!isClosed) {
        droppedAtEnd = binding.stats().ps_drop
        isClosed = true
        binding.close()
      }
      // After this very answer nothing may touch it any more: the handle is gone.
      if (!isReleased) isReleased = binding.dispatch(bytes, header) === BREAK
      return isReleased
    },
  }
}

interface Opening extends PcapChoice {
  readonly binding: Binding
}

function openLive(pcap: PcapPackage, { binding, name, filter, ringBytes }: Opening, onPacket: () => void): string {
  try {
    // It warns of an interface without IPv4 address, which is none of its business.
    return binding.open_live(name, filter, ringBytes, SNAP_LENGTH, '', onPacket, false, RETIRE_MS, () => {}, false)
  } catch (error) {
    const reason = firstLineOf(error)
    if (/permi|CAP_NET_RAW/i.test(reason)) {
      throw captureError({ code: 'CAPTURE_PERMISSION_DENIED', place: name, reason: 'CAP_NET_RAW', offset: 0 })
    }
    // The binding does not say which step failed: what opens without the filter failed because of it.
    if (filter !== '' && opensWithoutFilter(pcap, name)) {
      throw captureError({ code: 'CAPTURE_FILTER_INVALID', place: filter, reason, offset: 0 })
    }
    const code = /no such device/i.test(reason) ? 'CAPTURE_INTERFACE_MISSING' : 'CAPTURE_INTERFACE_FAILED'
    throw captureError({ code, place: name, reason, offset: 0 })
  }
}

function opensWithoutFilter(pcap: PcapPackage, name: string): boolean {
  try {
    openPcapSession(pcap, { name, filter: '', ringBytes: SMALL_RING_BYTES }, () => {}).close()
    return true
  } catch {
    return false
  }
}

function isPackage(loaded: unknown): loaded is PcapPackage {
  return typeof loaded === 'object' && loaded !== null && 'PcapSession' in loaded && typeof loaded.PcapSession === 'function'
}

function firstLineOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error)
  return text.split('\n', 1)[0] ?? ''
}
