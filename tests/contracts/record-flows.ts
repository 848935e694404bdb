// A program: flow records of one interface, from a backend, until a datagram to the marker's port is seen. Says "ready" when it
// captures, then all in one line of JSON.
//   node record-flows.ts native|node-pcap INTERFACE MARKER-PORT FILTER
import process from 'node:process'
import { PURPOSE, createEventFields, eventField } from '../../agent/capture/index.ts'
import { openInterfaces } from '../../agent/capture/native-source.ts'
import { openInterfacesWithNodePcap } from '../../agent/capture/node-pcap-source.ts'
import { systemClock } from '../../agent/daemon/system-clock.ts'
import { createFlowNamer } from '../../agent/flows/index.ts'
import type { FlowRecord } from '../../agent/flows/index.ts'
import { eventLayout } from '../../native/index.js'

const [backend, interfaceName = '', markerPort, filter = ''] = process.argv.slice(2)
const source = backend === 'native' ? openInterfaces([interfaceName], { filter })
  : openInterfacesWithNodePcap([interfaceName], { filter }, systemClock)
const purpose = eventField(createEventFields(eventLayout), 'purpose')
const namer = createFlowNamer(eventLayout, (index) => source.interfaces()[index]?.name)
process.stdout.write('ready\n')

const records: FlowRecord[] = []
for (let batch = await source.next(); batch !== undefined; batch = await source.next()) {
  for (let index = 0; index < batch.length; index++) {
    const record = namer.name(batch, index)
    // Its first packet is an event of its own, so this does not wait for the flow's end.
    if (record.destinationTransportPort === Number(markerPort)) source.stop()
    else if (batch[purpose.view][index * purpose.stride + purpose.offset]! & PURPOSE.record) records.push(record)
  }
}
process.stdout.write(`${JSON.stringify({ records, counters: source.counters() })}\n`)
await source.close()
