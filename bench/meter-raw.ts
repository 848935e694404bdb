// CPU of the native meter alone, beside the floor of reading the same file with libpcap.
//   node bench/meter-raw.ts FILE...            [--behaviour] [--records] [--headers]
// Each file is read three times; the least CPU time counts, because neighbours can only add to it.
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { openCaptureFiles } from '../agent/capture/native-source.ts'

const RUNS = 3
const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    behaviour: { type: 'boolean', default: false }, records: { type: 'boolean', default: false },
    headers: { type: 'boolean', default: false },
  },
})

const folder = mkdtempSync(path.join(tmpdir(), 'phantommesh-bench-'))
const floor = path.join(folder, 'floor')
execFileSync('g++', ['-O2', path.join(import.meta.dirname, 'floor.cc'), '-lpcap', '-o', floor])
for (const file of positionals) await measure(file)
rmSync(folder, { recursive: true })

async function measure(file: string): Promise<void> {
  const runs = []
  for (let run = 0; run < RUNS; run++) runs.push(await meterOnce(file))
  const best = runs.toSorted((a, b) => a.cpuNs - b.cpuNs)[0]!
  const perPacket = best.cpuNs / best.packets
  console.log(`${path.basename(file)}: ${best.packets} packets, ${best.flows} flows, ${best.events} events, `
    + `${perPacket.toFixed(0)} ns CPU a packet (libpcap floor ${(floorNs(file) / best.packets).toFixed(0)}), `
    + `peak ${(process.resourceUsage().maxRSS / 1024).toFixed(0)} MiB so far`)
}

/** The shell's own clock of its children: user and system seconds. */
function floorNs(file: string): number {
  const times = Array.from({ length: RUNS }, () => {
    const script = 'TIMEFORMAT="%U %S"; time "$0" "$1" > /dev/null'
    const [user, system] = spawnSync('bash', ['-c', script, floor, file], { encoding: 'utf8' }).stderr.trim().split(' ').map(Number)
    return (user! + system!) * 1e9
  })
  return Math.min(...times)
}

async function meterOnce(file: string) {
  const before = process.cpuUsage()
  const source = openCaptureFiles([file], { behaviour: values.behaviour, recordFlows: values.records, readsMetadata: !values.headers })
  let events = 0
  for (let batch = await source.next(); batch !== undefined; batch = await source.next()) events += batch.length
  const { user, system } = process.cpuUsage(before)
  const { packets, flows } = source.counters()
  await source.close()
  return { packets, flows, events, cpuNs: (user + system) * 1000 }
}
