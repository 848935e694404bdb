// What valgrind watches: the addon inside Node, over captures given by name, with and without behaviour tables.
import process from 'node:process'
import { CaptureError } from '../../agent/capture/index.ts'
import { openCaptureFiles } from '../../agent/capture/native-source.ts'

let events = 0
let packets = 0
for (const behaviour of [false, true]) {
  const source = openCaptureFiles(process.argv.slice(2), { behaviour, flowsMax: 4_096, hostsMax: 1_024, pairsMax: 1_024 })
  try {
    for (let batch = await source.next(); batch !== undefined; batch = await source.next()) events += batch.length
  } catch (error) {
    if (!(error instanceof CaptureError)) throw error
  }
  packets += source.counters().packets
  await source.close()
}
console.log(`${packets} packets, ${events} events`)
