import { between, pick, shuffled } from '../scene.ts'
import type { Attack, AttackScene } from '../scene.ts'
import { listFile, range } from './run-tool.ts'
import { attackOf } from './strike.ts'
import type { Strike } from './strike.ts'
import { SWEPT_PORTS, lanAddresses, ports, reachable, siteAddresses } from './targets.ts'

const HPING = { tool: 'hping3', category: 'scan', corpora: ['train', 'test'] } as const
const BASH = { tool: 'bash', category: 'scan', corpora: ['train', 'test'] } as const
const NCAT = { tool: 'ncat', category: 'scan', corpora: ['train', 'test'] } as const

/** hping3 counts the port up with every packet. It ends with 1 when nothing answered, which is what most probes get. */
function hping(scene: AttackScene, flags: readonly string[], gapMs: readonly [number, number]): Strike {
  const { random, endAtMs } = scene
  const [target = ''] = reachable(scene, 1)
  const everyMs = between(random, ...gapMs)
  const count = Math.max(12, Math.min(between(random, 200, 900), Math.floor((endAtMs - Date.now()) / everyMs)))
  const words = [...flags, '-p', `++${between(random, 1, 3_000)}`, '-c', String(count), '-i', `u${everyMs * 1_000}`]
  return {
    command: ['hping3', '-n', '-q', ...words, target], targets: [target], packetsMin: Math.floor(count / 2),
    exitCodes: [0, 1], says: /packets transmitted/, note: `hping3 ${words.join(' ')}`,
  }
}

/** A probe a line: `address port`. The loop is what people write when they have nothing but a shell. */
function byHand(scene: AttackScene, probes: readonly Probe[], { gapMs, width, with: tool }: Manner): Strike {
  const file = listFile(scene, 'probes', probes.map((each) => each.join(' ')))
  const probe = tool === 'bash' ? 'timeout 1 bash -c "exec 3<>/dev/tcp/$0/$1"' : 'ncat -z -w 1 "$0" "$1"'
  const [low, high] = gapMs
  // A gap drawn anew for every probe, in milliseconds.
  const wait = high === 0 ? '' : `sleep $(printf '%d.%03d' $((gap/1000)) $((gap%1000)));`
  const one = `gap=$((${low}+RANDOM%${high - low + 1})); ${wait} ${probe} 2>/dev/null; :`
  return {
    command: ['xargs', '-a', file, '-P', String(width), '-n', '2', 'bash', '-c', one],
    targets: [...new Set(probes.map(([address]) => address))],
    packetsMin: Math.min(12, Math.floor(probes.length / 2)),
    note: `${tool} loop, ${probes.length} probes, gap ${low}-${high} ms, ${width} at once`,
  }
}

type Probe = readonly [address: string, port: number]

interface Manner {
  readonly gapMs: readonly [number, number]
  readonly width: number
  readonly with: 'bash' | 'ncat'
}

function crossed(addresses: readonly string[], wanted: readonly number[]): [string, number][] {
  return addresses.flatMap((address) => wanted.map((port): [string, number] => [address, port]))
}

function bashVertical(scene: AttackScene): Strike {
  const { random } = scene
  const wanted = random.uniform() < 0.5 ? ports(random, between(random, 150, 500)) : range(1, between(random, 200, 600))
  const manner = { gapMs: [0, between(random, 5, 120)], width: between(random, 1, 6), with: 'bash' } as const
  return byHand(scene, crossed(reachable(scene, 1), wanted), manner)
}

function sweepOf(scene: AttackScene, addresses: readonly string[], manner: Manner): Strike {
  const wanted = shuffled(scene.random, SWEPT_PORTS).slice(0, between(scene.random, 1, 4))
  return byHand(scene, shuffled(scene.random, crossed(addresses, wanted)), manner)
}

/** Addresses of the LAN, whether or not anybody has them. */
function lanRange({ random }: AttackScene, count: number): string[] {
  return shuffled(random, range(2, 254)).slice(0, count).map((each) => `10.20.0.${each}`)
}

/** hping3, and loops that need no scanner. */
export const HAND_SCANS: readonly Attack[] = [
  attackOf({
    ...HPING, name: 'hping3-syn-outside', place: 'outside', seconds: 90,
    plan: (scene) => hping(scene, ['-S'], [5, 120]),
  }),
  attackOf({
    ...HPING, name: 'hping3-syn-inside', place: 'inside', seconds: 90,
    plan: (scene) => hping(scene, ['-S'], [5, 120]),
  }),
  attackOf({
    ...HPING, name: 'hping3-flags', place: 'outside', seconds: 90,
    plan: (scene) => hping(scene, pick(scene.random, [['-F'], [], ['-F', '-P', '-U'], ['-A']]), [10, 120]),
  }),
  attackOf({
    ...HPING, name: 'hping3-udp', place: 'outside', seconds: 90,
    plan: (scene) => hping(scene, ['-2'], [20, 200]),
  }),
  attackOf({
    ...HPING, name: 'hping3-slow', place: 'outside', seconds: 480,
    plan: (scene) => hping(scene, ['-S'], [5_000, 15_000]),
  }),
  attackOf({ ...BASH, name: 'bash-vertical-inside', place: 'inside', seconds: 120, plan: bashVertical }),
  attackOf({ ...BASH, name: 'bash-vertical-outside', place: 'outside', seconds: 120, plan: bashVertical }),
  attackOf({
    ...BASH, name: 'bash-sweep-slow', place: 'inside', seconds: 420,
    plan: (scene) => sweepOf(scene, lanRange(scene, 60), { gapMs: [2_000, 9_000], width: 1, with: 'bash' }),
  }),
  attackOf({
    ...NCAT, name: 'ncat-sweep-inside', place: 'inside', seconds: 120,
    plan: (scene) => {
      const manner = { gapMs: [0, 200], width: between(scene.random, 2, 12), with: 'ncat' } as const
      return sweepOf(scene, lanRange(scene, between(scene.random, 30, 60)), manner)
    },
  }),
  attackOf({
    ...NCAT, name: 'ncat-outwards', place: 'inside', seconds: 180,
    plan: (scene) => {
      const manner = { gapMs: [100, 2_000], width: between(scene.random, 1, 4), with: 'ncat' } as const
      return sweepOf(scene, siteAddresses(scene.random, 60), manner)
    },
  }),
  attackOf({
    ...NCAT, name: 'ncat-vertical-slow', place: 'inside', seconds: 420,
    plan: (scene) => {
      const probes = crossed(lanAddresses(scene.random, 1), ports(scene.random, 150))
      return byHand(scene, probes, { gapMs: [3_000, 9_000], width: 1, with: 'ncat' })
    },
  }),
]
