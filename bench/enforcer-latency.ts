// How long a ban takes from the client's call until the kernel has it: the enforcer answers after the kernel's commit, and the kernel
// is read back with `nft` at the end to prove it. Runs the real program in a network namespace of its own; needs root.
//
//   node bench/enforcer-latency.ts [--runs 400]
import { parseArgs } from 'node:util'
import { systemClock } from '../agent/daemon/system-clock.ts'
import { EnforcerClient } from '../agent/response/index.ts'
import { Namespaces, whyNoEnforcer } from '../tests/e2e/namespaces.ts'

const BATCH = 256
const HOUR_MS = 3_600_000

const { values } = parseArgs({ options: { runs: { type: 'string', default: '400' } } })
const runs = Number(values.runs)
const obstacle = whyNoEnforcer()
if (obstacle !== '') throw new Error(`cannot measure here: ${obstacle}`)

const net = new Namespaces()
try {
  net.add('bench')
  const { socketPath } = await net.startEnforcer('bench', '--new-blocks-per-minute', '1000000', '--elements-max', '200000')
  const client = new EnforcerClient({ socketPath, clock: systemClock })
  await client.block([{ target: '10.0.0.1', durationMs: HOUR_MS }])

  let next = 0
  const fresh = (count: number): { target: string; durationMs: number }[] =>
    Array.from({ length: count }, () => {
      next += 1
      return { target: `10.${1 + (next >> 16)}.${(next >> 8) & 255}.${next & 255}`, durationMs: HOUR_MS }
    })
  const fixed = fresh(1)

  for (const inKernel of [0, 10_000, 30_000]) {
    await client.block(fresh(Math.max(0, inKernel - next)))
    console.log(`with ${next} elements in the kernel:`)
    await measure('one new address', runs, () => client.block(fresh(1)))
    await measure('one renewed address', runs, () => client.block(fixed))
    await measure(`${BATCH} new addresses`, 20, () => client.block(fresh(BATCH)))
    await measure('list, client included', 20, () => client.list())
  }
  const held = net.run('bench', 'nft', 'list', 'set', 'inet', 'phantommesh', 'v4').match(/expires/g)?.length ?? 0
  console.log(`asked for ${next + 1}, read back by nft: ${held}`)
  await client.close()
  if (held !== next + 1) process.exitCode = 1
} finally {
  await net.remove()
}

async function measure(what: string, times: number, call: () => Promise<unknown>): Promise<void> {
  const elapsed: number[] = []
  for (let i = 0; i < times; i += 1) {
    const startMs = performance.now()
    await call()
    elapsed.push(performance.now() - startMs)
  }
  elapsed.sort((a, b) => a - b)
  const at = (share: number): string => elapsed[Math.min(times - 1, Math.floor(times * share))]!.toFixed(3)
  console.log(`  ${what.padEnd(22)} n=${times}  p50 ${at(0.5)} ms  p99 ${at(0.99)} ms  max ${at(1)} ms`)
}
