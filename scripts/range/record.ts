import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ChildProcess } from 'node:child_process'
import { signalGroup } from '../lab/lab.ts'
import type { Host, Lab } from '../lab/lab.ts'

/** A running tcpdump. */
export interface Recording {
  readonly name: string
  readonly file: string
  /** Ends it and resolves to the packets that the kernel dropped for want of room. */
  readonly stop: () => Promise<number>
}

/** Enough for the first handshake messages of a connection; finishing a capture cuts the rest shorter still. */
const SNAP_LENGTH_OCTETS = 2_048
const BUFFER_KIB = 65_536
const READY_MS_MAX = 10_000
/** The kernel keeps packets up to a second before tcpdump gets them, and tcpdump does not ask for them when it is told to end. */
const HAND_OVER_MS = 1_500

/** Records one interface of a host from now on. Resolves when tcpdump listens. */
export async function record(lab: Lab, host: Host, { name, device }: { name: string; device: string }): Promise<Recording> {
  const file = path.join(lab.folder, `${name}.pcap`)
  // Address resolution and neighbour discovery are the range's own business.
  const filter = 'not arp and not (icmp6 and ip6[40] >= 133 and ip6[40] <= 137) and not ip6 multicast'
  const options = ['-i', device, '-n', '-s', String(SNAP_LENGTH_OCTETS), '-B', String(BUFFER_KIB), '-Z', 'root', '-w', file]
  const child = lab.start(host, ['tcpdump', ...options, filter])
  const words = await listening(child, name)
  return { name, file, stop: () => stop(child, words) }
}

interface Words {
  text: string
}

function listening(child: ChildProcess, name: string): Promise<Words> {
  const words = { text: '' }
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`tcpdump of ${name} does not listen: ${words.text}`)), READY_MS_MAX)
    child.once('exit', () => reject(new Error(`tcpdump of ${name} ended: ${words.text}`)))
    child.stderr?.on('data', (chunk: Buffer) => {
      words.text = (words.text + chunk.toString()).slice(-4_000)
      if (!words.text.includes('listening on')) return
      clearTimeout(timer)
      resolve(words)
    })
  })
}

async function stop(child: ChildProcess, words: Words): Promise<number> {
  await sleep(HAND_OVER_MS)
  return new Promise((resolve, reject) => {
    child.removeAllListeners('exit')
    child.once('close', () => {
      const dropped = /(\d+) packets? dropped by kernel/.exec(words.text)?.[1]
      if (dropped === undefined) reject(new Error(`tcpdump did not say what it dropped: ${words.text}`))
      else resolve(Number(dropped))
    })
    // The process group is ip's own: tcpdump replaced it by exec.
    signalGroup(child, 'SIGINT')
  })
}
