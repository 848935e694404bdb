// A program: captures the interfaces named on its command line and says what it counts whenever it is asked with a line.
//   node watch-interfaces.ts native|node-pcap NAME[?]...     ? marks one that may be missing
import process from 'node:process'
import { createInterface } from 'node:readline'
import { openInterfaces } from '../../agent/capture/native-source.ts'
import { openInterfacesWithNodePcap } from '../../agent/capture/node-pcap-source.ts'
import { systemClock } from '../../agent/daemon/system-clock.ts'
import { createFlowNamer } from '../../agent/flows/index.ts'
import { eventLayout } from '../../native/index.js'

const [backend, ...names] = process.argv.slice(2)
const choices = names.map((name) => ({ name: name.replace('?', ''), isOptional: name.endsWith('?') }))
const limits = { filter: 'udp', ringBytes: 1 << 20 }
const source = backend === 'native' ? openInterfaces(choices, limits) : openInterfacesWithNodePcap(choices, limits, systemClock)
const namer = createFlowNamer(eventLayout, (index) => source.interfaces()[index]?.name)
/** `interface destination-port` of every event so far. */
const seen = new Set<string>()

createInterface(process.stdin).on('line', () => {
  const { interfaces, dropped } = source.counters()
  process.stdout.write(`${JSON.stringify({ interfaces, dropped, seen: [...seen] })}\n`)
}).on('close', () => source.stop())

for (let batch = await source.next(); batch !== undefined; batch = await source.next()) {
  for (let index = 0; index < batch.length; index++) {
    const { interfaceName, destinationTransportPort } = namer.name(batch, index)
    seen.add(`${interfaceName} ${destinationTransportPort}`)
  }
}
await source.close()
