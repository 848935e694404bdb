// Goal: both live backends give the same flow records for the same traffic, as does a file of it.
// Method: tests/contracts/packet-source.contract.ts: a veth pair in namespaces of its own, captured by both at the same time.
import { spawnSync } from 'node:child_process'
import { openInterfaces } from '../../agent/capture/native-source.ts'
import { openInterfacesWithNodePcap, whyNoNodePcap } from '../../agent/capture/node-pcap-source.ts'
import { systemClock } from '../../agent/daemon/system-clock.ts'
import { packetSourceContract } from '../contracts/packet-source.contract.ts'
import { whyNoNamespaces } from '../e2e/namespaces.ts'

packetSourceContract([
  { name: 'native', open: (interfaces, filter) => openInterfaces(interfaces, { filter }) },
  { name: 'node-pcap', open: (interfaces, filter) => openInterfacesWithNodePcap(interfaces, { filter }, systemClock) },
], obstacle())

function obstacle(): string {
  const missing = ['tcpdump', 'ping'].filter((program) => spawnSync('which', [program]).status !== 0)
  if (missing.length > 0) return `no ${missing.join(', ')}`
  return whyNoNamespaces() || whyNoNodePcap()
}
