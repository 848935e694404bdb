/**
 * EDGE: live packets through libpcap, by way of the npm package `pcap`, into the same native meter.
 *
 * The package hands over one packet a call on JavaScript's thread. It copies with one snap length, and it opens by name: an interface
 * that is renamed is lost, and one that went down is opened again when it is up. docs/live-capture.md compares the two.
 */
import { readFileSync, readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Clock } from '../kit/index.ts'
import { captureError } from './errors.ts'
import type { CapturedInterface, EventBatch, MeterCounters, PacketSource } from './event-batch.ts'
import { DEFAULT_METER_LIMITS } from './meter-limits.ts'
import type { InterfaceChoice, MeterLimits } from './meter-limits.ts'
import { openFeed } from './native-source.ts'
import type { FedSource } from './native-source.ts'
import { loadPcap, openPcapSession } from './pcap-session.ts'
import type { PcapPackage, PcapSession } from './pcap-session.ts'

/** A quarter of a second of 1500-octet packets at 256 Mbit/s; what comes while it is full is counted as `feedFull`. */
const FEED_BYTES = 8 * 1024 * 1024
const LOOK_MS = 1_000
/** How long a packet may wait in the kernel's ring; the binding is asked, because it cannot be waited for (see PcapPackage). */
const DISPATCH_MS = 5
/** Rings of interfaces that are gone, which libpcap cannot release; past this nothing is opened again. */
const RETIRED_MAX = 16
/** The same bounds as those of native/src/interface_set.h. */
const INTERFACES_MAX = 64
const PER_PATTERN_MAX = 16

