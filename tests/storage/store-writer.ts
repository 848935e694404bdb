// A child for the durability test: writes numbered records one by one and says each only after the store acknowledged it.
import { openLevelStore } from '../../agent/storage/index.ts'

const store = await openLevelStore(process.argv[2]!)
for (let number = 0; ; number++) {
  const key = `record/${String(number).padStart(8, '0')}`
  await store.write([{ type: 'put', key, value: new TextEncoder().encode(String(number)) }], { durable: true })
  process.stdout.write(`${key}\n`)
}
