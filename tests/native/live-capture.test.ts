// Goal: a live interface gives each packet once, with what the kernel says about it.
// Method: datagrams over the loopback device of this machine, which shows every packet twice; a filter keeps other traffic out.
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import process from 'node:process'
import { expect, test } from 'vitest'
import { openInterfaces } from '../../agent/capture/native-source.ts'
import { createFlowNamer } from '../../agent/flows/index.ts'
import type { FlowRecord } from '../../agent/flows/index.ts'

const mayCapture = process.getuid?.() === 0
const PACKETS = 20

test.skipIf(mayCapture)('not root: live capture is not tested', () => {
  expect(mayCapture).toBe(false)
})

test.runIf(mayCapture)('datagrams over loopback are counted once each, with their lengths', async () => {
  const receiver = createSocket('udp4').bind(0, '127.0.0.1')
  await once(receiver, 'listening')
  const { port } = receiver.address()
  const source = openInterfaces(['lo'], { behaviour: false, filter: `udp and dst port ${port}` })

  const sender = createSocket('udp4')
  for (let i = 0; i < PACKETS; i++) {
    sender.send(Buffer.alloc(100), port, '127.0.0.1')
    await once(receiver, 'message')
  }
  // The packets are in the ring or on their way into it: `stop` takes what has come, so ask until all have been seen.
  while (source.counters().packets < PACKETS) await new Promise((resolve) => { setImmediate(resolve) })
  source.stop()
  const records: FlowRecord[] = []
  for (let batch = await source.next(); batch !== undefined; batch = await source.next()) {
    const namer = createFlowNamer(batch.layout, ['lo'])
    for (let index = 0; index < batch.length; index++) records.push(namer.name(batch, index))
  }
  expect(records).toMatchObject([{
    interfaceName: 'lo', sourceAddress: '127.0.0.1', destinationTransportPort: port,
    packetDeltaCount: PACKETS, octetDeltaCount: PACKETS * 128,
  }])
  expect(source.counters().dropped['kernelRingFull']).toBe(0)
  await source.close()
  sender.close()
  receiver.close()
})

test.runIf(mayCapture)('an early event of a live flow comes without waiting for a full batch', async () => {
  const receiver = createSocket('udp4').bind(0, '127.0.0.1')
  await once(receiver, 'listening')
  const { port } = receiver.address()
  const source = openInterfaces(['lo'], { filter: `udp and dst port ${port}` })
  const sender = createSocket('udp4')
  sender.send('one', port, '127.0.0.1')
  const batch = (await source.next())!
  expect(batch.length).toBe(1)
  expect(createFlowNamer(batch.layout, ['lo']).name(batch, 0)).toMatchObject({ packetDeltaCount: 1, flowEndReason: undefined })
  await source.close()
  sender.close()
  receiver.close()
})

test('an interface that is not there is named', () => {
  expect(() => openInterfaces(['pm-nothing0'])).toThrow(expect.objectContaining({
    problem: { code: 'CAPTURE_INTERFACE_MISSING', place: 'pm-nothing0' },
  }))
})
