/** One interface through the npm package `pcap`: what it hands over, how it fails, and how it is closed for good. */
import { captureError } from './errors.ts'

/** As much as the native backend copies of a packet that a parser reads (native/src/snap_tail.h); here of every packet. */
const SNAP_LENGTH = 2_048
/** The kernel hands a block over after so long. */
const RETIRE_MS = 1
/** `pcap_dispatch` was told to stop (PCAP_ERROR_BREAK, pcap/pcap.h); the package then frees the handle. */
const BREAK = -2
const CLOSE_TRIES = 4

/** LINKTYPE_ names of the package, as capture files number them. */
const LINK_TYPES: Readonly<Record<string, number>> = {
  LINKTYPE_NULL: 0, LINKTYPE_ETHERNET: 1, LINKTYPE_RAW: 101, LINKTYPE_LINUX_SLL: 113,
}

/** The binding under a session of the package. */
interface Binding {
  dispatch(bytes: Buffer, header: Buffer): number
  close(): void
  read_callback: () => void
}

/** What is used of a session of the package. `buf` and `header` are written anew for each packet. */
interface PackageSession {
  session: Binding
  readonly link_type: string
  readonly buf: Buffer
  readonly header: Buffer
  on(event: 'packet', listener: () => void): void
  stats(): { readonly ps_drop: number }
  close(): void
}

/** What is used of the package. */
export interface PcapPackage {
  warningHandler: (text: string) => void
  createSession(name: string, options: {
    readonly filter: string, readonly buffer_size: number, readonly snap_length: number, readonly buffer_timeout: number,
    readonly promiscuous: boolean,
  }): PackageSession
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
  /** Packets that the kernel had no room for. */
  dropped(): number
  /** Takes what is still in the kernel's ring, then closes. */
  close(): void
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
    if (!isPackage(loaded)) throw new Error('it has no createSession')
    // It warns on the console of an interface without IPv4 address, which is none of its business.
    loaded.warningHandler = () => {}
    return loaded
  } catch (error) {
    const reason = `the npm package pcap is not usable (${firstLineOf(error)}); install libpcap-dev and run \`npm run setup\`, `
      + 'or set capture.backend to native'
    throw captureError({ code: 'CAPTURE_BACKEND_MISSING', place: 'node-pcap', reason, offset: 0 })
  }
}

/** Opens an interface; `take` gets its packets as they come, on this thread. Throws CaptureError. */
export function openPcapSession(pcap: PcapPackage, choice: PcapChoice, take: (packet: PcapPacket) => void): PcapSession {
  const session = create(pcap, choice)
  const linkType = LINK_TYPES[session.link_type] ?? Number(/\d+$/.exec(session.link_type)?.[0] ?? Number.NaN)
  if (Number.isNaN(linkType)) {
    closeForGood(session)
    throw captureError({ code: 'CAPTURE_INTERFACE_FAILED', place: choice.name, reason: session.link_type, offset: 0 })
  }
  const { buf, header } = session
  session.on('packet', () => {
    const timestampUs = header.readUInt32LE(0) * 1_000_000 + header.readUInt32LE(4)
    take({ bytes: buf, length: Math.min(header.readUInt32LE(8), buf.length), wireLength: header.readUInt32LE(12), timestampUs, linkType })
  })
  return follow(session)
}

function follow(session: PackageSession): PcapSession {
  let hasFailed = false
  let isClosed = false
  const { session: binding, buf, header } = session
  binding.read_callback = () => {
    if (!isClosed && binding.dispatch(buf, header) < 0) hasFailed = true
  }
  return {
    get hasFailed() {
      return hasFailed
    },
    dropped: () => session.stats().ps_drop,
    close() {
      if (isClosed) return
      binding.read_callback()
      isClosed = true
      closeForGood(session)
    },
  }
}

/**
 * The package leaves the handle open until a dispatch notices that it is to stop, which without packets is never, and then nothing
 * may touch it: so that dispatch is made here. The session stays referenced, because its poll handle is part of it and of the event
 * loop, and the package never takes it out of there.
 */
function closeForGood(session: PackageSession): void {
  const { session: binding, buf, header } = session
  session.close()
  for (let tries = 0; tries < CLOSE_TRIES && binding.dispatch(buf, header) !== BREAK; tries++) { /* what is left in the ring */ }
  // The package has one more read planned for the turn in which a session was opened.
  session.session = NOTHING
  CLOSED.push(binding)
}

const NOTHING: Binding = { dispatch: () => 0, close() {}, read_callback() {} }
const CLOSED: Binding[] = []

function create(pcap: PcapPackage, choice: PcapChoice, filter = choice.filter): PackageSession {
  try {
    return pcap.createSession(choice.name, {
      filter, buffer_size: choice.ringBytes, snap_length: SNAP_LENGTH, buffer_timeout: RETIRE_MS, promiscuous: false,
    })
  } catch (error) {
    const reason = firstLineOf(error)
    if (/permi|CAP_NET_RAW/i.test(reason)) {
      throw captureError({ code: 'CAPTURE_PERMISSION_DENIED', place: choice.name, reason: 'CAP_NET_RAW', offset: 0 })
    }
    // The package does not say which step failed: what opens without the filter failed because of it.
    if (filter !== '' && opens(pcap, choice)) {
      throw captureError({ code: 'CAPTURE_FILTER_INVALID', place: filter, reason, offset: 0 })
    }
    const code = /no such device/i.test(reason) ? 'CAPTURE_INTERFACE_MISSING' : 'CAPTURE_INTERFACE_FAILED'
    throw captureError({ code, place: choice.name, reason, offset: 0 })
  }
}

function opens(pcap: PcapPackage, choice: PcapChoice): boolean {
  try {
    closeForGood(create(pcap, choice, ''))
    return true
  } catch {
    return false
  }
}

function isPackage(loaded: unknown): loaded is PcapPackage {
  return typeof loaded === 'object' && loaded !== null && 'createSession' in loaded && typeof loaded.createSession === 'function'
}

function firstLineOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error)
  return text.split('\n', 1)[0] ?? ''
}
