import type { PacketSource } from '../capture/index.ts'
import { openInterfaces } from '../capture/native-source.ts'
import { openInterfacesWithNodePcap } from '../capture/node-pcap-source.ts'
import type { Config } from '../config/index.ts'
import type { Clock } from '../kit/index.ts'
import { meterLimitsOf } from './create-detection.ts'

/** Opens the configured interfaces with the configured backend. */
export function openLiveSource(config: Config, clock: Clock): PacketSource {
  const choices = config.capture.interfaces.map(({ name, optional }) => ({ name, isOptional: optional }))
  const limits = meterLimitsOf(config)
  return config.capture.backend === 'native' ? openInterfaces(choices, limits) : openInterfacesWithNodePcap(choices, limits, clock)
}

/**
 * Indexes of the interfaces on the inner side, for events' interfaceIndex: a list that grows as interfaces come by pattern. `refresh`
 * before a batch is judged costs nothing while none has come.
 */
export class InnerInterfaces {
  readonly indexes: number[] = []
  readonly #sides: readonly ('outer' | 'inner')[]
  #known = 0

  constructor({ interfaces }: Config['capture']) {
    this.#sides = interfaces.map(({ side }) => side)
  }

  refresh(interfaces: ReturnType<PacketSource['interfaces']>): void {
    // An interface keeps its place, and a place that passes to another interface of its pattern keeps its side.
    for (; this.#known < interfaces.length; this.#known++) {
      if (this.#sides[interfaces[this.#known]!.source] === 'inner') this.indexes.push(this.#known)
    }
  }
}
