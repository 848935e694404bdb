import { during, between } from '../scene.ts'
import type { Attack, AttackScene } from '../scene.ts'
import { DNS_BEACONS } from './beacons-dns.ts'
import { LONG_BEACONS } from './beacons-long.ts'
import { begin, beside, python, runUntilEnd, serve } from './rented-programs.ts'
import type { Served, Service } from './rented-programs.ts'
import { beat, describeRhythm, drawRhythm } from './rhythm.ts'

/** A beacon that makes a new connection for each beat. */
interface Beacon {
  readonly name: string
  readonly tool: string
  readonly corpora: Attack['corpora']
  readonly seconds: number
  readonly service: Service
  /** What runs at each beat, and what it reads. */
  readonly turn: (served: Served, scene: AttackScene) => { readonly command: readonly string[]; readonly input?: string }
}

/** `words` octets of letters, as an implant's check-in would look. */
function checkIn(scene: AttackScene): string {
  return Array.from({ length: between(scene.random, 20, 60) }, () => between(scene.random, 0, 35).toString(36)).join('')
}

const BEACONS_BY_CONNECTION: readonly Beacon[] = [
  {
    name: 'curl-tls-beacon', tool: 'curl', corpora: ['train'], seconds: 420, service: 'web-tls',
    turn: ({ url }, scene) => ({ command: ['curl', '-s', '-k', '-m', '8', '-o', '/dev/null', `${url}/${checkIn(scene)}`] }),
  },
  {
    name: 'curl-http-post-beacon', tool: 'curl', corpora: ['train'], seconds: 360, service: 'web',
    turn: ({ url }, scene) => ({
      command: ['curl', '-s', '-m', '8', '-o', '/dev/null', '--data-binary', checkIn(scene).repeat(4), `${url}/gate.php`],
    }),
  },
  {
    name: 'wget-http-beacon', tool: 'wget', corpora: ['train'], seconds: 400, service: 'web',
    turn: ({ url }, scene) => ({ command: ['wget', '-q', '-T', '8', '-t', '1', '-O', '/dev/null', `${url}/?id=${checkIn(scene)}`] }),
  },
  {
    name: 'wget-tls-beacon', tool: 'wget', corpora: ['train'], seconds: 540, service: 'web-tls',
    turn: ({ url }, scene) => ({
      command: ['wget', '-q', '-T', '8', '-t', '1', '--no-check-certificate', '-O', '/dev/null', `${url}/${checkIn(scene)}`],
    }),
  },
  {
    name: 'ncat-tcp-beacon', tool: 'ncat', corpora: ['train'], seconds: 360, service: 'echo',
    turn: ({ server, port }, scene) => ({
      // A second after the last answer it closes.
      command: ['ncat', '-w', '4', '-i', '1s', server.address, String(port)], input: `${checkIn(scene)}\n`,
    }),
  },
  {
    name: 'ncat-udp-beacon', tool: 'ncat', corpora: ['train'], seconds: 300, service: 'udp',
    turn: ({ server, port }, scene) => ({
      // ncat leaves when its input ends, which must not be before the answer.
      command: ['bash', '-c', `(printf ${checkIn(scene)}; sleep 0.9) | ncat -u ${server.address} ${port}`],
    }),
  },
  {
    name: 'bash-tcp-beacon', tool: 'bash', corpora: ['train'], seconds: 330, service: 'echo',
    turn: ({ server, port }, scene) => ({
      command: ['bash', '-c', `exec 3<>/dev/tcp/${server.address}/${port}; echo ${checkIn(scene)} >&3; read -t 5 -r line <&3`],
    }),
  },
  {
    name: 'openssl-tls-beacon', tool: 'openssl', corpora: ['test'], seconds: 420, service: 'echo-tls',
    turn: ({ server, port }, scene) => ({
      command: ['bash', '-c',
        `(echo ${checkIn(scene)}; sleep 0.6) | timeout --foreground 8 `
          + `openssl s_client -quiet -no_ign_eof -connect ${server.address}:${port}`],
    }),
  },
  {
    name: 'socat-tls-beacon', tool: 'socat', corpora: ['test'], seconds: 360, service: 'echo-tls',
    turn: ({ server, port }, scene) => ({
      command: ['socat', '-t', '0.7', '-T', '6', '-', `OPENSSL:${server.address}:${port},verify=0`], input: `${checkIn(scene)}\n`,
    }),
  },
  {
    name: 'socat-udp-beacon', tool: 'socat', corpora: ['test'], seconds: 300, service: 'udp',
    turn: ({ server, port }, scene) => ({
      command: ['socat', '-t', '0.7', '-T', '6', '-', `UDP:${server.address}:${port}`], input: checkIn(scene),
    }),
  },
  {
    name: 'lynx-http-beacon', tool: 'lynx', corpora: ['test'], seconds: 400, service: 'web',
    turn: ({ url }, scene) => ({ command: ['lynx', '-source', '-connect_timeout=8', `${url}/news?item=${checkIn(scene)}`] }),
  },
  {
    name: 'w3m-http-beacon', tool: 'w3m', corpora: ['test'], seconds: 330, service: 'web',
    turn: ({ url }, scene) => ({ command: ['w3m', '-dump_source', `${url}/forum?thread=${checkIn(scene)}`] }),
  },
]

