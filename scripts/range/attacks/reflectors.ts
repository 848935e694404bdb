import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { between, pick } from '../scene.ts'
import type { AttackScene } from '../scene.ts'
import { hostStrangers } from '../world.ts'
import type { Machine } from '../world.ts'
import { folderOf } from './run-tool.ts'

/** Somebody's open servers on the Internet, which answer whoever seems to ask. */
export interface Reflectors {
  readonly machine: Machine
  readonly addresses: readonly string[]
  readonly port: number
  /** What to ask: the octets of one datagram. */
  readonly question: Buffer
  /** Packets that one question brings, at least. */
  readonly packetsPerAnswer: number
}

/** What reflects. */
export type Protocol = 'dns' | 'snmp' | 'memcached'

/** Datagrams of one large memcached value: the memcached protocol cuts it at 1 400 octets. */
const VALUE_OCTETS = 14_000
/** How long a reflector may take to start. */
const UP_MS = 1_500
let reflecting = 0

/** Starts real servers at strangers' addresses. They run until the lab closes, as careless owners' servers do. */
export async function startReflectors(scene: AttackScene, protocol: Protocol): Promise<Reflectors> {
  reflecting += 1
  const addresses = Array.from({ length: between(scene.random, 3, 8) }, () => scene.stranger())
  const machine = hostStrangers(scene.world, `refl${reflecting}`, addresses)
  const start = { dns: startDns, snmp: startSnmp, memcached: startMemcached }[protocol]
  const started = start(scene, machine, addresses)
  await sleep(UP_MS)
  if (protocol === 'memcached') await fillMemcached(scene, machine, addresses)
  return { machine, addresses, ...started }
}

type Started = Pick<Reflectors, 'port' | 'question' | 'packetsPerAnswer'>

function startDns(scene: AttackScene, machine: Machine, addresses: readonly string[]): Started {
  const folder = folderOf(scene)
  const file = path.join(folder, 'dnsmasq.conf')
  // dnsmasq reads lines of at most 1 024 characters: several records of one name make the answer large.
  const records = Array.from({ length: between(scene.random, 2, 4) }, (_, index) => (
    `txt-record=big.example,${Array.from({ length: 4 }, () => `"${'text'.repeat(55)}${index}"`).join(',')}`))
  writeFileSync(file, [
    'no-resolv', 'no-hosts', 'user=root', 'bind-interfaces', 'edns-packet-max=4096', `pid-file=${folder}/pid`,
    ...addresses.map((each) => `listen-address=${each}`), ...records, '',
  ].join('\n'))
  scene.lab.start(machine, ['dnsmasq', '--no-daemon', `--conf-file=${file}`])
  // One question, ANY or TXT for big.example, and an OPT record that allows answers of 4 096 octets (RFC 6891).
  const kind = pick(scene.random, [16, 255])
  const question = Buffer.from([
    0x5a, between(scene.random, 0, 255), 1, 0, 0, 1, 0, 0, 0, 0, 0, 1,
    3, ...Buffer.from('big'), 7, ...Buffer.from('example'), 0, 0, kind, 0, 1, 0, 0, 41, 0x10, 0, 0, 0, 0, 0, 0, 0,
  ])
  return { port: 53, question, packetsPerAnswer: 1 }
}

function startSnmp(scene: AttackScene, machine: Machine, addresses: readonly string[]): Started {
  const folder = folderOf(scene)
  const file = path.join(folder, 'snmpd.conf')
  writeFileSync(file, `rocommunity public\nsysLocation ${'somewhere '.repeat(12)}\nsysDescr ${'a printer of the third floor '.repeat(6)}\n`)
  const places = addresses.map((each) => `udp:${each}:161`)
  scene.lab.start(machine, ['snmpd', '-f', '-C', '-c', file, '-Ln', '-p', `${folder}/pid`, '-I', '-smux', ...places])
  // GetBulkRequest (RFC 3416) for 1.3.6.1.2.1 with 40 repetitions, community `public`, in BER.
  const variables = Buffer.from([0x30, 0x0b, 0x30, 0x09, 0x06, 0x05, 0x2b, 6, 1, 2, 1, 5, 0])
  const numbers = Buffer.from([2, 1, between(scene.random, 1, 120), 2, 1, 0, 2, 1, 40])
  const body = Buffer.concat([Buffer.from([0xa5, numbers.length + variables.length]), numbers, variables])
  const head = Buffer.from([2, 1, 1, 4, 6, ...Buffer.from('public')])
  return { port: 161, question: Buffer.concat([Buffer.from([0x30, head.length + body.length]), head, body]), packetsPerAnswer: 1 }
}

function startMemcached(scene: AttackScene, machine: Machine, addresses: readonly string[]): Started {
  scene.lab.start(machine, ['memcached', '-u', 'root', '-l', addresses.join(','), '-p', '11211', '-U', '11211', '-m', '16', '-t', '1'])
  // The eight octets before the command are memcached's own header: request, sequence, datagrams, reserved.
  return { port: 11_211, question: Buffer.concat([Buffer.from([0, 7, 0, 0, 0, 1, 0, 0]), Buffer.from('get big\r\n')]), packetsPerAnswer: 8 }
}

async function fillMemcached(scene: AttackScene, machine: Machine, [address = '']: readonly string[]): Promise<void> {
  const words = `exec 3<>/dev/tcp/${address}/11211; printf 'set big 0 0 ${VALUE_OCTETS}\\r\\n%${VALUE_OCTETS}s\\r\\n' x >&3; head -c 6 <&3`
  const { output } = await scene.lab.run(machine, ['bash', '-c', words])
  if (!output.includes('STORED')) throw new Error(`memcached keeps nothing: ${output}`)
}
