// Makes tests/fixtures/demo: a few minutes of ordinary traffic of real programs behind a gateway, three attacks among it,
// and the manifest of what happened when. All traffic stays in namespaces of its own; needs root on Debian or Ubuntu.
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { Lab, stopGroup } from '../lab/lab.ts'
import { installPrograms } from '../lab/programs.ts'
import { attacks } from './attackers.ts'
import { manifestText } from './manifest.ts'
import { INSIDE_BRIDGE, buildNetwork } from './network.ts'
import { ordinaryTraffic } from './people.ts'
import { PLAN } from './plan.ts'
import { startServers } from './servers.ts'
import type { Stage } from './stage.ts'

/** Link, network and transport headers and a little more: what a DNS question needs, what a web page does not fit in. */
const SNAP_LENGTH_OCTETS = 96
const FIXTURE_OCTETS_MAX = 5 * 1024 * 1024
const SEED = 20_261_123
const TARGET = path.resolve(import.meta.dirname, '../../tests/fixtures/demo')

/** Programs that the play needs, and the Debian packages that bring them. */
const PROGRAMS: Readonly<Record<string, string>> = {
  nginx: 'nginx-light', dnsmasq: 'dnsmasq-base', dig: 'bind9-dnsutils', chronyd: 'chrony', sshd: 'openssh-server', ssh: 'openssh-client',
  sshpass: 'sshpass', git: 'git', rsync: 'rsync', curl: 'curl', wget: 'wget', ping: 'iputils-ping', openssl: 'openssl',
  nmap: 'nmap', hydra: 'hydra', tcpdump: 'tcpdump', ip: 'iproute2',
}

if (process.getuid?.() !== 0) {
  console.error('demo-capture: network namespaces need root; run it as root')
  process.exit(1)
}
installPrograms(PROGRAMS)
const lab = new Lab({ prefix: 'pm-demo', script: 'demo-capture' })
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(1))
process.on('exit', () => lab.close())
await perform(lab)
process.exit(0)

async function perform(lab: Lab): Promise<void> {
  const network = buildNetwork(lab)
  startServers(lab, network)
  const file = path.join(lab.folder, 'gateway.pcap')
  const filter = 'not arp and not icmp6[0] == 135 and not icmp6[0] == 136 and not ip6 multicast'
  const target = ['-i', INSIDE_BRIDGE, '-s', String(SNAP_LENGTH_OCTETS), '-w', file]
  const capture = lab.start(network.gateway, ['tcpdump', '-q', '-U', '-Z', 'root', ...target, filter])
  const captured = lab.finish(capture)
  await sleep(2_000)

  const startedAtMs = Date.now()
  const stage: Stage = { lab, network, startedAtMs, endAtMs: startedAtMs + PLAN.durationMs }
  console.log(`demo-capture: ${PLAN.durationMs / 1000} s of traffic, ${network.clients.length + 2} hosts behind the gateway`)
  const people = Promise.all(ordinaryTraffic(stage, SEED))
  const incidents = await Promise.all(attacks(stage, SEED))
  await people

  stopGroup(capture)
  console.log((await captured).output.trim())
  mkdirSync(TARGET, { recursive: true })
  const packed = gzipSync(readFileSync(file), { level: 9 })
  if (packed.length > FIXTURE_OCTETS_MAX) throw new Error(`the capture is too large: ${packed.length} octets packed`)
  writeFileSync(path.join(TARGET, 'gateway.pcap.gz'), packed)
  writeFileSync(path.join(TARGET, 'demo.yaml'), manifestText(incidents))
  console.log(`demo-capture: ${statSync(file).size} octets, ${packed.length} packed; ${incidents.length} attacks written to demo.yaml`)
}