/** Why the package cannot be used here; empty when it can. */
export function whyNoNodePcap(): string {
  try {
    loadPcap(requirePackage)
    return ''
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

/** Packets of live interfaces by name or pattern. Throws CaptureError as `openInterfaces` does, and when the package is missing. */
export function openInterfacesWithNodePcap(
  interfaces: readonly (string | InterfaceChoice)[], limits: Partial<MeterLimits>, clock: Clock,
): PacketSource {
  const choices = interfaces.map((each) => (typeof each === 'string' ? { name: each } : each))
  return new NodePcapSource(choices, { ...DEFAULT_METER_LIMITS, ...limits }, clock)
}

interface Slot {
  name: string
  readonly source: number
  session: PcapSession | undefined
  /** The kernel's number of the interface: another one of the same name is another interface. */
  index: number
  packets: number
  mergedPackets: number
  timesLost: number
  /** Of sessions that are closed. */
  droppedBefore: number
}

class NodePcapSource implements PacketSource {
  readonly #choices: readonly InterfaceChoice[]
  readonly #limits: MeterLimits
  readonly #clock: Clock
  readonly #pcap: PcapPackage
  readonly #feed: FedSource
  readonly #slots: Slot[] = []
  readonly #refused = new Set<string>()
  #retired: PcapSession[] = []
  #isStopped = false
  #cancelLook: () => void = () => {}
  #cancelDispatch: () => void = () => {}

  constructor(choices: readonly InterfaceChoice[], limits: MeterLimits, clock: Clock) {
    this.#choices = choices
    this.#limits = limits
    this.#clock = clock
    this.#pcap = loadPcap(requirePackage)
    this.#feed = openFeed(FEED_BYTES, limits)
    try {
      this.#openFirst()
    } catch (error) {
      this.stop()
      // It has seen no packet: nothing that its end could still deliver is lost.
      void this.#feed.close()
      throw error
    }
    this.#look()
    this.#dispatch()
  }

  next(): Promise<EventBatch | undefined> {
    return this.#feed.next()
  }

  counters(): MeterCounters {
    const counters = this.#feed.counters()
    const interfaces = this.#slots.map((slot) => stateOf(slot))
    return {
      ...counters,
      interfaces,
      dropped: {
        ...counters.dropped,
        kernelRingFull: interfaces.reduce((sum, { dropped }) => sum + dropped, 0),
        interfaceLost: this.#slots.reduce((sum, { timesLost }) => sum + timesLost, 0),
        interfaceOverLimit: this.#refused.size,
      },
    }
  }

  interfaces(): readonly Slot[] {
    return this.#slots
  }

  progress(): number {
    return 0
  }

  stop(): void {
    if (this.#isStopped) return
    this.#isStopped = true
    this.#cancelLook()
    this.#cancelDispatch()
    for (const slot of this.#slots) {
      slot.session?.dispatch()
      this.#closeSlot(slot)
    }
    this.#feed.stop()
  }

  async close(): Promise<void> {
    this.stop()
    await this.#feed.close()
  }

  #openFirst(): void {
    const present = presentInterfaces()
    this.#choices.forEach(({ name, isOptional = false }, source) => {
      if (isPattern(name)) return
      const slot = this.#addSlot(name, source)
      if (isOptional && !present.has(name)) return
      this.#open(slot, present)
    })
  }

  /** What became of the interfaces, once a second. */
  #look(): void {
    if (this.#isStopped) return
    this.#retired = this.#retired.filter((session) => !session.close())
    const present = presentInterfaces()
    for (const slot of this.#slots) this.#follow(slot, present)
    this.#takeNewcomers(present)
    this.#cancelLook = this.#clock.after(LOOK_MS, () => this.#look())
  }

  #dispatch(): void {
    if (this.#isStopped) return
    for (const { session } of this.#slots) session?.dispatch()
    this.#cancelDispatch = this.#clock.after(DISPATCH_MS, () => this.#dispatch())
  }

  #follow(slot: Slot, present: ReadonlyMap<string, number>): void {
    const isSame = present.get(slot.name) === slot.index
    if (slot.session !== undefined && isSame && !slot.session.hasFailed) return
    if (slot.session !== undefined) {
      this.#closeSlot(slot)
      if (!isSame) slot.timesLost += 1
    }
    if (!present.has(slot.name)) return
    try {
      this.#open(slot, present)
    } catch {
      // Gone again, or down; the state says that it is not open, and the next try is in a second.
    }
  }

  #takeNewcomers(present: ReadonlyMap<string, number>): void {
    const named = new Set(this.#choices.map(({ name }) => name))
    for (const name of [...present.keys()].sort()) {
      const source = this.#choices.findIndex((choice) => isPattern(choice.name) && name.startsWith(choice.name.slice(0, -1)))
      if (source < 0 || named.has(name) || this.#slots.some((slot) => slot.name === name)) continue
      const slot = this.#placeFor(name, source)
      if (slot === undefined) this.#refused.add(name)
      else this.#follow(slot, present)
    }
  }

  /** A place of its own, or one whose interface is gone when there is no more room. */
  #placeFor(name: string, source: number): Slot | undefined {
    const siblings = this.#slots.filter((slot) => slot.source === source)
    if (siblings.length < PER_PATTERN_MAX && this.#slots.length < INTERFACES_MAX) return this.#addSlot(name, source)
    const abandoned = siblings.find((slot) => slot.session === undefined)
    if (abandoned !== undefined) abandoned.name = name
    return abandoned
  }

  #addSlot(name: string, source: number): Slot {
    const slot: Slot = { name, source, session: undefined, index: 0, packets: 0, mergedPackets: 0, timesLost: 0, droppedBefore: 0 }
    this.#slots.push(slot)
    return slot
  }

  #open(slot: Slot, present: ReadonlyMap<string, number>): void {
    const index = present.get(slot.name)
    if (index === undefined) throw captureError({ code: 'CAPTURE_INTERFACE_MISSING', place: slot.name, reason: '', offset: 0 })
    if (this.#retired.length >= RETIRED_MAX) {
      const reason = `libpcap still holds the rings of ${RETIRED_MAX} interfaces that are gone; start the agent again`
      throw captureError({ code: 'CAPTURE_INTERFACE_FAILED', place: slot.name, reason, offset: 0 })
    }
    const interfaceIndex = this.#slots.indexOf(slot)
    const lengthMax = mtuOf(slot.name) + LINK_OCTETS_MAX
    const { push } = this.#feed
    const facts = new Float64Array(5)
    const { filter, ringBytes } = this.#limits
    slot.index = index
    slot.session = openPcapSession(this.#pcap, { name: slot.name, filter, ringBytes }, (packet) => {
      slot.packets += 1
      if (packet.wireLength > lengthMax) slot.mergedPackets += 1
      facts[0] = packet.length
      facts[1] = packet.wireLength
      facts[2] = packet.timestampUs
      facts[3] = interfaceIndex
      facts[4] = packet.linkType
      push(packet.bytes, facts)
    })
  }

  #closeSlot(slot: Slot): void {
    if (slot.session === undefined) return
    if (!slot.session.close()) this.#retired.push(slot.session)
    slot.droppedBefore += slot.session.dropped()
    slot.session = undefined
  }
}

/** Ethernet's header and two tags. */
const LINK_OCTETS_MAX = 22
/** As long as an IPv4 packet can be: where the kernel does not say, none counts as merged. */
const MTU_UNKNOWN = 65_535

function stateOf({ name, source, session, packets, mergedPackets, timesLost, droppedBefore }: Slot): CapturedInterface {
  const isOpen = session !== undefined && !session.hasFailed
  const dropped = droppedBefore + (session?.dropped() ?? 0)
  return { name, kernelName: isOpen ? name : '', source, isOpen, timesLost, packets, dropped, mergedPackets }
}

function isPattern(name: string): boolean {
  return name.endsWith('*')
}

/** The interfaces of this network namespace, each with the kernel's number. */
function presentInterfaces(): Map<string, number> {
  const present = new Map<string, number>()
  for (const name of readdirSync('/sys/class/net')) {
    const index = numberIn(name, 'ifindex')
    if (index !== undefined) present.set(name, index)
  }
  return present
}

function mtuOf(name: string): number {
  return numberIn(name, 'mtu') ?? MTU_UNKNOWN
}

/** Nothing for an interface that has just gone. */
function numberIn(name: string, file: 'ifindex' | 'mtu'): number | undefined {
  try {
    return Number(readFileSync(`/sys/class/net/${name}/${file}`, 'utf8'))
  } catch {
    return undefined
  }
}

/** Optional, so not an import: what is missing must fail only when it is asked for. */
function requirePackage(): unknown {
  return createRequire(import.meta.url)('pcap/build/Release/pcap_binding')
}
