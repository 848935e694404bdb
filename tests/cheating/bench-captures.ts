// What the tests that catch cheating replay: the demo capture, the captures of the range and of the shared data where they are there.
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test } from 'vitest'
import { defaultConfig } from '../../agent/config/index.ts'
import type { Config } from '../../agent/config/index.ts'
import { openSubject } from '../../agent/daemon/capture-replay.ts'
import type { OpenSubject } from '../../agent/daemon/capture-replay.ts'
import { readManifests } from '../../agent/evaluation/index.ts'
import type { LabelledCapture, ReplayedCapture } from '../../agent/evaluation/index.ts'
import { readCapture, rewriteAll, writeCapture } from '../../scripts/captures/index.ts'
import type { CapturedPacket, Rewrite } from '../../scripts/captures/index.ts'

const ROOT = path.resolve(import.meta.dirname, '../..')
/** Where the labelled captures made by others are; nothing of them is in the repository. */
export const DATA = process.env['PHANTOMMESH_DATA'] ?? path.join(ROOT, '../shared/data')
/** The configuration every test starts from. */
export const STANDARD: Config = defaultConfig(ROOT)

/** Those of the shared captures on which today's detector has something to say, of each category, small enough to be replayed often. */
const SHARED = new Set([
  'slowloris', 'iot-bot-scan', 'nmap-syn-scan', 'rat-infected', 'iodine', 'amplification-snmp', 'ndpi-icmp-tunnel', 'ndpi-bad-dns-traffic',
])

/** The committed capture of a gateway. */
export const demo = readManifests([path.join(ROOT, 'tests/fixtures/demo/demo.yaml')])[0]!

const RANGE_FILE = path.join(ROOT, 'tests/fixtures/range/range.yaml')
const range = readManifests([RANGE_FILE])
/** A minute of a busy gateway, made by the range. */
export const background = range.find(({ id }) => id === 'background')!
/** Attacks by themselves, made by the range. */
export const clips = range.filter(({ labels }) => labels.length > 0)

const isDataMissing = !existsSync(path.join(DATA, 'train.yaml'))
/** Empty where PHANTOMMESH_DATA is not there: the tests then run on the demo capture alone. */
export const shared: readonly LabelledCapture[] = isDataMissing
  ? []
  : readManifests(['train.yaml', 'validation.yaml'].map((name) => path.join(DATA, name))).filter(({ id }) => SHARED.has(id))

/** Says in a test's name that it saw less than it could. */
export const REMARK = isDataMissing ? ' (demo only: no data at PHANTOMMESH_DATA)' : ''

/** One capture that is replayed as it is and changed. */
export interface Changed {
  readonly original: ReplayedCapture
  readonly changed: ReplayedCapture
}

/** The agent under test with a folder for changed captures; close it after the last test. */
export class Bench {
  readonly #folder = mkdtempSync(path.join(tmpdir(), 'phantommesh-cheating-'))
  readonly #subject: OpenSubject
  readonly #originals = new Map<string, Promise<ReplayedCapture>>()

  private constructor(subject: OpenSubject) {
    this.#subject = subject
  }

  static async open(config: Config = STANDARD): Promise<Bench> {
    return new Bench(await openSubject(config))
  }

  get subject(): OpenSubject {
    return this.#subject
  }

  /** A capture as it is; replayed once, however often it is asked for. */
  original(capture: LabelledCapture): Promise<ReplayedCapture> {
    const known = this.#originals.get(capture.id)
    if (known !== undefined) return known
    const replayed = this.replayFile(capture.file)
    this.#originals.set(capture.id, replayed)
    return replayed
  }

  replayFile(file: string): Promise<ReplayedCapture> {
    return this.#subject.replay(file, { labels: [] })
  }

  /** The capture under rewrites, the first one first. */
  rewritten(capture: LabelledCapture, ...rewrites: readonly Rewrite[]): Promise<ReplayedCapture> {
    return this.replay(rewriteAll(readCapture(capture.file), ...rewrites))
  }

  async replay(packets: Iterable<CapturedPacket>): Promise<ReplayedCapture> {
    const file = this.file('changed.pcap')
    writeCapture(file, packets)
    return this.replayFile(file)
  }

  /** A path in the folder of this bench. */
  file(name: string): string {
    return path.join(this.#folder, name)
  }

  async close(): Promise<void> {
    await this.#subject.close()
    rmSync(this.#folder, { recursive: true })
  }
}

/**
 * One test. With a reason why today's detector breaks the rule it is vitest's `test.fails`, which turns red as
 * soon as the detector keeps it.
 */
export function rule(name: string, failsBecause: string | undefined, check: () => Promise<void>): void {
  const declare = failsBecause === undefined ? test : test.fails
  declare(failsBecause === undefined ? name : `${name} (fails today: ${failsBecause})`, check)
}

/** A rule and where today's detector breaks it: capture ids, each with the reason. */
export interface Rule {
  readonly name: string
  readonly fails?: Readonly<Record<string, string>>
}

/** The rule as one test a capture. */
export function ruleOnEach(
  captures: readonly LabelledCapture[], { name, fails = {} }: Rule, check: (capture: LabelledCapture) => Promise<void>,
): void {
  for (const capture of captures) {
    rule(`${capture.id}: ${name}${capture === demo ? REMARK : ''}`, fails[capture.id], () => check(capture))
  }
}