function attackOf(beacon: Beacon): Attack {
  const { name, tool, corpora, seconds, service } = beacon
  return {
    name, tool, corpora, seconds, category: 'c2', place: 'inside', isAlone: false,
    play: (scene) => serve(scene, service, (served) => {
      const rhythm = drawRhythm(scene)
      const { actor } = scene
      const truth = {
        role: 'entity', address: actor.address, peers: [served.server.address], category: 'c2',
        tool: `${name} ${describeRhythm(rhythm)}, port ${served.port}`,
      } as const
      return during(scene, truth, () => beat(scene, rhythm, async () => {
        const before = served.running.got().count
        await runUntilEnd(scene, actor, beacon.turn(served, scene))
        // The server's word counts: programs for interactive use leave with all sorts of exit codes.
        return served.running.got().count > before
      }))
    }),
  }
}

/** One process that lives as long as the attack and is told when to beat. */
function livingBeacon(wanted: { name: string; manner: 'https' | 'udp' | 'stream'; service: Service; seconds: number }): Attack {
  const { name, manner, service, seconds } = wanted
  return {
    name, tool: `python-${manner}`, corpora: ['test'], seconds, category: 'c2', place: 'inside', isAlone: false,
    play: (scene) => serve(scene, service, ({ server, port, url, running: served }) => {
      const rhythm = drawRhythm(scene)
      const octets = between(scene.random, 24, 700)
      const tool = `beacon.py ${manner} ${describeRhythm(rhythm)}, ${octets} octets, port ${port}`
      const truth = { role: 'entity', address: scene.actor.address, peers: [server.address], category: 'c2', tool } as const
      const command = python('beacon.py', manner, manner === 'https' ? url : server.address, port)
      return during(scene, truth, () => beside(begin(scene, scene.actor, { command }), (implant) => {
        let before = 0
        return beat(scene, rhythm, () => {
          // What has come since the last beat answers that one; the first has nothing to look back to.
          const now = served.got().count
          const isAnswered = now > before || now === 0
          before = now
          implant.write(`${octets + between(scene.random, 0, 8)}\n`)
          if (!implant.isRunning()) throw new Error(`the implant ended: ${implant.output()}`)
          return Promise.resolve(isAnswered)
        })
      }))
    }),
  }
}

/** Implants that check in with their server. */
export const BEACONS: readonly Attack[] = [
  ...BEACONS_BY_CONNECTION.map(attackOf),
  livingBeacon({ name: 'python-https-beacon', manner: 'https', service: 'web-tls', seconds: 420 }),
  livingBeacon({ name: 'python-udp-beacon', manner: 'udp', service: 'udp', seconds: 300 }),
  livingBeacon({ name: 'python-stream-beacon', manner: 'stream', service: 'echo', seconds: 420 }),
  ...DNS_BEACONS,
  ...LONG_BEACONS,
]
